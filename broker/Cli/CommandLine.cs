namespace Montalegre.Vdi.Cli;

/// <summary>What was typed: words in order, and options by name. An option takes a value unless it is a switch.</summary>
internal sealed class CommandLine
{
    private static readonly string[] Switches = ["json", "password-stdin", "employee", "administrator", "all", "off", "help", "confirm", "end-to-end", "keep-identity", "orphaned", "national", "switched-off", "dry-run", "start-tls", "only-groups", "copied", "by-user-name", "both-factors", "csv", "tls", "resolved"];
    private static readonly string[] Lists = ["standby", "block"];
    private readonly Dictionary<string, string> _options = new(StringComparer.Ordinal);

    public List<string> Words { get; } = [];

    public static CommandLine Parse(IReadOnlyList<string> arguments)
    {
        var line = new CommandLine();
        for (var i = 0; i < arguments.Count; i++)
        {
            if (!arguments[i].StartsWith("--", StringComparison.Ordinal))
            {
                line.Words.Add(arguments[i]);
                continue;
            }
            var (name, value) = arguments[i][2..].Split('=', 2) is [var left, var right] ? (left, right) : (arguments[i][2..], null);
            if (value is null && !Switches.Contains(name))
            {
                if (i + 1 >= arguments.Count) throw new UsageException($"--{name}");
                value = arguments[++i];
            }
            line._options[name] = Lists.Contains(name) && line.Option(name) is { } earlier ? $"{earlier},{value}" : value ?? "";
        }
        return line;
    }

    public IEnumerable<string> Options => _options.Keys;

    public bool Has(string name) => _options.ContainsKey(name);

    public string? Option(string name) => _options.GetValueOrDefault(name);

    public uint Number(string name, uint otherwise) =>
        Option(name) is not { } text ? otherwise : uint.TryParse(text, out var number) ? number : throw new UsageException($"--{name} {text}");

    /// <summary>The words after the command's own name, exactly as many as it takes.</summary>
    public string[] Take(int skip, int least, int most)
    {
        var count = Words.Count - skip;
        return count >= least && count <= most ? [.. Words.Skip(skip)] : throw new UsageException(string.Join(' ', Words));
    }
}

/// <summary>The command cannot be understood; the message is the part that is wrong.</summary>
internal sealed class UsageException(string message) : Exception(message);
