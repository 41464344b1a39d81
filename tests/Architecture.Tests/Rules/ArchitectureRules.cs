using System.Text.RegularExpressions;

namespace Montalegre.Vdi.Architecture.Tests.Rules;

/// <summary>The rules of ARCHITECTURE.md as functions: a tree in, what breaks the rule out.</summary>
public static partial class ArchitectureRules
{
    private static readonly Dictionary<string, string[]> Arrows = new()
    {
        ["Protocol"] = [], ["Domain"] = [], ["Contracts"] = [], ["Native"] = [], ["Tls"] = [], ["Telemetry"] = [],
        ["Agent"] = ["Contracts", "Native"],
        ["AdminUi"] = ["Contracts", "Telemetry"], ["Portal"] = ["Contracts"], ["Cli"] = ["Contracts"],
        ["Gateway"] = ["Protocol", "Contracts", "Portal", "Telemetry", "Tls"],
        ["RdpWorker"] = ["Protocol", "Native"],
        ["Broker"] = ["Protocol", "Domain", "Contracts", "Native", "Telemetry"],
    };

    private static readonly Dictionary<string, string[]> AllowedPackages = new()
    {
        ["Protocol"] = [], ["Domain"] = [], ["Native"] = [], ["Tls"] = [],
        ["Contracts"] = ["Google.Api.CommonProtos", "Grpc.Core.Api", "Grpc.Tools", "Google.Protobuf"],
        ["Agent"] = ["Google.Protobuf", "Grpc.Net.Client", "Microsoft.Extensions.Hosting", "Microsoft.Extensions.Hosting.Systemd", "Microsoft.Extensions.Hosting.WindowsServices"],
        ["Gateway"] = ["Grpc.Net.Client", "Serilog.AspNetCore", "Serilog.Formatting.Compact"],
        ["Portal"] = ["Grpc.Net.Client", "System.Security.Cryptography.Pkcs"],
        ["Cli"] = ["Grpc.Net.Client", "Otp.NET"],
        ["Telemetry"] = ["OpenTelemetry.Exporter.OpenTelemetryProtocol", "OpenTelemetry.Exporter.Prometheus.AspNetCore", "OpenTelemetry.Extensions.Hosting"],
        ["AdminUi"] = ["Grpc.Net.Client", "Microsoft.AspNetCore.Components.QuickGrid", "MudBlazor", "Serilog.AspNetCore", "Serilog.Formatting.Compact"],
        ["Broker"] = ["Dapper", "Grpc.AspNetCore", "Ical.Net", "MailKit", "Microsoft.AspNetCore.Grpc.JsonTranscoding", "Microsoft.IdentityModel.JsonWebTokens", "Microsoft.IdentityModel.Protocols.OpenIdConnect", "Npgsql", "Otp.NET", "Pkcs11Interop", "QRCoder", "Serilog.AspNetCore", "Serilog.Formatting.Compact", "System.DirectoryServices.Protocols"],
    };

    // Interfaces with one implementation by design: each lets a slice be called by one that it depends on.
    private static readonly Dictionary<string, string> Seams = new()
    {
        ["IGuestReports"] = "Agents tells Sessions what guests report, and Sessions depends on Agents for ending and preparing them.",
        ["IDirectories"] = "Identity asks Directories about passwords, and Directories depends on Identity for people and callers.",
    };

    private static readonly string[] VagueFolders = ["Services", "Helpers", "Common", "Models", "Utils", "Interfaces"];

    /// <summary>Projects reference only what the arrows allow. Test projects may reference anything.</summary>
    public static IEnumerable<string> ArrowsHold(SourceTree tree) =>
        from project in tree.Projects
        where !project.Folder.StartsWith("tests/", StringComparison.Ordinal)
        from reference in project.References
        where !Arrows.TryGetValue(project.Name, out var allowed) || !allowed.Contains(reference)
        select $"{project.Name} must not reference {reference}";

    /// <summary>Projects bring in only the packages on their list.</summary>
    public static IEnumerable<string> PackagesAreAllowed(SourceTree tree) =>
        from project in tree.Projects
        where !project.Folder.StartsWith("tests/", StringComparison.Ordinal)
        from package in project.Packages
        where !AllowedPackages.TryGetValue(project.Name, out var allowed) || !allowed.Contains(package)
        select $"{project.Name} must not bring in {package}";

    /// <summary>Protocol and Domain do no I/O, start no task and read no clock.</summary>
    public static IEnumerable<string> PureProjectsStayPure(SourceTree tree) =>
        from source in tree.Below("protocol/Protocol").Concat(tree.Below("broker/Domain"))
        from Match match in Impure().Matches(WithoutComments(source.Text))
        select $"{source.Path} uses {match.Value}";

