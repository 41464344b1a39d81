using System.Security.Cryptography;
using System.Text;

namespace Montalegre.Vdi.Rig;

/// <summary>Where the project's own files are.</summary>
public static class Checkout
{
    private static readonly string[] SourceEndings = [".cs", ".csproj", ".props", ".targets", ".proto", ".sql", ".razor", ".css", ".js", ".json", ".resx", ".c", ".h", ".txt", ".sh", ".cfg", ".ini"];

    /// <summary>The directory that holds the solution.</summary>
    public static string Root { get; } = Find();

    /// <summary>A path below the root.</summary>
    public static string Path(string relative) => System.IO.Path.Combine(Root, relative);

    /// <summary>Changes when a source file below the folders changes: what was built from the same stamp need not be built again.</summary>
    public static string Stamp(params string[] folders)
    {
        var text = new StringBuilder();
        var files = folders.SelectMany(f => Directory.EnumerateFiles(Path(f), "*", SearchOption.AllDirectories))
            .Concat(Directory.EnumerateFiles(Root).Where(f => f.EndsWith(".props", StringComparison.Ordinal) || f.EndsWith("global.json", StringComparison.Ordinal)))
            .Where(f => !f.Contains("/obj/", StringComparison.Ordinal) && !f.Contains("/bin/", StringComparison.Ordinal) && SourceEndings.Contains(System.IO.Path.GetExtension(f)))
            .Order(StringComparer.Ordinal);
        foreach (var file in files) text.Append(file).Append(' ').Append(File.GetLastWriteTimeUtc(file).Ticks).Append('\n');
        return Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())))[..32];
    }

    private static string Find()
    {
        foreach (var start in new[] { Directory.GetCurrentDirectory(), AppContext.BaseDirectory })
            for (var at = new DirectoryInfo(start); at is not null; at = at.Parent)
                if (File.Exists(System.IO.Path.Combine(at.FullName, "Montalegre.Vdi.sln"))) return at.FullName;
        throw new SetUpException("This is not a checkout of Montalegre VDI: no Montalegre.Vdi.sln here or above. Change into the checkout and run it again.");
    }
}
