using System.Diagnostics;
using Montalegre.Vdi.Broker.Storage;
using Montalegre.Vdi.Broker.Tests.Storage;
using Montalegre.Vdi.Rig.Postgres;
using PostgresPrograms = Montalegre.Vdi.Rig.Postgres.PostgresPrograms;

namespace Montalegre.Vdi.Broker.Tests.Certificates;

/// <summary>The broker's own program rotates the key of a broker that runs, and is killed on the way.</summary>
public sealed class RotateKeyProgramTests : IAsyncLifetime
{
    private string _state = "";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

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
    public async Task Killed_program_is_run_again_and_the_old_key_can_go()
    {
        await using (await BrokerProcess.StartedAsync(_state, "--Backup:Enabled=false"))   // a nightly backup that is due would come in between after a minute
        {
            await SqlAsync("insert into app_user (user_id, user_name, display_name) select gen_random_uuid(), 'p' || n, '' from generate_series(1, 3000) n; insert into audit_event (actor, action) select 'p' || n, 'test' from generate_series(1, 3000) n;");
            await SealedAsync();
            await KillInTheMiddleAsync();
            Assert.True(File.Exists(Path.Combine(_state, "key-encryption.key")));

            var (program, arguments) = Rotate();
            Assert.Contains("key-encryption.key.retired is needed only for backups", await Run.ToEndAsync(program, arguments, ct: Ct), StringComparison.Ordinal);
        }
        File.Delete(Path.Combine(_state, "key-encryption.key.retired"));

        await using var again = await BrokerProcess.StartedAsync(_state, "--Backup:Enabled=false");
        Assert.Equal("t|1", await SqlAsync("select count(*) > 3000, count(distinct substring(box from 1 for 9)) from (select wrapped_key as box from authority union all select sealed_key from audit_key union all select sealed_key from audit_person) as x;"));
        await SqlAsync("insert into audit_event (actor, action) values ('p7', 'again');");
        await SealedAsync();
    }

    // Somebody holds a table that comes later, so that it cannot be at its end already, however busy this computer is.
    private async Task KillInTheMiddleAsync()
    {
        var (psql, session) = Unprivileged.Command(PostgresPrograms.Path("psql"), ["-h", Path.Combine(_state, "postgresql", "run"), "-U", DatabaseAddress.OwnerRole, "-d", DatabaseAddress.Database, "-qAtX"]);
        using var holder = Process.Start(new ProcessStartInfo(psql, session) { RedirectStandardInput = true, RedirectStandardOutput = true, WorkingDirectory = "/" })!;
        await holder.StandardInput.WriteLineAsync("begin; lock table passkey_challenge; select 'held';");
        await holder.StandardInput.FlushAsync(Ct);
        Assert.Equal("held", await holder.StandardOutput.ReadLineAsync(Ct));

        var (program, arguments) = Rotate();
        using var rotation = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, WorkingDirectory = "/" })!;
        while (await rotation.StandardOutput.ReadLineAsync(Ct) is { } line && !line.StartsWith("audit_person.sealed_key: 1000 of ", StringComparison.Ordinal)) { }
        rotation.Kill();   // SIGKILL
        await rotation.WaitForExitAsync(Ct);
        Assert.Equal(128 + 9, rotation.ExitCode);
        holder.StandardInput.Close();
        await holder.WaitForExitAsync(Ct);
    }

    private (string Program, string[] Arguments) Rotate() =>
        Unprivileged.Command("/usr/bin/env", ["dotnet", Path.Combine(Unprivileged.Programs, "Montalegre.Vdi.Broker.dll"), "db", "rotate-key", $"--Hosting:StateDirectory={_state}"]);

    // The leader closes what entries say with a key of each person.
    private Task SealedAsync() => Eventually.IsTrueAsync(async () => await SqlAsync("select count(*) from audit_open;") == "0", "every entry is sealed");

    private async Task<string> SqlAsync(string sql) => (await Unprivileged.SqlAsync(_state, DatabaseAddress.OwnerRole, sql)).Trim();
}
