using System.Collections.Concurrent;
using System.Diagnostics;
using Montalegre.Vdi.Broker.Storage;
using Montalegre.Vdi.Rig.Postgres;
using Npgsql;
using PostgresPrograms = Montalegre.Vdi.Rig.Postgres.PostgresPrograms;

namespace Montalegre.Vdi.Broker.Tests.Storage;

/// <summary>The driver settings on which acknowledged writes depend, on real clusters.</summary>
public sealed class FailoverTests
{
    [Fact]
    public async Task Writes_acknowledged_by_a_synchronous_pair_survive_the_death_of_the_primary_and_go_on_at_the_standby()
    {
        await using var primary = await TemporaryCluster.StartAsync(durable: true, "wal_level=replica", "hot_standby=on");
        await primary.SqlAsync("postgres", "create table written (id bigint primary key); grant all on written to montalegre_app;");
        // From here on nothing is acknowledged without a standby: the first write waits until ours is there.
        var first = await WaitsForStandbyAsync(primary);
        await using var standby = await Standby.StartAsync(primary);
        await first;
        await using var source = DataSources.ForBrokering($"Host={primary.SocketDirectory},{standby.SocketDirectory};Username=montalegre_app;Database=postgres", connections: 8);
        var acknowledged = new ConcurrentBag<long>();
        using var enough = new CancellationTokenSource();
        var next = 0L;
        var writers = Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
        {
            while (!enough.IsCancellationRequested)
            {
                var id = Interlocked.Increment(ref next);
                try
                {
                    await using var command = source.CreateCommand("insert into written values ($1)");
                    command.Parameters.Add(new() { Value = id });
                    await command.ExecuteNonQueryAsync(CancellationToken.None);
                    acknowledged.Add(id);
                }
                catch (NpgsqlException)
                {
                    await Task.Delay(20, CancellationToken.None);   // not acknowledged; the next one asks who is primary now
                }
            }
        })).ToArray();
        await Eventually.IsTrueAsync(() => acknowledged.Count > 100, "a hundred writes");

        Process.GetProcessById(primary.ProcessId).Kill();
        await standby.SqlAsync("select pg_promote();");

        var before = acknowledged.Count;
        await Eventually.IsTrueAsync(() => acknowledged.Count > before + 100, "a hundred writes more at the new primary");
        await enough.CancelAsync();
        await Task.WhenAll(writers);
        Assert.Equal("0", (await standby.SqlAsync($"select count(*) from unnest(array[{string.Join(',', acknowledged)}]::bigint[]) id where not exists (select from written w where w.id = id);")).Trim());
    }

    [Fact]
    public async Task Write_that_timed_out_while_no_standby_answered_is_never_made_to_look_committed()
    {
        await using var primary = await TemporaryCluster.StartAsync(durable: true, "wal_level=replica");
        await primary.SqlAsync("postgres", "create table written (id bigint primary key); grant all on written to montalegre_app;");
        var waiting = await WaitsForStandbyAsync(primary);
        await using var source = DataSources.ForBrokering($"Host={primary.SocketDirectory};Username=montalegre_app;Database=postgres;Timeout=60", connections: 2);

        await using var command = source.CreateCommand("insert into written values (1)");
        command.CommandTimeout = 1;
        await Assert.ThrowsAnyAsync<NpgsqlException>(() => command.ExecuteNonQueryAsync(CancellationToken.None));

        // A cancel would end the wait, and the row would be there although no standby has it.
        await Task.Delay(TimeSpan.FromSeconds(2), TestContext.Current.CancellationToken);
        Assert.Equal("0", (await primary.SqlAsync("postgres", "select count(*) from written where id = 1;")).Trim());
        await primary.SqlAsync("postgres", "alter system reset synchronous_standby_names;");
        await primary.SqlAsync("postgres", "select pg_reload_conf();");
        await Eventually.IsTrueAsync(async () => (await primary.SqlAsync("postgres", "select count(*) from written where id = 1;")).Trim() == "1", "the unknown commit, decided");
        await waiting;
    }

    // The server follows the new setting in its own time; once a write of somebody else waits, ours will.
    private static async Task<Task<string>> WaitsForStandbyAsync(TemporaryCluster primary)
    {
        await primary.SqlAsync("postgres", "alter system set synchronous_standby_names = '*';");
        await primary.SqlAsync("postgres", "select pg_reload_conf();");
        Task<string>? waiting = null;
        await Eventually.IsTrueAsync(async () =>
        {
            if (waiting is null or { IsCompleted: true }) waiting = primary.SqlAsync("postgres", "insert into written values ((random() * 1000000000)::bigint + 1000000);");
            return (await primary.SqlAsync("postgres", "select count(*) from pg_stat_activity where wait_event = 'SyncRep';")).Trim() != "0";
        }, "the wait for a standby");
        return waiting!;
    }

    // A copy of a cluster that follows it; its settings must not be smaller than the primary's.
    private sealed class Standby(string directory) : IAsyncDisposable
    {
        public string SocketDirectory => directory;

        private string Data => Path.Combine(directory, "data");

        public static async Task<Standby> StartAsync(TemporaryCluster primary)
        {
            var standby = new Standby(await Unprivileged.DirectoryAsync());
            File.SetUnixFileMode(standby.SocketDirectory, (UnixFileMode)0b111_101_101);
            await RunAsync("pg_basebackup", "-h", primary.SocketDirectory, "-U", "postgres", "-D", standby.Data, "-R", "-X", "stream", "--checkpoint=fast");
            await RunAsync("pg_ctl", "start", "-w", "-s", "-D", standby.Data, "-l", Path.Combine(standby.SocketDirectory, "log"), "-o",
                $"-c listen_addresses= -c unix_socket_directories={standby.SocketDirectory} -c unix_socket_permissions=0777 -c max_connections=300 -c shared_buffers=64MB -c synchronous_standby_names=");   // the copy would wait for one of its own
            return standby;
        }

        public Task<string> SqlAsync(string sql) => Run.ToEndAsync(PostgresPrograms.Path("psql"), ["-h", SocketDirectory, "-U", "postgres", "-d", "postgres", "-qAtX", "-v", "ON_ERROR_STOP=1", "-f", "-"], sql);

        public async ValueTask DisposeAsync()
        {
            await RunAsync("pg_ctl", "stop", "-w", "-s", "-m", "immediate", "-D", Data);
            Directory.Delete(directory, recursive: true);
        }

        private static Task RunAsync(string program, params string[] arguments)
        {
            var (name, all) = Unprivileged.Command(PostgresPrograms.Path(program), arguments);
            return Run.ToEndAsync(name, all);
        }
    }
}
