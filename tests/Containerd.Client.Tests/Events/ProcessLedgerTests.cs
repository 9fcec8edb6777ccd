using Containerd.Client.Events;
using Containerd.Client.Tasks;
using Xunit;

namespace Containerd.Client.Tests.Events;

public sealed class ProcessLedgerTests
{
    private static readonly Session s_session = new(1, "s", "unix:///x", "n", true);
    private static readonly DateTimeOffset s_now = new(2024, 5, 1, 12, 0, 0, TimeSpan.Zero);

    private readonly ProcessLedger _ledger = new();

    [Fact]
    public void The_same_exit_is_delivered_once_and_another_one_is_not_taken_for_it()
    {
        var exit = Event(EventKind.TaskExit, "c", pid: 5, code: 1, exitedAt: s_now);
        Assert.Single(_ledger.Note(exit));
        Assert.Empty(_ledger.Note(exit));
        Assert.Single(_ledger.Note(exit with { ExecId = "e" }));
        Assert.Single(_ledger.Note(exit with { Pid = 6 }));
        Assert.Single(_ledger.Note(exit with { Namespace = "other" }));
        Assert.Single(_ledger.Note(exit with { ExitedAt = s_now.AddMinutes(1) }));
    }

    [Fact]
    public void An_exit_whose_time_the_server_lost_is_not_followed_by_its_own_event()
    {
        _ledger.Note(Event(EventKind.TaskStart, "c", pid: 5));
        var missed = Assert.Single(Missed());
        Assert.Equal((5, null, null, true), (missed.Pid, missed.ExitCode, missed.ExitedAt, missed.Recovered));
        Assert.Empty(_ledger.Note(Event(EventKind.TaskExit, "c", pid: 5, code: 1, exitedAt: s_now)));
    }

    [Fact]
    public void What_was_missed_is_what_lived_and_is_gone_or_stopped_and_what_came_and_went_meanwhile()
    {
        _ledger.Note(Event(EventKind.TaskStart, "gone", pid: 1));
        _ledger.Note(Event(EventKind.TaskStart, "stopped", pid: 2));
        _ledger.Note(Event(EventKind.TaskStart, "lives", pid: 3));
        _ledger.Note(Event(EventKind.TaskStart, "again", pid: 4));
        _ledger.Note(Event(EventKind.TaskStart, "heard", pid: 5));
        _ledger.Note(Event(EventKind.TaskExit, "heard", pid: 5, code: 0, exitedAt: s_now));
        _ledger.Note(Event(EventKind.TaskStart, "hung", pid: 6));

        var missed = Missed(
            Stopped("stopped", 2, 22, s_now.AddSeconds(2)), Living("lives", 3), Living("again", 44), Stopped("heard", 5, 0, s_now),
            Stopped("brief", 7, 77, s_now.AddSeconds(1)), Stopped("old", 8, 88, s_now.AddHours(-1)),
            new ProcessStatus(Key("hung"), 0, TaskState.Unknown, default));

        Assert.Equal(
            ["brief 7 77", "stopped 2 22"], missed.Take(2).Select(e => $"{e.Id} {e.Pid} {e.ExitCode}"));
        Assert.Equal(["again 4 ", "gone 1 "], missed.Skip(2).Select(e => $"{e.Id} {e.Pid} {e.ExitCode}").Order());
        Assert.Empty(Missed(Living("lives", 3), Living("again", 44), new ProcessStatus(Key("hung"), 0, TaskState.Unknown, default)));
    }

    [Fact]
    public void Exec_processes_end_before_the_init_process()
    {
        _ledger.Note(Event(EventKind.TaskStart, "c", pid: 1));
        _ledger.Note(Event(EventKind.TaskExecStarted, "c", pid: 2) with { ExecId = "e" });
        Assert.Equal([new ProcessKey("n", "c", "e")], _ledger.LivingExecs());
        Assert.Equal(["e", null], Missed().Select(e => e.ExecId));
    }

    [Fact]
    public void Nothing_is_said_of_a_namespace_of_which_the_server_could_say_nothing()
    {
        _ledger.Note(Event(EventKind.TaskStart, "c", pid: 1));
        Assert.Empty(_ledger.Missed(s_session, [], new HashSet<string> { "n" }, s_now));
        Assert.Single(Missed());
    }

    [Fact]
    public void A_deletion_tells_the_exit_that_never_came()
    {
        _ledger.Note(Event(EventKind.TaskStart, "c", pid: 1));
        var told = _ledger.Note(Event(EventKind.TaskDelete, "c", pid: 1, code: 9, exitedAt: s_now));
        Assert.Equal([EventKind.TaskExit, EventKind.TaskDelete], told.Select(e => e.Kind));
        Assert.Equal((9, true), (told[0].ExitCode, told[0].Recovered));
        Assert.Empty(_ledger.Note(Event(EventKind.TaskExit, "c", pid: 1, code: 9, exitedAt: s_now)));
    }

    [Fact]
    public void A_task_that_was_deleted_before_it_ran_has_no_exit()
    {
        _ledger.Note(Event(EventKind.TaskCreate, "c", pid: 1));
        Assert.Single(_ledger.Note(Event(EventKind.TaskDelete, "c", pid: 1)));
        Assert.Empty(Missed());
    }

    [Fact]
    public void What_lives_when_the_subscription_begins_is_known_unless_its_exit_came_first()
    {
        _ledger.Note(Event(EventKind.TaskExit, "quick", pid: 1, code: 0, exitedAt: s_now));
        _ledger.NoteAlive([Living("quick", 1), Living("c", 2), Stopped("old", 3, 0, s_now)]);
        Assert.Equal("c", Assert.Single(Missed()).Id);
    }

    private static ContainerdEvent Event(EventKind kind, string id, int? pid = null, int? code = null, DateTimeOffset? exitedAt = null) => new()
    {
        Session = s_session,
        Namespace = "n",
        Timestamp = s_now,
        Topic = "/t",
        Kind = kind,
        Id = id,
        ContainerId = id,
        Pid = pid,
        ExitCode = code,
        ExitedAt = exitedAt,
        Data = new Dictionary<string, object?>(),
    };

    private static ProcessKey Key(string id) => new("n", id, null);

    private static ProcessStatus Living(string id, int pid) => new(Key(id), pid, TaskState.Running, default);

    private static ProcessStatus Stopped(string id, int pid, int code, DateTimeOffset at) => new(Key(id), pid, TaskState.Stopped, new ExitStatus(code, at));

    private IReadOnlyList<ContainerdEvent> Missed(params ProcessStatus[] now) => _ledger.Missed(s_session, now, new HashSet<string>(), s_now.AddMinutes(-1));
}
