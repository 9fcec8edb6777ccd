using System.Text.Json.Nodes;

namespace Containerd.Client.Oci;

/// <summary>
/// The limits of a Linux container's cgroup. A null leaves a limit as it is; for those where it is said, -1 lifts it.
/// The same object makes the limits of a new spec and the update of a running task.
/// </summary>
/// <remarks>Source: opencontainers/runtime-spec, config-linux.md, "Control groups"; the cgroup file named is that of cgroup v2.</remarks>
public sealed record LinuxResources
{
    /// <summary>The scheduler's period that a number of CPUs is counted in, in microseconds: the kernel's own default.</summary>
    private const long Period = 100_000;

    /// <summary>Memory in bytes (memory.max); -1 lifts the limit.</summary>
    public long? Memory { get; init; }

    /// <summary>Memory and swap together in bytes, as the OCI spec counts; -1 lifts the limit.</summary>
    public long? MemorySwap { get; init; }

    /// <summary>Memory in bytes that is left to the container when the host runs short (memory.low); -1 for none.</summary>
    public long? MemoryReservation { get; init; }

    /// <summary>How many CPUs' time it may use, such as 1.5 (cpu.max); -1 lifts the limit.</summary>
    public double? Cpu { get; init; }

    /// <summary>Its weight against others when CPUs are short, 2 to 262144; 1024 is the default (cpu.weight).</summary>
    public long? CpuShares { get; init; }

    /// <summary>The CPUs it may run on, such as <c>0-2,5</c> (cpuset.cpus).</summary>
    public string? CpusetCpus { get; init; }

    /// <summary>The memory nodes it may use, such as <c>0,1</c> (cpuset.mems).</summary>
    public string? CpusetMems { get; init; }

    /// <summary>How many processes and threads it may have (pids.max); -1 lifts the limit.</summary>
    public long? PidsLimit { get; init; }

    /// <summary>Its weight against others at block devices, 10 to 1000 (io.weight or io.bfq.weight).</summary>
    public int? BlkioWeight { get; init; }

    /// <summary>Whether nothing is limited or changed.</summary>
    public bool IsEmpty => this == new LinuxResources();

    /// <summary>Checks that the kernel can take the values.</summary>
    /// <exception cref="InvalidArgumentException">One of them is out of range; it is named as the property is.</exception>
    public void Validate()
    {
        CheckBytes(Memory, nameof(Memory));
        CheckBytes(MemorySwap, nameof(MemorySwap));
        CheckBytes(MemoryReservation, nameof(MemoryReservation));
        if (MemorySwap is > 0 && Memory is { } memory && (memory < 0 || MemorySwap < memory))
            throw new InvalidArgumentException(
                nameof(MemorySwap), "MemorySwap counts memory and swap together, so "
                + $"{MemorySwap} can't be less than Memory, which is {(memory < 0 ? "unlimited" : memory)}.");
        if (MemoryReservation is > 0 && Memory is > 0 && MemoryReservation > Memory)
            throw new InvalidArgumentException(
                nameof(MemoryReservation), $"MemoryReservation can't be more than Memory; {MemoryReservation} is more than {Memory}.");
        if (Cpu is { } cpu && cpu != -1 && !(cpu is >= 0.01 and <= 100_000))
            throw new InvalidArgumentException(nameof(Cpu), $"{cpu} is no number of CPUs; give at least 0.01, or -1 for no limit.");
        CheckRange(CpuShares, 2, 262_144, nameof(CpuShares));
        CheckRange(BlkioWeight, 10, 1000, nameof(BlkioWeight));
        if (PidsLimit is not (null or -1 or > 0))
            throw new InvalidArgumentException(nameof(PidsLimit), $"{PidsLimit} is no number of processes; give 1 or more, or -1 for no limit.");
        CheckList(CpusetCpus, nameof(CpusetCpus));
        CheckList(CpusetMems, nameof(CpusetMems));
    }

