using System.Management.Automation;
using Containerd.PowerShell.Sessions;

namespace Containerd.PowerShell;

/// <summary>Closes the runspace's sessions when the module is removed from it.</summary>
public sealed class ModuleCleanup : IModuleAssemblyCleanup
{
    /// <inheritdoc/>
    public void OnRemove(PSModuleInfo psModuleInfo) => SessionRegistry.Current.CloseAll();
}
