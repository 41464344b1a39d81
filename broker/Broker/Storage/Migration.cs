using System.Globalization;

namespace Montalegre.Vdi.Broker.Storage;

/// <summary>One numbered step of the schema, embedded in the program.</summary>
internal sealed record Migration(int Version, string Name, string Sql)
{
    private const string Prefix = "Montalegre.Vdi.Broker.Storage.Migrations.";

    /// <summary>All migrations in order. Numbers begin at 1 and have no gap, so that a schema is named by its last one.</summary>
    public static IReadOnlyList<Migration> All { get; } = Load();

    public static int Latest => All[^1].Version;

    private static Migration[] Load()
    {
        var assembly = typeof(Migration).Assembly;
        var found = assembly.GetManifestResourceNames()
            .Where(n => n.StartsWith(Prefix, StringComparison.Ordinal) && n.EndsWith(".sql", StringComparison.Ordinal))
            .Select(n =>
            {
                using var reader = new StreamReader(assembly.GetManifestResourceStream(n)!);
                var file = n[Prefix.Length..^".sql".Length];
                var underscore = file.IndexOf('_', StringComparison.Ordinal);
                return new Migration(int.Parse(file[..underscore], CultureInfo.InvariantCulture), file[(underscore + 1)..], reader.ReadToEnd());
            })
            .OrderBy(m => m.Version)
            .ToArray();
        for (var i = 0; i < found.Length; i++)
        {
            if (found[i].Version != i + 1) throw new InvalidOperationException($"Migration {i + 1} is missing or there twice.");
        }
        return found;
    }
}