    /// <summary>The limits as the JSON of the OCI type LinuxResources, with what is set and nothing else.</summary>
    /// <exception cref="InvalidArgumentException">A value is out of range.</exception>
    public JsonObject ToJson()
    {
        Validate();
        var resources = new JsonObject();
        Set("memory", "limit", Memory);
        Set("memory", "swap", MemorySwap);
        Set("memory", "reservation", MemoryReservation);
        Set("cpu", "shares", CpuShares);
        if (Cpu is { } cpu)
        {
            Set("cpu", "quota", cpu == -1 ? -1 : (long)Math.Round(cpu * Period));
            Set("cpu", "period", Period);
        }

        if (CpusetCpus is not null)
            OciJson.ObjectOrNew(resources, "cpu")["cpus"] = CpusetCpus;
        if (CpusetMems is not null)
            OciJson.ObjectOrNew(resources, "cpu")["mems"] = CpusetMems;
        Set("pids", "limit", PidsLimit);
        Set("blockIO", "weight", BlkioWeight);
        return resources;

        void Set(string group, string name, long? value)
        {
            if (value is { } number)
                OciJson.ObjectOrNew(resources, group)[name] = number;
        }
    }

    /// <summary>The limits as the UTF-8 JSON that a task's update carries.</summary>
    /// <exception cref="InvalidArgumentException">A value is out of range.</exception>
    public byte[] ToUtf8Bytes() => OciJson.ToUtf8Bytes(ToJson());

    /// <summary>
    /// Writes the limits into a spec and keeps whatever else it has. After a live update this makes the next start have
    /// them too: the runtime does not change the stored spec.
    /// </summary>
    /// <exception cref="InvalidArgumentException">A value is out of range, or the spec is for Windows.</exception>
    public void MergeInto(RuntimeSpec spec)
    {
        ArgumentNullException.ThrowIfNull(spec);
        if (spec.IsWindows)
            throw new InvalidArgumentException("Spec", "Linux limits can't be given to a Windows container.");
        JsonObject wanted = ToJson();
        if (wanted.Count == 0)
            return;
        JsonObject resources = OciJson.ObjectOrNew(OciJson.ObjectOrNew(spec.Json, "linux"), "resources");
        foreach ((string group, JsonNode? members) in wanted)
        {
            JsonObject into = OciJson.ObjectOrNew(resources, group);
            foreach ((string name, JsonNode? value) in (JsonObject)members!)
                into[name] = value!.DeepClone();
        }
    }

    /// <summary>Reads the limits of a spec, those of them that this type knows.</summary>
    public static LinuxResources From(RuntimeSpec spec)
    {
        ArgumentNullException.ThrowIfNull(spec);
        JsonObject resources = OciJson.Object(OciJson.Object(spec.Json, "linux") ?? [], "resources") ?? [];
        JsonObject memory = OciJson.Object(resources, "memory") ?? [], cpu = OciJson.Object(resources, "cpu") ?? [];
        JsonObject pids = OciJson.Object(resources, "pids") ?? [], block = OciJson.Object(resources, "blockIO") ?? [];
        return new LinuxResources
        {
            Memory = OciJson.Number(memory, "limit"),
            MemorySwap = OciJson.Number(memory, "swap"),
            MemoryReservation = OciJson.Number(memory, "reservation"),
            Cpu = OciJson.Number(cpu, "quota") switch
            {
                null or 0 => null,
                < 0 => -1,
                { } quota => (double)quota / (OciJson.Number(cpu, "period") is > 0 and var period ? period : Period),
            },
            CpuShares = OciJson.Number(cpu, "shares"),
            CpusetCpus = OciJson.Text(cpu, "cpus"),
            CpusetMems = OciJson.Text(cpu, "mems"),
            PidsLimit = OciJson.Number(pids, "limit"),
            BlkioWeight = (int?)OciJson.Number(block, "weight"),
        };
    }

    private static void CheckBytes(long? value, string name)
    {
        if (value is not (null or -1 or > 0))
            throw new InvalidArgumentException(name, $"{value} is no amount of memory in bytes; give more than 0, or -1 for no limit.");
    }

    private static void CheckRange(long? value, long from, long to, string name)
    {
        if (value < from || value > to)
            throw new InvalidArgumentException(name, $"{value} is out of range; {name} goes from {from} to {to}.");
    }

    private static void CheckList(string? list, string name)
    {
        if (list is null)
            return;
        bool good = list.Split(',').All(item => item.Split('-') switch
        {
            [var one] => IsIndex(one, out _),
            [var first, var last] => IsIndex(first, out int from) && IsIndex(last, out int to) && from <= to,
            _ => false,
        });
        if (!good)
            throw new InvalidArgumentException(name, $"'{list}' is no list of numbers; one looks like 0-2,5.");
    }

    private static bool IsIndex(string text, out int index) =>
        int.TryParse(text, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out index);
}
