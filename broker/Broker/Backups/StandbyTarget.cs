using System.Text.RegularExpressions;
using Montalegre.Vdi.Broker.Hosting;

namespace Montalegre.Vdi.Broker.Backups;

/// <summary>
/// Where a standby is made: a directory of this machine, carried or mounted to its peer, and the host under which it will answer.
/// The copy is a directory below it, because a mounted volume cannot be renamed and has a lost+found.
/// </summary>
/// <param name="Directory">Absolute path.</param>
/// <param name="Host">Host name, or null: its own socket, on this machine.</param>
internal sealed partial record StandbyTarget(string Directory, string? Host)
{
    /// <summary>Slots of ours begin with it; the rest is the standby's name.</summary>
    public const string SlotPrefix = "montalegre_ha_";

    private const int LongestName = 48;   // a slot's name has 63

    /// <summary>The name that the standby gives itself, the same at every run.</summary>
    public string Name
    {
        get
        {
            var plain = NotPlain().Replace((Host ?? Directory).ToLowerInvariant(), "_").Trim('_');
            return plain.Length > LongestName ? plain[^LongestName..] : plain;
        }
    }

    public string Slot => SlotPrefix + Name;

    public string Data => Path.Combine(Directory, "data");

    public string Draft => Data + ".part";

    /// <summary>What a connection string says.</summary>
    public string Address => Host ?? Data;

    /// <summary>Reads <c>[HOST=]DIRECTORY[,...]</c>.</summary>
    public static IReadOnlyList<StandbyTarget> Parse(string? text)
    {
        StandbyTarget[] all = [.. (text ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(ParseOne)];
        if (all.Length == 0) throw new StartUpException("Name at least one directory for a standby: db promote-to-ha --standby=[HOST=]DIRECTORY. When standbys stream: db promote-to-ha --confirm");
        if (all.GroupBy(s => s.Name).FirstOrDefault(g => g.Count() > 1) is { } twice)
            throw new StartUpException($"{string.Join(" and ", twice.Select(s => s.Directory))} would both be called {twice.Key}; give each standby a host and a directory of its own.");
        return all;
    }

    private static StandbyTarget ParseOne(string text)
    {
        var (host, directory) = text.Split('=', 2) is [var left, var right] ? (left, right) : (null, text);
        // Both stand in PostgreSQL's settings and in connection strings.
        if (!Path.IsPathFullyQualified(directory) || !BackupOptions.PlainPath().IsMatch(directory))
            throw new StartUpException($"--standby is '{directory}'; use an absolute path of letters, digits, and / . _ - only.");
        if (host is not null && !BackupOptions.PlainPath().IsMatch(host)) throw new StartUpException($"--standby names the host '{host}'; use letters, digits, and . _ - only.");
        return new StandbyTarget(Path.TrimEndingDirectorySeparator(Path.GetFullPath(directory)), host);
    }

    [GeneratedRegex("[^a-z0-9]+")]
    private static partial Regex NotPlain();
}
