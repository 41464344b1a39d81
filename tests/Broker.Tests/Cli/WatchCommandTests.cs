using System.Text.Json;
using Montalegre.Vdi.Rig.Clients;

namespace Montalegre.Vdi.Broker.Tests.Cli;

/// <summary>Tasks, alerts, settings and reports.</summary>
public sealed class WatchCommandTests(TestCluster cluster) : CliRig(cluster)
{
    [Fact]
    public async Task Task_is_listed_shown_line_by_line_and_cancelled_once()
    {
        await SetUpAsync();
        await RunAsync("pools", "create", "Sala", "--kind", "manual");
        Assert.Equal(0, (await RunAsync("machines", "add", "Sala", "sala-1", "192.0.2.9")).Code);
        await using (var command = Broker.Database.DataSource.CreateCommand("insert into operation (operation_id, kind, machine_id, step, state, cause, asked_by, next_attempt_at, deadline) select gen_random_uuid(), 'wake', machine_id, 'magic_packet', 'running', 'person', 'rosa', now() + interval '1 hour', now() + interval '2 hours' from machine"))
            await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);

        var listed = await RunAsync("tasks", "list", "--state", "running,waiting", "--machine", "sala-1", "--json");
        var task = JsonDocument.Parse(listed.Output).RootElement.GetProperty("tasks")[0].GetProperty("taskId").GetString()!;
        Assert.Contains("sala-1", (await RunAsync("tasks", "list", "--by", "rosa")).Output, StringComparison.Ordinal);
        Assert.DoesNotContain("sala-1", (await RunAsync("tasks", "list", "--state", "failed")).Output, StringComparison.Ordinal);
        Assert.NotEqual(0, (await RunAsync("tasks", "list", "--state", "lost")).Code);
        Assert.Contains("rosa", (await RunAsync("tasks", "show", task)).Output, StringComparison.Ordinal);
        Assert.Equal(0, (await RunAsync("tasks", "cancel", task)).Code);
        Assert.Equal(2, JsonDocument.Parse((await RunAsync("tasks", "show", task, "--json")).Output).RootElement.GetProperty("lines").GetArrayLength());
        Assert.Contains("sala-1", (await RunAsync("tasks", "list", "--state", "cancelled")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Alert_that_the_leader_finds_is_listed_acknowledged_and_silenced()
    {
        await SetUpAsync();
        await using (var command = Broker.Database.DataSource.CreateCommand("insert into broker_node (name, node_id, seen_at) values ('casa-9', gen_random_uuid(), now() - interval '10 minutes')")) await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        string? alert = null;
        Assert.True(await Eventually.IsTrueAsync(async () =>
        {
            using var said = JsonDocument.Parse((await RunAsync("alerts", "list", "--json")).Output);
            alert = said.RootElement.TryGetProperty("alerts", out var all) ? all.EnumerateArray().Where(a => a.GetProperty("objectName").GetString() == "casa-9").Select(a => a.GetProperty("alertId").GetString()).SingleOrDefault() : null;
            return alert is not null;
        }, Patience), "the leader did not find the lost node");

        Assert.Equal(0, (await RunAsync("alerts", "acknowledge", alert!)).Code);
        Assert.NotEqual(0, (await RunAsync("alerts", "silence", alert!)).Code);
        Assert.Equal(0, (await RunAsync("alerts", "silence", alert!, "--hours", "4", "--reason", "obras")).Code);

        var listed = (await RunAsync("alerts", "list")).Output;
        Assert.Contains("casa-9", listed, StringComparison.Ordinal);
        Assert.Contains("rosa", listed, StringComparison.Ordinal);
        Assert.NotEqual(0, (await RunAsync("alerts", "acknowledge", Guid.NewGuid().ToString())).Code);
    }

    [Fact]
    public async Task Settings_are_listed_set_together_refused_by_name_reset_and_their_history_read()
    {
        await SetUpAsync();

        Assert.Matches("Identity:FreeAttemptsPerAccount: 3", await DoneAsync("settings", "set", "Identity:FreeAttemptsPerAccount", "3", "launch:longestwait", "7.5"));
        var listed = await DoneAsync("settings", "list");
        Assert.Matches(@"Launch:LongestWait +7\.5 minutes +20 +1 to 240 minutes +console \(rosa\) +Longest wait in the queue", listed);
        Assert.Matches("Provisioning:EnrolmentUrl +https://127.0.0.1:1 +--Provisioning:EnrolmentUrl", listed);
        Assert.DoesNotContain("Launch:", await DoneAsync("settings", "list", "identity"), StringComparison.Ordinal);

        var refused = await RunAsync("settings", "set", "Identity:FreeAttemptsPerAccount", "4", "Launch:TicketLifetime", "600");
        Assert.Equal(1, refused.Code);
        Assert.Contains("SETTING_INVALID", refused.Talk, StringComparison.Ordinal);
        Assert.Contains("Launch:TicketLifetime: '600' does not fit; use 5 to 60 seconds", refused.Talk, StringComparison.Ordinal);
        Assert.Contains("SETTING_LOCKED", (await RunAsync("settings", "set", "Provisioning:EnrolmentUrl", "https://x")).Talk, StringComparison.Ordinal);
        Assert.Equal(2, (await RunAsync("settings", "set", "Launch:TicketLifetime")).Code);

        Assert.Contains("Identity:FreeAttemptsPerAccount: 5", await DoneAsync("settings", "reset", "Identity:FreeAttemptsPerAccount"), StringComparison.Ordinal);
        var history = await DoneAsync("settings", "history", "Identity:FreeAttemptsPerAccount");
        Assert.Matches("rosa +Identity:FreeAttemptsPerAccount +3 +default", history);
        Assert.Matches("rosa +Identity:FreeAttemptsPerAccount +default +3", history);
        Assert.Equal(1, (await RunAsync("settings", "history", "Identity:Nothing")).Code);
    }

    [Fact]
    public async Task Alert_rules_and_channels_are_set_by_command()
    {
        await SetUpAsync();
        await DoneAsync("pools", "create", "Balcao", "--kind", "manual");

        await DoneAsync("alerts", "rules", "set", "host_storage_full", "--threshold", "70", "--remind", "6");
        await DoneAsync("alerts", "rules", "set", "queue-long", "--pool", "Balcao", "--threshold", "3", "--severity", "critical", "--state", "off");
        var rules = await DoneAsync("alerts", "rules", "list");
        Assert.Matches("host_storage_full +yes +70 percent +60 +6 +Warning +yes", rules);
        Assert.Matches("queue_long +Balcao +no +3 people +60 +Critical +yes", rules);
        await DoneAsync("alerts", "rules", "set", "queue_long", "--pool", "Balcao", "--state", "on");   // the rest stays as it is
        Assert.Matches("queue_long +Balcao +yes +3 people +60 +Critical +yes", await DoneAsync("alerts", "rules", "list"));
        await DoneAsync("alerts", "rules", "reset", "queue_long", "--pool", "Balcao");
        Assert.DoesNotContain("Balcao", await DoneAsync("alerts", "rules", "list"), StringComparison.Ordinal);
        Assert.Equal(2, (await RunAsync("alerts", "rules", "set", "no_such_rule")).Code);

        await DoneAsync("alerts", "channels", "add", "Turno", "--mail", "ana@camara.pt,rui@camara.pt", "--mail-server", "127.0.0.1:1", "--sender", "vdi@camara.pt");
        await DoneAsync("alerts", "channels", "add", "Central", "--webhook", "https://alertas.camara.pt/vdi", "--least", "critical", "--password-stdin");
        await DoneAsync("alerts", "channels", "add", "turno", "--mail", "ana@camara.pt", "--mail-server", "127.0.0.1:1", "--sender", "vdi@camara.pt");
        var channels = await DoneAsync("alerts", "channels", "list");
        Assert.Matches("turno +ana@camara.pt +Warning", channels);
        Assert.Matches("Central +https://alertas.camara.pt/vdi +Critical", channels);
        Assert.Equal(1, (await RunAsync("alerts", "channels", "test", "Turno")).Code);
        await DoneAsync("alerts", "channels", "remove", "Turno");
        Assert.DoesNotContain("turno", await DoneAsync("alerts", "channels", "list"), StringComparison.Ordinal);
        Assert.Equal(2, (await RunAsync("alerts", "channels", "add", "both", "--mail", "x@y.pt", "--webhook", "https://x")).Code);
        await DoneAsync("alerts", "list", "--resolved");
    }

    [Fact]
    public async Task Reports_are_tables_json_and_csv_and_an_incident_is_a_file()
    {
        await SetUpAsync();
        await DoneAsync("pools", "create", "Balcao", "--kind", "manual");
        await DoneAsync("users", "create", "rui", "--display-name", "=cmd, \"Rui\"", "--password-stdin");

        foreach (var report in new[] { "use", "logon", "capacity" })
        {
            Assert.Contains("POOL", await DoneAsync("reports", report, "--from", "2026-01-01", "--to", "2026-02-01", "--pool", "Balcao"), StringComparison.Ordinal);
            JsonDocument.Parse(await DoneAsync("reports", report, "--json")).Dispose();
            Assert.StartsWith("\"", await DoneAsync("reports", report, "--csv"), StringComparison.Ordinal);
        }
        var access = await DoneAsync("reports", "access", "--csv");
        Assert.Contains("\r\n\"rosa\",", access, StringComparison.Ordinal);
        Assert.Contains("\"rui\",\"'=cmd, \"\"Rui\"\"\",\"yes\"", access, StringComparison.Ordinal);   // no spreadsheet takes it for a formula
        Assert.Contains("administrator", await DoneAsync("reports", "access"), StringComparison.Ordinal);

        var file = Path.Combine(Home, "incident.jsonl");
        Assert.Contains("lines in", await DoneAsync("reports", "incident", file, "--user", "rui", "--from", "2026-01-01", "--to", "2026-02-01"), StringComparison.Ordinal);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        foreach (var line in await File.ReadAllLinesAsync(file, TestContext.Current.CancellationToken)) JsonDocument.Parse(line).Dispose();
        Assert.Equal(2, (await RunAsync("reports", "incident", file, "--user", "rui", "--pool", "Balcao", "--from", "2026-01-01", "--to", "2026-02-01")).Code);
        Assert.Equal(2, (await RunAsync("reports", "incident", file, "--user", "rui")).Code);
        Assert.Equal(2, (await RunAsync("users", "list", "--csv")).Code);
    }
}
