using Montalegre.Vdi.Broker.Backups;
using Montalegre.Vdi.Broker.Storage;
using Montalegre.Vdi.Broker.Tests.Storage;
using Montalegre.Vdi.Rig.Postgres;
using PostgresPrograms = Montalegre.Vdi.Rig.Postgres.PostgresPrograms;

namespace Montalegre.Vdi.Broker.Tests.Backups;

/// <summary>Real backups of a real private cluster, by the broker's own program, as its user.</summary>
public sealed class BackupTests : IAsyncLifetime
{
    private string _state = "";

    private string Root => Path.Combine(_state, "backups");

    public async ValueTask InitializeAsync()
    {
        _state = await Unprivileged.DirectoryAsync();
        await Unprivileged.InstallAsync(_state);
    }

    public ValueTask DisposeAsync()
    {
        Directory.Delete(_state, recursive: true);
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task A_backup_is_made_of_a_running_broker_proved_good_and_restored_to_a_point_in_time()
    {
        DateTimeOffset wanted;
        await using (var broker = await StartedAsync())
        {
            await WriteAsync("before the backup");
            using (var another = new FileStream(Path.Combine(Root, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None))
            {
                File.SetUnixFileMode(another.SafeFileHandle, (UnixFileMode)0b110_110_110);   // the broker's user opens it, too
                var taken = await Assert.ThrowsAsync<InvalidOperationException>(() => DbAsync("backup"));
                Assert.Contains("A backup is being taken already", taken.Message, StringComparison.Ordinal);
            }
            Assert.Contains("is made", await DbAsync("backup"), StringComparison.Ordinal);
            await WriteAsync("after the backup");
            wanted = DateTimeOffset.Parse(await SqlAsync("select to_char(clock_timestamp() at time zone 'utc', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"');"), System.Globalization.CultureInfo.InvariantCulture);
            await WriteAsync("the mistake");
            await ArchivedAsync();
            Assert.Contains("pages, indexes, rules and dump are good", await DbAsync("verify-backup"), StringComparison.Ordinal);
            var busy = await Assert.ThrowsAsync<InvalidOperationException>(() => DbAsync("restore"));
            Assert.Contains("Stop it first", busy.Message, StringComparison.Ordinal);
        }

        Assert.Contains("Restored", await DbAsync("restore", $"--at={wanted:O}"), StringComparison.Ordinal);

        await using var again = await StartedAsync();
        Assert.Equal(["before the backup", "after the backup"], await WrittenAsync());
        Assert.Single(Directory.GetDirectories(Path.Combine(_state, "postgresql"), "data.before-restore-*"));
    }

    [Fact]
    public async Task A_restore_after_the_loss_of_all_data_brings_back_everything_that_was_archived()
    {
        await using (await StartedAsync())
        {
            await DbAsync("backup");
            await WriteAsync("archived");
            await ArchivedAsync();
        }
        Directory.Delete(Path.Combine(_state, "postgresql", "data"), recursive: true);

        await DbAsync("restore");

        await using var again = await StartedAsync();
        Assert.Equal(["archived"], await WrittenAsync());
    }

    [Fact]
    public async Task A_damaged_backup_is_called_bad_and_the_key_encryption_key_is_in_none()
    {
        await using var broker = await StartedAsync();
        await DbAsync("backup");
        var backup = Directory.GetDirectories(Root).Single(d => File.Exists(Path.Combine(d, "backup.json")));

        var key = await File.ReadAllBytesAsync(Path.Combine(_state, "key-encryption.key"), TestContext.Current.CancellationToken);
        await Run.ToEndAsync("/bin/tar", ["-xzf", Path.Combine(backup, "base", "base.tar.gz"), "-C", Directory.CreateDirectory(Path.Combine(backup, "unpacked")).FullName], ct: TestContext.Current.CancellationToken);
        Assert.All(Directory.GetFiles(Root, "*", SearchOption.AllDirectories), f =>
        {
            Assert.NotEqual("key-encryption.key", Path.GetFileName(f));
            Assert.True(BytesOf(f).AsSpan().IndexOf(key.AsSpan()[..Math.Min(16, key.Length)]) < 0, f);
        });
        Directory.Delete(Path.Combine(backup, "unpacked"), recursive: true);

        var archive = Path.Combine(backup, "base", "base.tar.gz");
        var unpacked = Directory.CreateTempSubdirectory("mvb-damage-").FullName;
        await Run.ToEndAsync("/bin/sh", ["-c", $"cd {unpacked} && tar -xzf {archive} && printf 99 > PG_VERSION && tar -czf {archive} ."], ct: TestContext.Current.CancellationToken);
        Directory.Delete(unpacked, recursive: true);
        var bad = await Assert.ThrowsAsync<InvalidOperationException>(() => DbAsync("verify-backup"));
        Assert.Contains("PG_VERSION", bad.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_upgrade_copies_the_data_keeps_the_old_ones_and_one_command_goes_back()
    {
        await using (await StartedAsync())
        {
            await WriteAsync("before the upgrade");
            await DbAsync("backup");
            var running = await Assert.ThrowsAsync<InvalidOperationException>(() => DbAsync("upgrade"));
            Assert.Contains("Stop it first", running.Message, StringComparison.Ordinal);
        }

        // Debian has one version, so the same one stands for the newer: pg_upgrade does all its work between two clusters of it.
        Assert.Contains("Upgraded", await DbAsync("upgrade", $"--to={PostgresPrograms.Directory}"), StringComparison.Ordinal);
        await using (await StartedAsync())
        {
            Assert.Equal(["before the upgrade"], await WrittenAsync());
            await WriteAsync("after the upgrade");
        }
        Assert.Single(Directory.GetDirectories(Path.Combine(_state, "postgresql"), "data.before-upgrade-*"));

        await DbAsync("rollback-upgrade");

        await using var again = await StartedAsync();
        Assert.Equal(["before the upgrade"], await WrittenAsync());
        Assert.Contains("is made", await DbAsync("backup"), StringComparison.Ordinal);
        Assert.Equal(2, Directory.GetDirectories(Root).Count(d => File.Exists(Path.Combine(d, "backup.json"))));
    }

    [Fact]
    public async Task An_upgrade_without_a_newer_version_and_a_way_back_without_an_upgrade_are_refused_with_the_way_out()
    {
        var old = await Assert.ThrowsAsync<InvalidOperationException>(() => DbAsync("upgrade", "--to=/usr/bin"));
        Assert.Contains("holds no program pg_upgrade", old.Message, StringComparison.Ordinal);
        var back = await Assert.ThrowsAsync<InvalidOperationException>(() => DbAsync("rollback-upgrade"));
        Assert.Contains("db restore", back.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("2026-03-10T03:00:00Z", "02:30", "2026-03-10T02:30:00Z")]
    [InlineData("2026-03-10T02:29:00Z", "02:30", "2026-03-09T02:30:00Z")]
    [InlineData("2026-03-10T02:30:00Z", "02:30", "2026-03-10T02:30:00Z")]
    public void A_backup_is_due_at_its_time_of_day(string now, string at, string due) =>
        Assert.Equal(DateTimeOffset.Parse(due, System.Globalization.CultureInfo.InvariantCulture), BackupSchedule.LastDue(DateTimeOffset.Parse(now, System.Globalization.CultureInfo.InvariantCulture), TimeOnly.Parse(at, System.Globalization.CultureInfo.InvariantCulture)));

    [Fact]
    public void Every_wrong_backup_option_is_named_with_a_way_out()
    {
        var problems = new BackupOptions { Directory = "back ups", At = "25:00", KeepDays = 0, ArchiveSeconds = 0 }.Problems().ToList();

        Assert.Equal(5, problems.Count);
        Assert.All(problems, p => Assert.Contains("; use ", p, StringComparison.Ordinal));
        Assert.Empty(new BackupOptions().Problems());
    }

    // No nightly backup comes in between, however long the test takes and whatever time it is: one has just failed, and the next is due in 23 hours.
    private async Task<BrokerProcess> StartedAsync()
    {
        var (program, arguments) = Unprivileged.Command("/bin/sh", ["-c", $$"""mkdir -p -m 700 {{Root}} && echo '{"at":"2999-01-01T00:00:00+00:00","reason":"test"}' > {{Root}}/last-failure.json"""]);
        await Run.ToEndAsync(program, arguments, ct: TestContext.Current.CancellationToken);
        return await BrokerProcess.StartedAsync(_state, string.Create(System.Globalization.CultureInfo.InvariantCulture, $"--Backup:At={DateTime.Now.AddHours(-1):HH:mm}"));
    }

    // A piece of log gets its lasting name once it is whole, at any moment.
    private static byte[] BytesOf(string file)
    {
        try { return File.ReadAllBytes(file); }
        catch (FileNotFoundException) when (file.EndsWith(".part", StringComparison.Ordinal)) { return File.ReadAllBytes(Path.ChangeExtension(file, ".gz")); }
    }

    private Task<string> DbAsync(params string[] words)
    {
        var (program, arguments) = Unprivileged.Command("/usr/bin/env",
            ["dotnet", Path.Combine(Unprivileged.Programs, "Montalegre.Vdi.Broker.dll"), "db", .. words, $"--Hosting:StateDirectory={_state}"]);
        return Run.ToEndAsync(program, arguments, ct: TestContext.Current.CancellationToken);
    }

    private async Task<string> SqlAsync(string sql) => (await Unprivileged.SqlAsync(_state, DatabaseAddress.AppRole, sql)).Trim();

    private Task WriteAsync(string what) => SqlAsync($"insert into audit_event (actor, action) values ('writer', '{what}');");

    private async Task<string[]> WrittenAsync() => (await SqlAsync("select action from audit_event where actor = 'writer' order by audit_id;")).Split('\n', StringSplitOptions.RemoveEmptyEntries);

    // Ends the current piece of log and waits until it is in the archive.
    private async Task ArchivedAsync()
    {
        var piece = (await Unprivileged.SqlAsync(_state, PrivateClusterFiles.Superuser, "select pg_walfile_name(pg_switch_wal());")).Trim();
        await Eventually.IsTrueAsync(() => File.Exists(Path.Combine(Root, "log", piece + ".gz")), $"{piece} in the archive");
    }
}
