using System.Globalization;

namespace Montalegre.Vdi.Rig.Postgres;

/// <summary>Where the distribution put PostgreSQL's programs.</summary>
public static class PostgresPrograms
{
    /// <summary>The directory of the highest installed version, 15 or later.</summary>
    public static string Directory { get; } = Find();

    /// <summary>Full path of a program, for example <c>pgbench</c>.</summary>
    public static string Path(string program) => System.IO.Path.Combine(Directory, program);

    private static string Find() =>
        System.IO.Directory.GetDirectories("/usr/lib/postgresql")
            .Select(d => (Version: int.Parse(System.IO.Path.GetFileName(d), CultureInfo.InvariantCulture), Bin: System.IO.Path.Combine(d, "bin")))
            .Where(v => v.Version >= 15 && File.Exists(System.IO.Path.Combine(v.Bin, "initdb")))
            .OrderByDescending(v => v.Version)
            .Select(v => v.Bin)
            .FirstOrDefault() ?? throw new InvalidOperationException("No PostgreSQL 15 or later below /usr/lib/postgresql. Install the package postgresql.");
}
