using System.Management.Automation;
using Containerd.Client.Oci;
using Containerd.PowerShell.Parameters;

namespace Containerd.PowerShell.Commands.Tasks;

/// <summary>Changes the limits of running containers.</summary>
/// <remarks>
/// <para>
/// The limits hold at once, and are written into the container's spec so that they hold after the next start too. Those
/// that are not given stay as they are; -1 lifts a limit where that is said. The kernel refuses a memory limit below what is in use
/// and cannot be freed.
/// </para>
/// </remarks>
/// <example>
/// <para>Gives a container a gigabyte and two processors.</para>
/// <code>PS> Set-CtrTaskLimit web -Memory 1GB -Cpu 2</code>
/// </example>
/// <example>
/// <para>Lifts the process limit of all build containers.</para>
/// <code>PS> Get-CtrContainer build* | Set-CtrTaskLimit -PidsLimit -1</code>
/// </example>
[Cmdlet(VerbsCommon.Set, "CtrTaskLimit", SupportsShouldProcess = true)]
[OutputType(typeof(ContainerTask))]
public sealed class SetCtrTaskLimitCommand : TaskCommand
{
    /// <summary>The most memory it may use, in bytes: 256MB, 1.5GB; -1 for no limit.</summary>
    [Parameter]
    [ByteSize]
    public long? Memory { get; set; }

    /// <summary>The most memory and swap together, in bytes; -1 for no limit.</summary>
    [Parameter]
    [ByteSize]
    public long? MemorySwap { get; set; }

    /// <summary>The memory that is left to it when the host runs short, in bytes; -1 for none.</summary>
    [Parameter]
    [ByteSize]
    public long? MemoryReservation { get; set; }

    /// <summary>How many processors' time it may use, such as 1.5; -1 for no limit.</summary>
    [Parameter]
    public double? Cpu { get; set; }

    /// <summary>Its weight against others when processors are short, 2 to 262144; 1024 is the kernel's default.</summary>
    [Parameter]
    public long? CpuShares { get; set; }

    /// <summary>The processors it may run on, such as 0-2,5.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? CpusetCpus { get; set; }

    /// <summary>The memory nodes it may use, such as 0,1.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? CpusetMems { get; set; }

    /// <summary>How many processes and threads it may have; -1 for no limit.</summary>
    [Parameter]
    public long? PidsLimit { get; set; }

    /// <summary>Its weight against others at block devices, 10 to 1000.</summary>
    [Parameter]
    public int? BlkioWeight { get; set; }

    /// <summary>Returns the tasks.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var limits = new LinuxResources
        {
            Memory = Memory,
            MemorySwap = MemorySwap,
            MemoryReservation = MemoryReservation,
            Cpu = Cpu,
            CpuShares = CpuShares,
            CpusetCpus = CpusetCpus,
            CpusetMems = CpusetMems,
            PidsLimit = PidsLimit,
            BlkioWeight = BlkioWeight,
        };
        ForEachTask(id => ShouldProcess(id, "Change limits"), async (client, id, token) =>
        {
            if (limits.IsEmpty)
                throw new InvalidArgumentException("Memory", "No limit is given: name at least one, such as -Memory 1GB.");
            await client.Tasks.SetLimitsAsync(id, limits, token).ConfigureAwait(false);
            if (PassThru)
                await Output.WriteObjectAsync(await client.Tasks.GetAsync(id, token).ConfigureAwait(false), token).ConfigureAwait(false);
        });
    }
}