    /// <summary>Unsafe code is allowed in native projects only.</summary>
    public static IEnumerable<string> UnsafeStaysInNative(SourceTree tree) =>
        from project in tree.Projects
        where project.AllowsUnsafe && !project.Folder.StartsWith("native/", StringComparison.Ordinal)
        select $"{project.Name} allows unsafe blocks";

    /// <summary>No folder has a name that says nothing.</summary>
    public static IEnumerable<string> FoldersSayWhatTheyHold(SourceTree tree) =>
        tree.Sources.SelectMany(s => s.Path.Split('/')[..^1]).Distinct().Where(VagueFolders.Contains).Select(f => $"a folder is named {f}");

    /// <summary>An interface has two implementations somewhere, fakes in tests included. A listed seam has exactly one, or leaves the list.</summary>
    public static IEnumerable<string> InterfacesHaveTwoImplementations(SourceTree tree)
    {
        var code = tree.Sources.Where(s => s.Path.EndsWith(".cs", StringComparison.Ordinal)).ToList();
        foreach (var source in code.Where(s => !s.Path.StartsWith("tests/", StringComparison.Ordinal)))
        {
            foreach (Match match in InterfaceName().Matches(source.Text))
            {
                var implementation = new Regex($@"(?:class|struct|record)\s[^{{;]*?:[^{{;]*?\b{match.Groups[1].Value}\b", RegexOptions.Singleline);
                var count = code.Sum(s => implementation.Count(s.Text));
                if (Seams.ContainsKey(match.Groups[1].Value))
                {
                    if (count != 1) yield return $"{source.Path}: {match.Groups[1].Value} is listed as a seam and has {count} implementations";
                }
                else if (count < 2) yield return $"{source.Path}: {match.Groups[1].Value} has {count} implementation{(count == 1 ? "" : "s")}";
            }
        }
    }

    /// <summary>A file past 500 lines (tests 800) is two ideas.</summary>
    public static IEnumerable<string> FilesStaySmall(SourceTree tree) =>
        from source in tree.Sources
        let most = source.Path.StartsWith("tests/", StringComparison.Ordinal) ? 800 : 500
        where source.Path.EndsWith(".cs", StringComparison.Ordinal) || source.Path.EndsWith(".razor", StringComparison.Ordinal) || source.Path.EndsWith(".c", StringComparison.Ordinal)
        where source.Lines.Length > most
        select $"{source.Path} has {source.Lines.Length} lines, at most {most}";

    /// <summary>Nothing unfinished, skipped or swallowed is committed.</summary>
    public static IEnumerable<string> NothingIsLeftUnfinished(SourceTree tree) =>
        from source in tree.Sources
        where !source.Path.StartsWith("tests/Architecture.Tests/", StringComparison.Ordinal)
        from Match match in Unfinished().Matches(source.Text)
        select $"{source.Path} says {match.Value.Trim()}";

    /// <summary>SQL stands only in the stores of slices and in the storage slice.</summary>
    public static IEnumerable<string> SqlStaysInTheBroker(SourceTree tree) =>
        from source in tree.Sources
        where source.Path.EndsWith(".cs", StringComparison.Ordinal) && !source.Path.StartsWith("tests/", StringComparison.Ordinal) && !source.Path.StartsWith("broker/Broker/", StringComparison.Ordinal)
        where source.Text.Contains("using Npgsql", StringComparison.Ordinal) || source.Text.Contains("using Dapper", StringComparison.Ordinal)
        select $"{source.Path} talks to the database";

    private static string WithoutComments(string text) => Comments().Replace(text, "");

    [GeneratedRegex(@"//[^\n]*|/\*.*?\*/", RegexOptions.Singleline)]
    private static partial Regex Comments();

    [GeneratedRegex(@"\bSystem\.IO\.(?!Pipelines)|\bFile\.|\bStream\b|\bSocket\b|\bTask\b|DateTime(?:Offset)?\.(?:Utc)?Now|\bStopwatch\b|TimeProvider|\bRandom\.Shared\b|Environment\.Tick")]
    private static partial Regex Impure();

    [GeneratedRegex(@"^\s*(?:public|internal)\s+(?:partial\s+)?interface\s+(I[A-Z]\w*)", RegexOptions.Multiline)]
    private static partial Regex InterfaceName();

    [GeneratedRegex(@"NotImplementedException|\bTODO\b|\bFIXME\b|\bHACK\b|Assert\.True\(true\)|Thread\.Sleep|catch\s*\{\s*\}|catch\s*\(Exception\)\s*\{\s*\}|\bSkip\s*=\s*""")]
    private static partial Regex Unfinished();
}
