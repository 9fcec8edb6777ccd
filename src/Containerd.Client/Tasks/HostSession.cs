using System.Globalization;
using Containerd.Client.Native;

namespace Containerd.Client.Tasks;

/// <summary>
/// The processes of a session (setsid(2)) on this host. runc makes every exec process the leader of one, so that what it started can be
/// found by it, even after its death. What made a session of its own is a daemon, and meant to stay.
/// </summary>
internal static class HostSession
{
    private const int Rounds = 10;

    /// <summary>Kills a session's processes until there are none; a process that forks all the time may escape.</summary>
    /// <param name="leader">The leader's process id.</param>
    public static void Kill(int leader)
    {
        // Of a session that is gone the number may be anybody's; one that has its leader is the right one.
        if (!OperatingSystem.IsLinux() || SessionOf(leader) != leader)
            return;
        for (var round = 0; round < Rounds; round++)
        {
            var found = false;
            foreach (var pid in Members(leader))
                found |= Host.Signal(pid, Oci.Signal.Kill);
            if (!found)
                return;
        }
    }

    private static IEnumerable<int> Members(int session) =>
        from directory in Directory.EnumerateDirectories("/proc")
        let name = Path.GetFileName(directory)
        where name[0] is >= '1' and <= '9'
        let pid = int.Parse(name, CultureInfo.InvariantCulture)
        where SessionOf(pid) == session
        select pid;

    // proc(5), stat: pid (name) state ppid pgrp session …; the name may hold anything, so what follows its last bracket counts.
    // A zombie is dead already.
    private static int SessionOf(int pid)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{pid}/stat");
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return fields[0] is "Z" or "X" ? 0 : int.Parse(fields[3], CultureInfo.InvariantCulture);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return 0;
        }
    }
}
