using System.Globalization;

namespace Containerd.Client.Oci;

/// <summary>Finds out whom a user text such as <c>web</c>, <c>1000:10</c> or <c>web:wheel</c> means inside an image.</summary>
/// <remarks>
/// The rules are containerd's (oci.WithUser, oci.WithAdditionalGIDs) and were compared with what its 1.6 and 2.1 clients
/// make: numbers are never names; a number without an entry is taken as it is, with group 0; a name without an entry is an
/// error. Of all groups that list the user those are had that do not bear the user's own name, and the primary group is
/// always among them. Differs from containerd in one safe way: an entry whose id is no number does not count, where Go's
/// parser reads it as 0.
/// </remarks>
public static class UserResolver
{
    /// <summary>The user file inside the image.</summary>
    public const string PasswdPath = "/etc/passwd";

    /// <summary>The group file inside the image.</summary>
    public const string GroupPath = "/etc/group";

    /// <summary>The longest of either file that is read, in characters; containerd's own guard.</summary>
    public const int MaxFileLength = 10 * 1024 * 1024;

    /// <summary>
    /// Resolves a user somebody typed. A group that is named replaces the supplementary groups of the image, as with
    /// ctr, nerdctl and docker.
    /// </summary>
    /// <param name="user">Empty for root, or a user, or a user and a group with a colon between, by name or number.</param>
    /// <param name="readFile">Gives a file of the image by its absolute path, or null where there is none. Called only for what is needed.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="InvalidArgumentException">There is no such user or group, or the text is none.</exception>
    public static async ValueTask<ProcessUser> ResolveAsync(
        string? user, Func<string, CancellationToken, ValueTask<string?>> readFile, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(readFile);
        return await new Lookup(readFile, cancellationToken).ResolveAsync(user ?? "", supplementBesidesGroup: false).ConfigureAwait(false);
    }

    /// <summary>
    /// Resolves the user of an image's config. Here the supplementary groups are had even where a group is named, as
    /// containerd does for images.
    /// </summary>
    /// <param name="user">The config's User.</param>
    /// <param name="readFile">Gives a file of the image by its absolute path, or null where there is none. Called only for what is needed.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="InvalidArgumentException">There is no such user or group, or the text is none.</exception>
    public static async ValueTask<ProcessUser> ResolveImageUserAsync(
        string? user, Func<string, CancellationToken, ValueTask<string?>> readFile, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(readFile);
        return await new Lookup(readFile, cancellationToken).ResolveAsync(user ?? "", supplementBesidesGroup: true).ConfigureAwait(false);
    }

    private readonly record struct PasswdEntry(string Name, uint Uid, uint Gid);

    private readonly record struct GroupEntry(string Name, uint Gid, string[] Members);

    private sealed class Lookup(Func<string, CancellationToken, ValueTask<string?>> readFile, CancellationToken cancellationToken)
    {
        private List<PasswdEntry>? _users;
        private List<GroupEntry>? _groups;
        private bool _hasUsers;
        private bool _hasGroups;

        public async ValueTask<ProcessUser> ResolveAsync(string text, bool supplementBesidesGroup)
        {
            string[] parts = text.Split(':');
            if (parts.Length > 2)
                throw new InvalidArgumentException(
                    "User", $"'{text}' is no user; give a name or number, with a group after a colon if wanted: web, 1000:10.");
            string user = parts[0];
            string? group = parts.Length > 1 ? parts[1] : null;

            uint uid = 0, gid = 0;
            string? name = user.Length == 0 && group is null ? "root" : null;
            if (Number(user, "user") is { } number)
            {
                uid = number;
                // With the group given nothing else is wanted of the entry, except its name, where that counts.
                if ((group is null || supplementBesidesGroup) && await FindUserAsync(entry => entry.Uid == number).ConfigureAwait(false) is { } known)
                    (name, gid) = (known.Name, known.Gid);
            }
            else if (user.Length > 0)
            {
                PasswdEntry known = await FindUserAsync(entry => entry.Name == user).ConfigureAwait(false)
                    ?? throw NoSuch("user", user, _hasUsers, PasswdPath);
                (name, uid, gid) = (known.Name, known.Uid, known.Gid);
            }
            else if (group is not null && supplementBesidesGroup)
            {
                name = (await FindUserAsync(entry => entry.Uid == 0).ConfigureAwait(false))?.Name;
            }

            if (group is not null)
                gid = await FindGroupAsync(group).ConfigureAwait(false);
            var additional = new List<uint>();
            if (name is not null && (group is null || supplementBesidesGroup))
                additional.AddRange((await GroupsAsync().ConfigureAwait(false))
                    .Where(entry => entry.Name != name && entry.Members.Contains(name)).Select(entry => entry.Gid).Distinct());
            if (!additional.Contains(gid))
                additional.Insert(0, gid);
            return new ProcessUser(uid, gid) { AdditionalGids = additional };
        }

        private async ValueTask<uint> FindGroupAsync(string group)
        {
            if (group.Length == 0)
                return 0;
            if (Number(group, "group") is { } number)
                return number;
            foreach (GroupEntry entry in await GroupsAsync().ConfigureAwait(false))
                if (entry.Name == group)
                    return entry.Gid;
            throw NoSuch("group", group, _hasGroups, GroupPath);
        }

        private async ValueTask<PasswdEntry?> FindUserAsync(Func<PasswdEntry, bool> wanted)
        {
            if (_users is null)
            {
                string? content = await readFile(PasswdPath, cancellationToken).ConfigureAwait(false);
                _hasUsers = content is not null;
                _users = [];
                foreach (string[] fields in Entries(content, PasswdPath))
                    if (fields.Length >= 4 && Id(fields[2]) is { } uid && Id(fields[3]) is { } gid)
                        _users.Add(new(fields[0], uid, gid));
            }

            foreach (PasswdEntry entry in _users)
                if (wanted(entry))
                    return entry;
            return null;
        }

        private async ValueTask<List<GroupEntry>> GroupsAsync()
        {
            if (_groups is null)
            {
                string? content = await readFile(GroupPath, cancellationToken).ConfigureAwait(false);
                _hasGroups = content is not null;
                _groups = [];
                foreach (string[] fields in Entries(content, GroupPath))
                    if (fields.Length >= 3 && Id(fields[2]) is { } gid)
                        _groups.Add(new(fields[0], gid, fields.Length > 3 ? fields[3].Split(',', StringSplitOptions.TrimEntries) : []));
            }

            return _groups;
        }
    }

    private static IEnumerable<string[]> Entries(string? content, string path)
    {
        if (content?.Length > MaxFileLength)
            throw new InvalidArgumentException(
                "User", $"{path} in the image has more than {MaxFileLength} characters and is not read; give the user as uid:gid.");
        return (content ?? "").Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            .Select(line => line.Split(':')).Where(fields => fields[0].Length > 0);
    }

    /// <summary>The number a text is; null where it is a name.</summary>
    private static uint? Number(string text, string what)
    {
        bool negative = text.StartsWith('-') && text.Length > 1;
        if (text.Length == 0 || text.AsSpan(negative ? 1 : 0).ContainsAnyExceptInRange('0', '9'))
            return null;
        return Id(text) ?? throw new InvalidArgumentException("User", $"{what} id {text} is out of range; ids go from 0 to {int.MaxValue}.");
    }

    private static uint? Id(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int id) ? (uint)id : null;

    private static InvalidArgumentException NoSuch(string what, string name, bool fileIsThere, string path) => new("User", fileIsThere
        ? $"The image has no {what} '{name}' in its {path}."
        : $"The {what} '{name}' can't be looked up because the image has no {path}; give the number instead.");
}
