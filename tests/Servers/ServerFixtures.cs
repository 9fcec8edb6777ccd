namespace Containerd.Testing;

// One private server per test class and generation. The pattern for tests that hold on every generation:
//
//   public abstract class PauseTests(ContainerdServer server)
//   {
//       [Fact] public async Task A_paused_task_says_so() { … server.Address … }
//   }
//   public sealed class PauseTests16(Server16 server) : PauseTests(server), IClassFixture<Server16>;
//   public sealed class PauseTests17(Server17 server) : PauseTests(server), IClassFixture<Server17>;
//   public sealed class PauseTests2(Server2 server) : PauseTests(server), IClassFixture<Server2>;

/// <summary>A class fixture: a private containerd 1.6.</summary>
public sealed class Server16() : ContainerdServer(ServerGeneration.Containerd16);

/// <summary>A class fixture: a private containerd 1.7.</summary>
public sealed class Server17() : ContainerdServer(ServerGeneration.Containerd17);

/// <summary>A class fixture: a private containerd 2.x.</summary>
public sealed class Server2() : ContainerdServer(ServerGeneration.Containerd2);
