using System.Xml.Linq;

namespace Montalegre.Vdi.Architecture.Tests.Rules;

/// <summary>A project file: its short name, what it references and what it brings in.</summary>
public sealed record Project(string Name, string Folder, IReadOnlyList<string> References, IReadOnlyList<string> Packages, bool AllowsUnsafe);

/// <summary>A source file, by its path from the root.</summary>
public sealed record Source(string Path, string Text)
{
    /// <summary>The lines of the file.</summary>
    public string[] Lines => Text.Split('\n');
}

/// <summary>What the rules look at: the checkout, or a sample made by a test.</summary>
public sealed record SourceTree(IReadOnlyList<Project> Projects, IReadOnlyList<Source> Sources)
{
    private const string Prefix = "Montalegre.Vdi.";
    private static readonly string[] Endings = [".cs", ".razor", ".c", ".h", ".js", ".css", ".proto", ".sql"];

    /// <summary>The checkout that these tests were built from.</summary>
    public static SourceTree Checkout { get; } = Read(FindRoot());

    /// <summary>Sources below a folder.</summary>
    public IEnumerable<Source> Below(string folder) => Sources.Where(s => s.Path.StartsWith(folder + "/", StringComparison.Ordinal));

    /// <summary>The root of the checkout.</summary>
    public static string FindRoot()
    {
        for (var at = new DirectoryInfo(AppContext.BaseDirectory); at is not null; at = at.Parent)
            if (File.Exists(System.IO.Path.Combine(at.FullName, "Montalegre.Vdi.sln"))) return at.FullName;
        throw new DirectoryNotFoundException("No Montalegre.Vdi.sln above the tests.");
    }

    private static SourceTree Read(string root)
    {
        var files = Directory.EnumerateFiles(root, "*", SearchOption.AllDirectories)
            .Select(f => (Full: f, Relative: System.IO.Path.GetRelativePath(root, f).Replace('\\', '/')))
            .Where(f => !f.Relative.Split('/').Any(p => p is "bin" or "obj" or "artifacts" or ".git" or "node_modules"))
            .ToList();
        return new(
            [.. files.Where(f => f.Relative.EndsWith(".csproj", StringComparison.Ordinal)).Select(f => ReadProject(f.Relative, File.ReadAllText(f.Full)))],
            [.. files.Where(f => Endings.Contains(System.IO.Path.GetExtension(f.Relative))).Select(f => new Source(f.Relative, File.ReadAllText(f.Full)))]);
    }

    /// <summary>Reads one project file.</summary>
    public static Project ReadProject(string path, string xml)
    {
        var document = XDocument.Parse(xml);
        string Short(string include) => System.IO.Path.GetFileNameWithoutExtension(include.Replace('\\', '/'))[Prefix.Length..];
        return new(
            Short(path), System.IO.Path.GetDirectoryName(path)!.Replace('\\', '/'),
            [.. document.Descendants("ProjectReference").Select(r => Short((string)r.Attribute("Include")!))],
            [.. document.Descendants("PackageReference").Select(r => (string)r.Attribute("Include")!)],
            document.Descendants("AllowUnsafeBlocks").Any(e => e.Value == "true"));
    }
}
