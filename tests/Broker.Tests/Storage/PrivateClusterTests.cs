using System.Diagnostics;
using System.Globalization;
using Montalegre.Vdi.Broker.Storage;
using Montalegre.Vdi.Native.Posix;
using Montalegre.Vdi.Rig.Postgres;
using PostgresPrograms = Montalegre.Vdi.Rig.Postgres.PostgresPrograms;

namespace Montalegre.Vdi.Broker.Tests.Storage;

public sealed class PrivateClusterTests : IAsyncLifetime
{
    private string _state = "";

    public async ValueTask InitializeAsync() => _state = await Unprivileged.DirectoryAsync();

    public ValueTask DisposeAsync()
    {
        Directory.Delete(_state, recursive: true);
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task First_start_makes_a_private_cluster_that_only_the_broker_can_reach()
    {
        await using var broker = await BrokerProcess.StartedAsync(_state);

        var settings = await Unprivileged.SqlAsync(_state, DatabaseAddress.AppRole, """
            select string_agg(current_setting(s), ' ' order by s)
              from unnest(array['data_checksums', 'full_page_writes', 'fsync', 'idle_in_transaction_session_timeout', 'listen_addresses', 'max_connections', 'shared_buffers', 'synchronous_commit', 'wal_compression', 'wal_level']) s
            """);
        Assert.Equal("on on on 10s  60 128MB on pglz replica", settings.Trim());
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(Path.Combine(_state, "postgresql", "data")));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(Path.Combine(_state, "postgresql", "run")));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(_state, "key-encryption.key")));
        var refused = await Assert.ThrowsAsync<InvalidOperationException>(() => Unprivileged.SqlAsync(_state, DatabaseAddress.AppRole, "create table mine (id integer);"));
        Assert.Contains("permission denied", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Each_role_of_the_private_cluster_may_do_its_work_and_no_more()
    {
        await Unprivileged.InstallAsync(_state);
        await using var broker = await BrokerProcess.StartedAsync(_state);

        await MayAsync(PrivateClusterRoles.Audit, "insert into audit_event (actor, action) values ('sealer', 'test'); select count(*) from audit_event;");
        await MayNotAsync(PrivateClusterRoles.Audit, "update audit_event set actor = 'nobody';");
        await MayNotAsync(PrivateClusterRoles.Audit, "select * from app_user;");
        await MayAsync(PrivateClusterRoles.Backup, "select count(*) from app_user;");
        await MayNotAsync(PrivateClusterRoles.Backup, "delete from app_user;");
        await MayNotAsync(DatabaseAddress.AppRole, "delete from audit_event;");
        await MayAsync(DatabaseAddress.OwnerRole, "create table mine (id integer); drop table mine;");
    }

    [Fact]
    public async Task Killed_database_is_back_and_nothing_it_acknowledged_is_lost()
    {
        await Unprivileged.InstallAsync(_state);
        await using var broker = await BrokerProcess.StartedAsync(_state);
        using var writer = StartWriter();
        await Eventually.IsTrueAsync(() => writer.Acknowledged > 50, "fifty writes");

        Kill(Unprivileged.Postmaster(_state));
        await writer.EndAsync();
        await broker.SaysAsync("The private cluster is back after");

        var kept = await Unprivileged.SqlAsync(_state, DatabaseAddress.AppRole, "select count(*) from audit_event where actor = 'writer';");
        Assert.True(int.Parse(kept, CultureInfo.InvariantCulture) >= writer.Acknowledged, $"{writer.Acknowledged} acknowledged, {kept} kept");
    }

    [Fact]
    public async Task Killed_broker_leaves_a_database_that_the_next_broker_opens_with_everything_in_it()
    {
        await Unprivileged.InstallAsync(_state);
        var killed = await BrokerProcess.StartedAsync(_state);
        using var writer = StartWriter();
        await Eventually.IsTrueAsync(() => writer.Acknowledged > 50, "fifty writes");
        killed.Kill();
        await writer.EndAsync();

        await using var next = await BrokerProcess.StartedAsync(_state);

        var kept = await Unprivileged.SqlAsync(_state, DatabaseAddress.AppRole, "select count(*) from audit_event where actor = 'writer';");
        Assert.True(int.Parse(kept, CultureInfo.InvariantCulture) >= writer.Acknowledged, $"{writer.Acknowledged} acknowledged, {kept} kept");
        await killed.DisposeAsync();
    }

    [Fact]
    public async Task Database_that_was_left_running_is_taken_over_and_stops_with_the_broker()
    {
        await Unprivileged.InstallAsync(_state);
        await using (await BrokerProcess.StartedAsync(_state)) { }
        var (program, arguments) = Unprivileged.Command(PostgresPrograms.Path("pg_ctl"), ["start", "-w", "-s", "-D", Path.Combine(_state, "postgresql", "data"), "-l", Path.Combine(_state, "orphan.log")]);
        await Run.ToEndAsync(program, arguments, ct: TestContext.Current.CancellationToken);
        var orphan = Unprivileged.Postmaster(_state);

        await using var broker = await BrokerProcess.StartedAsync(_state);

        Assert.Contains($"Took over the private cluster that was left running as process {orphan}", broker.Output, StringComparison.Ordinal);
        Assert.Equal(0, await broker.InterruptAsync());
        Assert.False(Processes.IsRunning(orphan));
    }

    [Fact]
    public async Task Clean_stop_stops_the_database_and_the_next_start_finds_the_same_installation()
    {
        await Unprivileged.InstallAsync(_state);
        string authority;
        int postmaster;
        await using (var first = await BrokerProcess.StartedAsync(_state))
        {
            postmaster = Unprivileged.Postmaster(_state);
            authority = await File.ReadAllTextAsync(Path.Combine(_state, "authority.pem"), TestContext.Current.CancellationToken);
            Assert.Equal(0, await first.InterruptAsync());
        }
        Assert.False(Processes.IsRunning(postmaster));

        await using var second = await BrokerProcess.StartedAsync(_state);

        Assert.Equal(authority, await File.ReadAllTextAsync(Path.Combine(_state, "authority.pem"), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Second_broker_on_one_state_directory_says_who_is_in_its_way_and_ends()
    {
        await Unprivileged.InstallAsync(_state);
        await using var first = await BrokerProcess.StartedAsync(_state);
        await using var second = BrokerProcess.Start(_state);

        Assert.Equal(78, await second.EndsAsync());
        Assert.Contains("Another broker uses", second.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Database_that_keeps_failing_is_given_up_with_a_reason_that_health_repeats()
    {
        await Unprivileged.InstallAsync(_state);
        await using var broker = await BrokerProcess.StartedAsync(_state, "--Storage:FailuresBeforeGivingUp=2");
        // An unreadable table of contents: what a bad restore or a wrong chown leaves behind.
        var control = Path.Combine(_state, "postgresql", "data", "global", "pg_control");
        File.Move(control, control + ".away");

        Kill(Unprivileged.Postmaster(_state));

        var reason = await broker.SaysAsync("failed too often");
        Assert.Contains("pg_control", reason, StringComparison.Ordinal);
        File.Move(control + ".away", control);
    }

    [Fact]
    public async Task Socket_path_that_the_system_cannot_hold_is_refused_before_anything_is_made()
    {
        var deep = Path.Combine(_state, new string('x', 90));
        await using var broker = BrokerProcess.Start(deep);

        Assert.Equal(78, await broker.EndsAsync());
        Assert.Contains("the system allows 107", broker.Output, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Path.Combine(deep, "postgresql")));
    }

    private Task MayAsync(string role, string sql) => Unprivileged.SqlAsync(_state, role, sql);

    private async Task MayNotAsync(string role, string sql) =>
        Assert.Contains("permission denied", (await Assert.ThrowsAsync<InvalidOperationException>(() => Unprivileged.SqlAsync(_state, role, sql))).Message, StringComparison.Ordinal);

    private static void Kill(int processId) => Process.GetProcessById(processId).Kill();

    private Writer StartWriter() => new(_state);

    // psql in its own process writes one committed row after another and says each that was acknowledged.
    private sealed class Writer : IDisposable
    {
        private readonly Process _psql;
        private readonly Task _reading;
        private int _acknowledged;

        public Writer(string state)
        {
            var (program, arguments) = Unprivileged.Command(PostgresPrograms.Path("psql"), ["-h", Path.Combine(state, "postgresql", "run"), "-U", DatabaseAddress.AppRole, "-d", "montalegre", "-qAtX", "-v", "ON_ERROR_STOP=1", "-f", "-"]);
            _psql = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = "/" })!;
            _reading = Task.WhenAll(FeedAsync(), CountAsync(), _psql.StandardError.ReadToEndAsync());
        }

        public int Acknowledged => Volatile.Read(ref _acknowledged);

        public async Task EndAsync()
        {
            await _reading;
            await _psql.WaitForExitAsync();
        }

        public void Dispose() => _psql.Dispose();

        private async Task FeedAsync()
        {
            try
            {
                while (!_psql.HasExited)
                    await _psql.StandardInput.WriteLineAsync("insert into audit_event (actor, action) values ('writer', 'test') returning audit_id;");
            }
            catch (IOException)
            {
                return;   // psql ended because the database did
            }
        }

        private async Task CountAsync()
        {
            while (await _psql.StandardOutput.ReadLineAsync() is not null) Interlocked.Increment(ref _acknowledged);
        }
    }
}
