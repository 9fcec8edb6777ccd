using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.Loader;

namespace Containerd.PowerShell;

/// <summary>
/// Loads the client and its packages from bin/deps into a load context of the module's own, so that a PowerShell session
/// that already holds another version of Google.Protobuf or Grpc (other modules bring theirs) keeps it, and we keep ours.
/// </summary>
internal static class ModuleLoader
{
    private const string ClientAssembly = "Containerd.Client";

    private static readonly string s_dependencies =
        Path.Combine(Path.GetDirectoryName(typeof(ModuleLoader).Assembly.Location) ?? AppContext.BaseDirectory, "deps");

    private static readonly Lazy<ClientLoadContext> s_context = new(() => new ClientLoadContext());

#pragma warning disable CA2255 // A module initializer in a library: the cmdlets' types need the client before any code of ours is called.
    [ModuleInitializer]
#pragma warning restore CA2255
    internal static void Hook()
    {
        // In a plain program (unit tests) the client lies beside us and is found without help.
        if (Directory.Exists(s_dependencies))
            AssemblyLoadContext.Default.Resolving += Resolve;
    }

    private static Assembly? Resolve(AssemblyLoadContext _, AssemblyName name) =>
        name.Name == ClientAssembly ? s_context.Value.LoadFromAssemblyName(name) : null;

    private sealed class ClientLoadContext() : AssemblyLoadContext("Containerd")
    {
        protected override Assembly? Load(AssemblyName assemblyName)
        {
            var path = Path.Combine(s_dependencies, assemblyName.Name + ".dll");
            return File.Exists(path) ? LoadFromAssemblyPath(path) : null;
        }
    }
}
