using System.Globalization;
using Montalegre.Vdi.Broker.Hosting;

namespace Montalegre.Vdi.Broker.Storage;

/// <summary>The programs of one PostgreSQL version, as the distribution installed them.</summary>
internal sealed record PostgresPrograms(int Major, string Directory)
{
    private const string Installed = "/usr/lib/postgresql";
    private const int Oldest = 15;

    public string Server => Path.Combine(Directory, "postgres");

    /// <summary>Full path of another program of this version, for example <c>pg_dump</c>.</summary>
    public string Tool(string name) => Path.Combine(Directory, name);

    public string InitDb => Path.Combine(Directory, "initdb");

    /// <summary>The version that an existing cluster needs, or the highest for a new one.</summary>
    /// <param name="wanted">Major version of the cluster; null for a new one.</param>
    /// <param name="configured">Directory that the administrator named, if any.</param>
    /// <exception cref="StartUpException">It is not installed.</exception>
    public static PostgresPrograms Find(int? wanted, string? configured)
    {
        if (configured is { Length: > 0 }) return new PostgresPrograms(wanted ?? 0, configured);
        var found = All().Where(p => wanted is null ? p.Major >= Oldest : p.Major == wanted).MaxBy(p => p.Major);
        return found ?? throw new StartUpException(wanted is null
            ? $"No PostgreSQL {Oldest} or later below {Installed}. Install it: apt-get install postgresql"
            : $"The private cluster was made by PostgreSQL {wanted}, which is not installed. Install it again: apt-get install postgresql-{wanted}. To change to a newer version, use pg_upgrade with both installed.");
    }

    private static IEnumerable<PostgresPrograms> All() =>
        System.IO.Directory.Exists(Installed)
            ? System.IO.Directory.GetDirectories(Installed)
                .Where(d => int.TryParse(Path.GetFileName(d), CultureInfo.InvariantCulture, out _) && File.Exists(Path.Combine(d, "bin", "postgres")) && File.Exists(Path.Combine(d, "bin", "initdb")))
                .Select(d => new PostgresPrograms(int.Parse(Path.GetFileName(d), CultureInfo.InvariantCulture), Path.Combine(d, "bin")))
            : [];
}
