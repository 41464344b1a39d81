using System.Diagnostics;
using Montalegre.Vdi.Rig.Clients;

namespace Montalegre.Vdi.Rig.Postgres;

/// <summary>
/// A PostgreSQL cluster of one test or benchmark run: real, on a unix socket only, gone afterwards. PostgreSQL refuses
/// to run as root; started by root it runs as the package's own user.
/// </summary>
public sealed class TemporaryCluster : IAsyncDisposable
{
    private readonly string _directory;
    private Process? _postgres;

    private TemporaryCluster(string directory) => _directory = directory;

    /// <summary>Directory of the socket; stands as Host in a connection string.</summary>
    public string SocketDirectory => Path.Combine(_directory, "run");

    /// <summary>Process id of the postmaster.</summary>
    public int ProcessId => _postgres?.Id ?? throw new InvalidOperationException("The cluster is not running.");

    /// <summary>Makes and starts a cluster with the roles montalegre_owner and montalegre_app.</summary>
    /// <param name="durable">False turns fsync off, for tests; benchmarks measure with true.</param>
    /// <param name="settings">Further settings as name=value.</param>
    public static async Task<TemporaryCluster> StartAsync(bool durable = false, params string[] settings)
    {
        var directory = Directory.CreateTempSubdirectory("montalegre-pg-").FullName;
        var cluster = new TemporaryCluster(directory);
        try
        {
            Directory.CreateDirectory(cluster.SocketDirectory);
            if (Environment.IsPrivilegedProcess) await Run.ToEndAsync("/bin/chown", ["-R", "postgres:postgres", directory]);
            var data = Path.Combine(directory, "data");
            await cluster.RunAsOwnerAsync("initdb", "-D", data, "-U", "postgres", "-A", "trust", "-k", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync");
            await cluster.StartServerAsync(data, durable, settings);
            await cluster.SqlAsync("postgres", """
                create role montalegre_owner login createdb;
                create role montalegre_app login;
                """);
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();   // nobody else knows of it
            throw;
        }
    }

    /// <summary>A connection string for one role and database.</summary>
    public string ConnectionString(string role, string database) =>
        $"Host={SocketDirectory};Username={role};Database={database}";

    /// <summary>Makes a database owned by montalegre_owner, as a copy of <paramref name="template"/> when given.</summary>
    public Task CreateDatabaseAsync(string name, string? template = null) =>
        SqlAsync("postgres", $"create database {name} owner montalegre_owner" + (template is null ? ";" : $" template {template} strategy file_copy;"));

    /// <summary>Runs statements as superuser.</summary>
    public Task<string> SqlAsync(string database, string sql) =>
        Run.ToEndAsync(PostgresPrograms.Path("psql"), ["-h", SocketDirectory, "-U", "postgres", "-d", database, "-qAtX", "-v", "ON_ERROR_STOP=1", "-f", "-"], sql);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_postgres is { HasExited: false })
        {
            // SIGINT: fast shutdown; open connections are closed by the server.
            await Run.SignalAsync(_postgres, "INT");
            await _postgres.WaitForExitAsync();
        }
        _postgres?.Dispose();
        // The children of a postmaster that was killed end later than it, and write until then.
        if (!await Eventually.IsTrueAsync(TryDelete, TimeSpan.FromMinutes(1))) Directory.Delete(_directory, recursive: true);
    }

    private bool TryDelete()
    {
        try
        {
            Directory.Delete(_directory, recursive: true);
            return true;
        }
        catch (IOException) { return false; }
    }

    private async Task StartServerAsync(string data, bool durable, string[] settings)
    {
        string[] all =
        [
            "listen_addresses=", $"unix_socket_directories={SocketDirectory}", "unix_socket_permissions=0777",
            "max_connections=300", "shared_buffers=64MB", "logging_collector=off", "log_min_messages=fatal", "log_min_error_statement=panic",
            .. durable ? Array.Empty<string>() : ["fsync=off", "synchronous_commit=off", "full_page_writes=off"], .. settings,
        ];
        var (program, arguments) = AsOwner("postgres", ["-D", data, .. all.SelectMany(s => new[] { "-c", s })]);
        _postgres = Process.Start(new ProcessStartInfo(program, arguments) { WorkingDirectory = "/", RedirectStandardInput = true })!;
        var deadline = DateTime.UtcNow.AddMinutes(2);
        while (true)
        {
            try
            {
                await SqlAsync("postgres", "select 1;");
                return;
            }
            catch (InvalidOperationException) when (DateTime.UtcNow < deadline && !_postgres.HasExited)
            {
                await Task.Delay(50);
            }
        }
    }

    private Task<string> RunAsOwnerAsync(string program, params string[] arguments)
    {
        var (name, all) = AsOwner(program, arguments);
        return Run.ToEndAsync(name, all);
    }

    // The process starts from a pool thread, so it gets no parent-death signal: that one follows the thread.
    private static (string Program, string[] Arguments) AsOwner(string program, string[] arguments) =>
        Environment.IsPrivilegedProcess
            ? ("/usr/bin/setpriv", ["--reuid=postgres", "--regid=postgres", "--clear-groups", "--no-new-privs", "--", PostgresPrograms.Path(program), .. arguments])
            : (PostgresPrograms.Path(program), arguments);
}
