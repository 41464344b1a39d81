using System.Diagnostics;
using Montalegre.Vdi.Broker.Backups;
using Montalegre.Vdi.Broker.Hosting;
using Montalegre.Vdi.Broker.Storage;
using Montalegre.Vdi.Broker.Tests.Storage;
using Montalegre.Vdi.Rig.Postgres;
using PostgresPrograms = Montalegre.Vdi.Rig.Postgres.PostgresPrograms;

namespace Montalegre.Vdi.Broker.Tests.Backups;

/// <summary>From a private cluster to a real pair of servers on this machine, by the broker's own program, and through the death of its primary.</summary>
public sealed class PromoteToHaTests : IAsyncLifetime
{
    private readonly List<string> _running = [];
    private string _state = "";
    private string _peer = "";

    private string Primary => Path.Combine(_state, "postgresql", "data");

    private string PrimarySocket => Path.Combine(_state, "postgresql", "run");

    private string Standby => Path.Combine(_peer, "data");

    public async ValueTask InitializeAsync()
    {
        _state = await Unprivileged.DirectoryAsync();
        _peer = await Unprivileged.DirectoryAsync();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var data in _running) await AsUserAsync(PostgresPrograms.Path("pg_ctl"), "stop", "-w", "-t", "600", "-s", "-m", "immediate", "-D", data);
        foreach (var directory in new[] { _state, _peer }) Directory.Delete(directory, recursive: true);
    }

    [Fact]
    public async Task A_private_cluster_becomes_a_pair_that_loses_no_acknowledged_write_when_its_primary_dies()
    {
        await Unprivileged.InstallAsync(_state);
        await using (await BrokerProcess.StartedAsync(_state))
        {
            await SqlAsync(PrimarySocket, "insert into audit_event (actor, action) values ('writer', 'before');");
            Assert.Contains("Stop it first", await RefusedAsync($"--standby={_peer}"), StringComparison.Ordinal);
        }
        await AsUserAsync("/bin/mkdir", Standby + ".part");   // a copy that was killed
        await AsUserAsync("/usr/bin/touch", Path.Combine(Standby + ".part", "half"));

        var said = await DbAsync($"--standby={_peer}");

        Assert.Contains("Copying the data", said, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Standby + ".part"));
        Assert.False(File.Exists(Path.Combine(Standby, "half")));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(Standby));
        Assert.Contains("is there already", await DbAsync($"--standby={_peer}"), StringComparison.Ordinal);

        await StartAsync(Primary);
        Assert.Contains("still runs as process", await RefusedAsync($"--standby={_peer}"), StringComparison.Ordinal);
        Assert.Contains("No standby streams", await RefusedAsync("--confirm"), StringComparison.Ordinal);
        await SqlAsync(PrimarySocket, "insert into audit_event (actor, action) values ('writer', 'alone');");   // waits for nobody
        await StartAsync(Standby);
        await Eventually.IsTrueAsync(async () => await SqlAsync(PrimarySocket, "select count(*) from pg_stat_replication where state = 'streaming';", PrivateClusterFiles.Superuser) == "1", "the standby streams");
        Assert.Contains("FIRST 1", await DbAsync("--confirm"), StringComparison.Ordinal);
        await Eventually.IsTrueAsync(async () => await SqlAsync(PrimarySocket, "select sync_state from pg_stat_replication;", PrivateClusterFiles.Superuser) == "sync", "the primary waits for its standby");

        var acknowledged = await WriteThroughTheDeathOfThePrimaryAsync(Setting(said, "Storage:ConnectionString="));

        Assert.Equal(acknowledged.Order(), (await SqlAsync(Standby, "select action from audit_event where actor = 'pair';")).Split('\n').Intersect(acknowledged).Order());
        Assert.Equal("before\nalone", await SqlAsync(Standby, "select action from audit_event where actor = 'writer' order by audit_id;"));
        // The broker itself starts on what was printed, with its first host dead.
        await using var broker = await BrokerProcess.StartedAsync(_state, $"--Storage:ConnectionString={Setting(said, "Storage:ConnectionString=")}", $"--Storage:OwnerConnectionString={Setting(said, "Storage:OwnerConnectionString=")}");
    }

    [Fact]
    public async Task What_cannot_be_done_is_refused_by_name_with_the_way_out_and_leaves_the_cluster_as_it_was()
    {
        Assert.Contains("start the broker once", await RefusedAsync($"--standby={_peer}"), StringComparison.Ordinal);
        await Unprivileged.InstallAsync(_state);

        Assert.Contains("Name at least one directory", await RefusedAsync(), StringComparison.Ordinal);
        Assert.Contains("private cluster's own", await RefusedAsync($"--standby={Primary}"), StringComparison.Ordinal);
        Assert.Contains("Start it", await RefusedAsync("--confirm"), StringComparison.Ordinal);
        await AsUserAsync("/usr/bin/touch", Path.Combine(_peer, "letters"));
        Assert.Contains("it holds letters", await RefusedAsync($"--standby={_peer}"), StringComparison.Ordinal);
        File.Delete(Path.Combine(_peer, "letters"));
        await AsUserAsync("/bin/mkdir", Standby);
        Assert.Contains("is no standby", await RefusedAsync($"--standby={_peer}"), StringComparison.Ordinal);
        await AsUserAsync("/bin/sh", "-c", $"touch {Standby}/standby.signal; echo 9 > {Standby}/PG_VERSION");
        Assert.Contains("is of PostgreSQL 9", await RefusedAsync($"--standby={_peer}"), StringComparison.Ordinal);
        await AsUserAsync("/bin/sh", "-c", $"cp {Primary}/PG_VERSION {Standby}/PG_VERSION");
        Assert.Contains("no longer keeps its log", await RefusedAsync($"--standby={_peer}"), StringComparison.Ordinal);
        Assert.Contains("external", await RefusedAsync($"--standby={_peer}", "--Storage:ConnectionString=Host=x;Username=y", "--Storage:OwnerConnectionString=Host=x;Username=z"), StringComparison.Ordinal);

        await using var again = await BrokerProcess.StartedAsync(_state);
        Assert.Equal("0", await SqlAsync(PrimarySocket, "select count(*) from pg_replication_slots;", PrivateClusterFiles.Superuser));
    }

    [Fact]
    public void Standbys_are_named_by_host_or_directory_and_two_of_one_name_or_a_path_that_cannot_be_quoted_are_refused()
    {
        Assert.Equal(["casa_2", "srv_b"], StandbyTarget.Parse("casa-2=/mnt/a,/srv/b/").Select(s => s.Name));
        Assert.Contains("both be called", Assert.Throws<StartUpException>(() => StandbyTarget.Parse("a=/mnt/a,a=/mnt/b")).Message, StringComparison.Ordinal);
        foreach (var bad in new[] { "relative", "/with space", "/it's", "h;st=/mnt/a" }) Assert.Contains("; use ", Assert.Throws<StartUpException>(() => StandbyTarget.Parse(bad)).Message, StringComparison.Ordinal);
    }

    private async Task<List<string>> WriteThroughTheDeathOfThePrimaryAsync(string connectionString)
    {
        // The test may be another user than PostgreSQL's, so it is let in without the peer's name.
        foreach (var (data, socket) in new[] { (Primary, PrimarySocket), (Standby, Standby) })
        {
            await File.WriteAllTextAsync(Path.Combine(data, "pg_hba.conf"), "local all all trust\nlocal replication all trust\n", TestContext.Current.CancellationToken);
            await SqlAsync(socket, "select pg_reload_conf();", PrivateClusterFiles.Superuser);
        }
        await using var source = DataSources.ForBrokering(connectionString, connections: 4);
        List<string> acknowledged = [];
        await Eventually.IsTrueAsync(() => WriteAsync(source, acknowledged, 100), "a hundred writes at the pair");

        var postmaster = Unprivileged.Postmaster(_state);
        _running.Remove(Primary);
        Process.GetProcessById(postmaster).Kill();
        await SqlAsync(Standby, "select pg_promote();", PrivateClusterFiles.Superuser);

        await Eventually.IsTrueAsync(() => WriteAsync(source, acknowledged, 200), "a hundred writes more at the standby");
        return acknowledged;
    }

    // False when the server ended meanwhile: that write was not acknowledged.
    private static async Task<bool> WriteAsync(Npgsql.NpgsqlDataSource source, List<string> acknowledged, int until)
    {
        try
        {
            while (acknowledged.Count < until)
            {
                var id = Guid.NewGuid().ToString();
                await using var command = source.CreateCommand("insert into audit_event (actor, action) values ('pair', $1)");
                command.Parameters.Add(new() { Value = id });
                await command.ExecuteNonQueryAsync(CancellationToken.None);
                acknowledged.Add(id);
            }
            return true;
        }
        catch (Npgsql.NpgsqlException)
        {
            return false;
        }
    }

    private static string Setting(string said, string name) => said.Split('\n').Single(l => l.StartsWith(name, StringComparison.Ordinal))[name.Length..];

    private async Task StartAsync(string data)
    {
        await AsUserAsync(PostgresPrograms.Path("pg_ctl"), "start", "-w", "-t", "600", "-s", "-D", data, "-l", Path.Combine(_peer, $"{(data == Primary ? "primary" : "standby")}.log"));
        _running.Add(data);
    }

    private async Task<string> RefusedAsync(params string[] options) => (await Assert.ThrowsAsync<InvalidOperationException>(() => DbAsync(options))).Message;

    private Task<string> DbAsync(params string[] options) =>
        AsUserAsync("/usr/bin/env", ["dotnet", Path.Combine(Unprivileged.Programs, "Montalegre.Vdi.Broker.dll"), "db", "promote-to-ha", .. options, $"--Hosting:StateDirectory={_state}"]);

    private static async Task<string> SqlAsync(string socket, string sql, string role = DatabaseAddress.AppRole)
    {
        var (program, arguments) = Unprivileged.Command(PostgresPrograms.Path("psql"), ["-h", socket, "-U", role, "-d", DatabaseAddress.Database, "-qAtX", "-v", "ON_ERROR_STOP=1", "-f", "-"]);
        return (await Run.ToEndAsync(program, arguments, sql)).Trim();
    }

    private static Task<string> AsUserAsync(string program, params string[] arguments)
    {
        var (name, all) = Unprivileged.Command(program, arguments);
        return Run.ToEndAsync(name, all, ct: TestContext.Current.CancellationToken);
    }
}
