using System.Diagnostics;
using System.Globalization;
using System.Text;
using Montalegre.Vdi.Broker.Hosting;
using Montalegre.Vdi.Native.Posix;

namespace Montalegre.Vdi.Broker.Storage;

/// <summary>The private cluster on disk: directories of mode 0700, the lock, the data, and the settings that we write at every start.</summary>
internal sealed class PrivateClusterFiles(string root, string socketDirectory)
{
    private const int LongestSocketPath = 107;   // sun_path of Linux, less the closing zero

    public const string Superuser = "montalegre_superuser";

    public string Data => Path.Combine(root, "data");

    public string SocketDirectory => socketDirectory;

    private string Draft => Path.Combine(root, "data.new");

    /// <summary>The major version of the existing cluster; null when there is none yet.</summary>
    public int? Version => File.Exists(Path.Combine(Data, "PG_VERSION"))
        ? int.Parse(File.ReadAllText(Path.Combine(Data, "PG_VERSION")), CultureInfo.InvariantCulture)
        : null;

    /// <summary>The process that postmaster.pid names; null when nobody claims the data.</summary>
    public int? ClaimedBy
    {
        get
        {
            try
            {
                return int.TryParse(File.ReadLines(Path.Combine(Data, "postmaster.pid")).FirstOrDefault(), CultureInfo.InvariantCulture, out var pid) ? pid : null;
            }
            catch (IOException)
            {
                return null;
            }
        }
    }

    /// <summary>True when that postmaster has written that it takes connections: cheaper to ask than a connection, and as true.</summary>
    public bool IsReady(int processId)
    {
        try
        {
            return File.ReadAllLines(Path.Combine(Data, "postmaster.pid")) is [var pid, _, _, _, _, _, _, var status, ..]
                && status.Trim() == "ready" && pid == processId.ToString(CultureInfo.InvariantCulture);
        }
        catch (IOException)
        {
            return false;   // not written yet
        }
    }

    public void MakeDirectories()
    {
        var socket = Path.Combine(socketDirectory, ".s.PGSQL.5432");
        if (Encoding.UTF8.GetByteCount(socket) > LongestSocketPath)
            throw new StartUpException($"The path of the database's socket, {socket}, has {Encoding.UTF8.GetByteCount(socket)} bytes; the system allows {LongestSocketPath}. Choose a shorter {HostingOptions.SectionName}:{nameof(HostingOptions.StateDirectory)}.");
        foreach (var directory in new[] { root, socketDirectory })
        {
            Directory.CreateDirectory(directory, HostingOptions.OwnerOnly);
            File.SetUnixFileMode(directory, HostingOptions.OwnerOnly);
        }
    }

    /// <summary>One broker a cluster. The kernel drops the lock with the process, however it ends.</summary>
    public FileStream? TryLock()
    {
        try
        {
            return new FileStream(Path.Combine(root, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>Takes the lock for work on data that nobody runs.</summary>
    /// <exception cref="StartUpException">A broker has the lock, or a server runs on the data.</exception>
    public FileStream HoldStopped(string stateDirectory)
    {
        MakeDirectories();
        var held = TryLock() ?? throw new StartUpException($"A broker uses {stateDirectory}. Stop it first.");
        if (ClaimedBy is not { } claimed || !Processes.IsRunning(claimed)) return held;
        held.Dispose();
        throw new StartUpException($"The private cluster still runs as process {claimed}. Stop it there; if a broker left it, start and stop the broker once, which ends it cleanly.");
    }

    /// <summary>Makes the cluster aside and renames it: a process killed meanwhile leaves nothing that looks finished.</summary>
    public async Task InitialiseAsync(PostgresPrograms programs, CancellationToken ct)
    {
        await MakeAsync(programs, Draft, ct);
        Directory.Move(Draft, Data);
    }

    /// <summary>Makes an empty cluster with our options in a directory of its own.</summary>
    public async Task MakeAsync(PostgresPrograms programs, string directory, CancellationToken ct)
    {
        if (Directory.Exists(directory)) Directory.Delete(directory, recursive: true);
        var start = new ProcessStartInfo(programs.InitDb, ["-D", directory, "-U", Superuser, "--auth=peer", "--data-checksums", "--encoding=UTF8", "--locale=C.UTF-8"])
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
            WorkingDirectory = root,
        };
        using var initDb = Process.Start(start)!;
        var said = initDb.StandardError.ReadToEndAsync(ct);
        await initDb.StandardOutput.ReadToEndAsync(ct);
        await initDb.WaitForExitAsync(ct);
        if (initDb.ExitCode != 0) throw new StartUpException($"The private cluster cannot be made in {root}: {(await said).Trim()}");
        await File.AppendAllTextAsync(Path.Combine(directory, "postgresql.conf"), "\ninclude_if_exists = 'montalegre.conf'   # written by the broker at every start\n", ct);
    }

    /// <summary>Settings and access rules. Peer authentication: the broker's own user, and nobody else, may be our roles.</summary>
    public void WriteSettings(IEnumerable<(string Name, string Value)> more) => WriteSettings(Data, more);

    /// <summary>The same for a cluster that is made aside.</summary>
    public void WriteSettings(string directory, IEnumerable<(string Name, string Value)> more)
    {
        Write(directory, "montalegre.conf", $"""
            listen_addresses = ''
            unix_socket_directories = '{Quoted(socketDirectory)}'
            unix_socket_permissions = 0700
            max_connections = 60
            shared_buffers = 128MB
            wal_level = replica
            wal_compression = on
            synchronous_commit = on
            full_page_writes = on
            fsync = on
            # Bounds what a crash has to read again: recovery is part of the second in which a killed database is back.
            checkpoint_timeout = '60s'
            max_wal_size = 512MB
            idle_in_transaction_session_timeout = '10s'
            logging_collector = off
            log_destination = 'stderr'
            log_line_prefix = ''
            lc_messages = 'C'
            # Statements may hold what must not be in a log.
            log_min_error_statement = panic
            {string.Join('\n', more.Select(s => $"{s.Name} = '{Quoted(s.Value)}'"))}
            """);
        Write(directory, "pg_hba.conf", "local all all peer map=montalegre\nlocal replication all peer map=montalegre");
        // The backup role reads everything and changes nothing; pg_dump logs on with it like the broker with the others.
        Write(directory, "pg_ident.conf", string.Join('\n', new[] { Superuser, DatabaseAddress.OwnerRole, DatabaseAddress.AppRole, PrivateClusterRoles.Audit, PrivateClusterRoles.Backup }.Select(r => $"montalegre \"{Environment.UserName}\" {r}")));
    }

    /// <summary>A number that a crash left behind and that another program has now would stop PostgreSQL for ever.</summary>
    public void RemoveStaleClaim() => File.Delete(Path.Combine(Data, "postmaster.pid"));

    private static string Quoted(string text) => text.Replace("'", "''", StringComparison.Ordinal);

    private static void Write(string directory, string name, string text)
    {
        var path = Path.Combine(directory, name);
        File.WriteAllText(path + ".new", text + "\n");
        File.Move(path + ".new", path, overwrite: true);
    }
}
