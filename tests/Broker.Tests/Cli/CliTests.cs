using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Montalegre.Vdi.Broker.Launch;
using Montalegre.Vdi.Cli;
using Montalegre.Vdi.Broker.Tests.Identity;
using Montalegre.Vdi.Native.Libvirt;
using Montalegre.Vdi.Rig.Clients;
using Montalegre.Vdi.Rig.Libvirt;
using Montalegre.Vdi.Rig.OpenId;

namespace Montalegre.Vdi.Broker.Tests.Cli;

// Each test begins with a broker nobody has set up, and with a home of its own.
public sealed class CliTests(TestCluster cluster) : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);
    private readonly TestBroker _broker = new(cluster);
    private readonly string _home = Directory.CreateTempSubdirectory("cli-").FullName;

    private string _code = "";

    private string Authenticator => Path.Combine(_home, "authenticator");

    private string SavedFile => Path.Combine(_home, "montalegre", "session.json");

    public ValueTask InitializeAsync() => _broker.StartAsync(["--OpenId:Patience=00:01:00"]);

    public async ValueTask DisposeAsync()
    {
        await _broker.DisposeAsync();
        Directory.Delete(_home, recursive: true);
    }

    [Fact]
    public async Task First_administrator_is_made_and_kept_signed_in_with_a_file_for_its_owner_alone()
    {
        var made = await SetUpAsync();

        Assert.Equal((0, ""), (made.Code, made.Output));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(SavedFile));
        Assert.DoesNotContain(TestApi.Password, await File.ReadAllTextAsync(SavedFile, TestContext.Current.CancellationToken), StringComparison.Ordinal);
        var users = await RunAsync("users", "list");
        Assert.Contains("rosa", users.Output, StringComparison.Ordinal);
        Assert.Contains("ADMINISTRATOR", users.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Scripts_read_json()
    {
        await SetUpAsync();

        var created = await RunAsync("users", "create", "rui", "--display-name", "Rui Costa", "--password-stdin", "--json");
        var audit = await RunAsync("audit", "--limit", "1", "--json");

        Assert.Equal("Rui Costa", JsonDocument.Parse(created.Output).RootElement.GetProperty("displayName").GetString());
        Assert.Equal("user.create", JsonDocument.Parse(audit.Output).RootElement.GetProperty("events")[0].GetProperty("action").GetString());
    }

    [Fact]
    public async Task Application_is_published_for_a_group_changed_without_opening_it_to_everybody_and_removed()
    {
        await SetUpAsync();
        await RunAsync("pools", "create", "Balcao", "--kind", "manual");
        await RunAsync("groups", "create", "Contabilidade");
        Assert.Equal(0, (await RunAsync("apps", "publish", "Balcao", "SAP", "/opt/sap/gui", "--arguments", "--system P01", "--groups", "Contabilidade")).Code);
        Assert.Equal(0, (await RunAsync("apps", "publish", "Balcao", "sap", "/opt/sap/gui2")).Code);
        var listed = (await RunAsync("apps", "list", "--pool", "Balcao")).Output;
        Assert.Contains("/opt/sap/gui2", listed, StringComparison.Ordinal);
        Assert.Contains("Contabilidade", listed, StringComparison.Ordinal);
        var icon = Path.Combine(_home, "sap.png");
        await File.WriteAllBytesAsync(icon, Applications.Png.Of(), TestContext.Current.CancellationToken);
        Assert.Contains("has an icon", await DoneAsync("apps", "icon", "Balcao", "SAP", icon), StringComparison.Ordinal);
        await File.WriteAllTextAsync(icon, "<svg/>", TestContext.Current.CancellationToken);
        Assert.StartsWith("INVALID_FIELD", (await RunAsync("apps", "icon", "Balcao", "SAP", icon)).Talk, StringComparison.Ordinal);
        Assert.Equal(2, (await RunAsync("apps", "icon", "Balcao", "SAP", icon + ".none")).Code);
        Assert.Contains("shows its letters", await DoneAsync("apps", "icon", "Balcao", "SAP"), StringComparison.Ordinal);
        Assert.NotEqual(0, (await RunAsync("apps", "publish", "Balcao", "Outra", "x", "--groups", "Nenhum")).Code);
        Assert.NotEqual(0, (await RunAsync("apps", "remove", "Balcao", "Outra")).Code);
        Assert.Equal(0, (await RunAsync("apps", "remove", "Balcao", "SAP")).Code);
        Assert.DoesNotContain("sap", (await RunAsync("apps", "list")).Output, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Task_is_listed_shown_line_by_line_and_cancelled_once()
    {
        await SetUpAsync();
        await RunAsync("pools", "create", "Sala", "--kind", "manual");
        Assert.Equal(0, (await RunAsync("machines", "add", "Sala", "sala-1", "192.0.2.9")).Code);
        await using (var command = _broker.Database.DataSource.CreateCommand("insert into operation (operation_id, kind, machine_id, step, state, cause, asked_by, next_attempt_at, deadline) select gen_random_uuid(), 'wake', machine_id, 'magic_packet', 'running', 'person', 'rosa', now() + interval '1 hour', now() + interval '2 hours' from machine"))
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
        await using (var command = _broker.Database.DataSource.CreateCommand("insert into broker_node (name, node_id, seen_at) values ('casa-9', gen_random_uuid(), now() - interval '10 minutes')")) await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
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

        var file = Path.Combine(_home, "incident.jsonl");
        Assert.Contains("lines in", await DoneAsync("reports", "incident", file, "--user", "rui", "--from", "2026-01-01", "--to", "2026-02-01"), StringComparison.Ordinal);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        foreach (var line in await File.ReadAllLinesAsync(file, TestContext.Current.CancellationToken)) JsonDocument.Parse(line).Dispose();
        Assert.Equal(2, (await RunAsync("reports", "incident", file, "--user", "rui", "--pool", "Balcao", "--from", "2026-01-01", "--to", "2026-02-01")).Code);
        Assert.Equal(2, (await RunAsync("reports", "incident", file, "--user", "rui")).Code);
        Assert.Equal(2, (await RunAsync("users", "list", "--csv")).Code);
    }

    [Fact]
    public async Task Pool_gets_a_schedule_and_a_calendar_from_files_and_gives_both_back()
    {
        await SetUpAsync();
        await RunAsync("pools", "create", "Balcao", "--kind", "manual");
        await RunAsync("calendars", "create", "Montalegre", "--national");
        var (ics, json, bad) = (Path.Combine(_home, "x.ics"), Path.Combine(_home, "week.json"), Path.Combine(_home, "bad.json"));
        await File.WriteAllTextAsync(ics, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTART;VALUE=DATE:20260609\r\nRRULE:FREQ=YEARLY\r\nSUMMARY:Feriado municipal\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n", TestContext.Current.CancellationToken);
        foreach (var _ in new[] { 1, 2 })     // a second time it is there already
        {
            var imported = await RunAsync("calendars", "import", "Montalegre", ics);
            Assert.True(imported.Code == 0, imported.Talk);
        }
        var calendar = JsonDocument.Parse((await RunAsync("calendars", "list", "--json")).Output).RootElement.GetProperty("calendars")[0];
        Assert.Equal("Feriado municipal", Assert.Single(calendar.GetProperty("holidays").EnumerateArray()).GetProperty("name").GetString());

        var closed = """{ "spare": { "machines": 0 }, "idle": "IDLE_ACTION_SHUT_DOWN" }""";
        string Week(int until) => $$"""{ "calendarId": "{{calendar.GetProperty("calendarId").GetString()}}", "otherwise": {{closed}}, "windows": [{ "days": ["MONDAY", "HOLIDAY"], "fromMinute": 480, "untilMinute": {{until}}, "wish": { "spare": { "percent": 20 }, "open": true } }] }""";
        await File.WriteAllTextAsync(json, Week(1080), TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(bad, Week(300), TestContext.Current.CancellationToken);
        Assert.NotEqual(0, (await RunAsync("pools", "schedule", "Balcao", bad)).Code);
        Assert.Equal(0, (await RunAsync("pools", "schedule", "Balcao", json)).Code);
        var shown = (await RunAsync("pools", "schedule", "Balcao")).Output;
        Assert.Contains("08:00", shown, StringComparison.Ordinal);
        Assert.Contains("20%", shown, StringComparison.Ordinal);
        Assert.NotEqual(0, (await RunAsync("calendars", "delete", "Montalegre")).Code);     // the schedule names it
        Assert.Equal(0, (await RunAsync("pools", "schedule", "Balcao", "none")).Code);
        Assert.Equal(0, (await RunAsync("calendars", "delete", "Montalegre")).Code);
    }

    [Fact]
    public async Task Pool_says_what_may_not_pass_between_device_and_desktop()
    {
        await SetUpAsync();
        await RunAsync("pools", "create", "Balcao", "--kind", "manual");

        var blocked = await RunAsync("pools", "block", "Balcao", "drives", "clipboard-from-desktop", "--json");
        var listed = await RunAsync("pools", "list", "--json");
        var nothing = await RunAsync("pools", "block", "Balcao", "--json");
        var wrong = await RunAsync("pools", "block", "Balcao", "everything");

        Assert.Equal(["DEVICE_FEATURE_CLIPBOARD_FROM_DESKTOP", "DEVICE_FEATURE_DRIVES"], Blocked(JsonDocument.Parse(blocked.Output).RootElement));
        Assert.Equal(2, Blocked(JsonDocument.Parse(listed.Output).RootElement.GetProperty("pools")[0]).Length);
        Assert.Empty(Blocked(JsonDocument.Parse(nothing.Output).RootElement));
        Assert.Equal(2, wrong.Code);
        Assert.Equal(["pool.allow.clipboard_from_desktop", "pool.allow.drives", "pool.block.clipboard_from_desktop", "pool.block.drives", "pool.create", "pool.update", "pool.update"], await ActionsAsync());

        static string[] Blocked(JsonElement pool) =>
            pool.TryGetProperty("blockedFeatures", out var features) ? [.. features.EnumerateArray().Select(f => f.GetString()!)] : [];
    }

    [Fact]
    public async Task Pool_has_rules_for_its_sessions_and_what_its_kind_does_not_allow_is_refused()
    {
        await SetUpAsync();

        var made = await RunAsync("pools", "create", "Balcao", "--kind", "manual", "--idle", "30", "--json");
        var changed = await RunAsync("pools", "rules", "Balcao", "--disconnected", "120", "--empty", "0", "--json");
        var shown = await RunAsync("pools", "rules", "Balcao");
        var refresh = await RunAsync("pools", "rules", "Balcao", "--at-logoff", "refresh");
        var tooLong = await RunAsync("pools", "rules", "Balcao", "--idle", "10081");

        Assert.Equal((30u, 0u, 5u, Contracts.Admin.V1.LogOffAction.Keep), Rules(made.Output));
        Assert.Equal((30u, 120u, 0u, Contracts.Admin.V1.LogOffAction.Keep), Rules(changed.Output));
        Assert.Contains("30 min", shown.Output, StringComparison.Ordinal);
        Assert.NotEqual(0, refresh.Code);
        Assert.Contains("INVALID_FIELD", refresh.Talk, StringComparison.Ordinal);
        Assert.NotEqual(0, tooLong.Code);
        Assert.Equal(["pool.create", "pool.session_rules", "pool.update"], await ActionsAsync());

        static (uint, uint, uint, Contracts.Admin.V1.LogOffAction) Rules(string pool)
        {
            var rules = Contracts.Admin.V1.SessionRules.Parser.ParseJson(JsonDocument.Parse(pool).RootElement.GetProperty("sessionRules").GetRawText());
            return (rules.IdleMinutes, rules.DisconnectedMinutes, rules.EmptyMinutes, rules.LogOffAction);
        }
    }

    [Fact]
    public async Task Pool_is_made_with_what_it_blocks_and_with_the_end_of_its_RD_Gateway_channels()
    {
        await SetUpAsync();

        var made = JsonDocument.Parse((await RunAsync("pools", "create", "Balcao", "--kind", "manual", "--block", "usb", "--block", "audio-in,smart-cards", "--end-to-end", "--json")).Output).RootElement;
        var wrong = await RunAsync("pools", "create", "Outro", "--kind", "manual", "--block", "everything");
        var atGateway = await RunAsync("pools", "rd-gateway", "Balcao", "gateway", "--json");
        var nowhere = await RunAsync("pools", "rd-gateway", "Balcao", "nowhere");

        Assert.Equal(["DEVICE_FEATURE_USB", "DEVICE_FEATURE_SMART_CARDS", "DEVICE_FEATURE_AUDIO_IN"], made.GetProperty("blockedFeatures").EnumerateArray().Select(f => f.GetString()));
        Assert.True(made.GetProperty("rdGatewayEndToEnd").GetBoolean());
        Assert.False(JsonDocument.Parse(atGateway.Output).RootElement.TryGetProperty("rdGatewayEndToEnd", out var still) && still.GetBoolean());
        Assert.Equal((2, 2), (wrong.Code, nowhere.Code));
        Assert.Equal(["pool.block.audio_in", "pool.block.smart_cards", "pool.block.usb", "pool.create", "pool.end_at_gateway", "pool.end_to_end", "pool.update"], await ActionsAsync());
    }

    private async Task<IEnumerable<string>> ActionsAsync() =>
        JsonDocument.Parse((await RunAsync("audit", "--limit", "50", "--json")).Output).RootElement.GetProperty("events").EnumerateArray()
            .Select(e => e.GetProperty("action").GetString()!).Where(a => a.StartsWith("pool.", StringComparison.Ordinal)).Order(StringComparer.Ordinal);

    [Fact]
    public async Task Refusal_is_a_code_and_a_sentence_in_the_persons_language()
    {
        await SetUpAsync();

        var english = await RunAsync("users", "create", "root", "--password-stdin");
        var portuguese = await InLanguageAsync("pt-PT", "users", "disable", "rosa");

        Assert.Equal((1, "INVALID_FIELD: A field does not have a valid value. (user_name)\n"), (english.Code, english.Talk));
        Assert.Equal((1, "LAST_ADMINISTRATOR: Este é o último administrador ativo com a função em seu nome; por um grupo não conta. Ative outro ou dê-lha primeiro. (rosa)\n"), (portuguese.Code, portuguese.Talk));
    }

    [Fact]
    public async Task Without_a_sign_in_and_after_signing_out_the_way_to_sign_in_is_named()
    {
        var before = await RunAsync("users", "list");
        await SetUpAsync();
        Assert.Equal(0, (await RunAsync("sign-out")).Code);
        var after = await RunAsync("users", "list");
        Assert.Equal(0, (await RunAsync("sign-in", "rosa", "--password-stdin", "--authenticator-file", Authenticator)).Code);

        Assert.Equal((1, true), (before.Code, before.Talk.Contains("montalegre sign-in", StringComparison.Ordinal)));
        Assert.Equal((1, true), (after.Code, after.Talk.Contains("SIGN_IN_EXPIRED", StringComparison.Ordinal)));
        Assert.Equal(0, (await RunAsync("users", "list")).Code);
    }

    [Fact]
    public async Task Token_is_not_sent_to_another_server()
    {
        await SetUpAsync();

        var elsewhere = await RunAsync("users", "list", "--server", "https://127.0.0.1:1");

        Assert.Equal((1, true), (elsewhere.Code, elsewhere.Talk.StartsWith("SIGN_IN_EXPIRED", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Broker_that_is_away_or_not_trusted_is_reported_as_such()
    {
        var away = await RunAsync("status", "--server", "https://127.0.0.1:1");
        File.Copy(Path.Combine(_broker.StateDirectory, "authority.pem"), Path.Combine(_home, "authority.pem"));
        var untrusted = await RunBareAsync("en", "status", "--server", _broker.ApiAddress);

        Assert.Equal((1, true), (away.Code, away.Talk.StartsWith("BROKER_UNAVAILABLE", StringComparison.Ordinal)));
        Assert.Equal(1, untrusted.Code);
        Assert.Contains("certificate", untrusted.Talk, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Existing_machine_is_adopted_and_let_go_again_and_so_is_its_host()
    {
        var (ct, folder) = (TestContext.Current.CancellationToken, Directory.CreateTempSubdirectory("mvdc-").FullName);
        File.SetUnixFileMode(folder, (UnixFileMode)0b111_101_101);
        await using var daemons = await LibvirtDaemons.StartAsync(Path.Combine(folder, "lv"), null, ct);
        var uuid = Guid.NewGuid();
        using (var connection = LibvirtConnection.Open(daemons.Uri))
            connection.Define($"<domain type='qemu'><name>contas</name><uuid>{uuid}</uuid><memory unit='MiB'>64</memory><os><type arch='x86_64'>hvm</type></os></domain>").Dispose();
        await SetUpAsync();
        await DoneAsync("hosts", "add", "norte", daemons.Uri, "--storage", daemons.StoragePath);
        await DoneAsync("pools", "create", "Contas", "--kind", "manual");

        var adopted = await DoneAsync("machines", "adopt", "Contas", "norte", uuid.ToString(), "127.0.0.1:3390");
        Assert.Contains(uuid.ToString(), adopted, StringComparison.OrdinalIgnoreCase);   // the join document names the machine
        Assert.Contains("contas", await DoneAsync("machines", "list"), StringComparison.Ordinal);
        Assert.StartsWith("IN_USE", (await RunAsync("hosts", "remove", "norte")).Talk, StringComparison.Ordinal);

        await DoneAsync("machines", "remove", "contas");
        Assert.True(await Eventually.IsTrueAsync(async () => (await RunAsync("hosts", "remove", "norte")).Code == 0, Patience));
        Assert.DoesNotContain("contas", await DoneAsync("machines", "list"), StringComparison.Ordinal);
        using (var connection = LibvirtConnection.Open(daemons.Uri))
        using (var domain = connection.FindDomain(uuid))
            Assert.DoesNotContain("montalegre", domain!.DefinitionXml(), StringComparison.OrdinalIgnoreCase);
        await daemons.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task Site_is_made_named_anew_given_a_pool_a_role_and_a_key_and_deleted_when_it_is_empty()
    {
        await SetUpAsync();
        await DoneAsync("sites", "make", "Biblioteca", "--description", "rés-do-chão");
        await DoneAsync("sites", "rename", "biblioteca", "Arquivo");
        await DoneAsync("pools", "create", "balcao", "--kind", "manual", "--site", "Arquivo");
        Assert.Contains("Arquivo", (await RunAsync("pools", "list")).Output, StringComparison.Ordinal);
        await DoneAsync("users", "create", "rui", "--display-name", "Rui Costa", "--password-stdin");
        await DoneAsync("roles", "grant", "rui", "help_desk", "--site", "Arquivo");
        Assert.Contains("site Arquivo", (await RunAsync("roles", "grants", "--user", "rui")).Output, StringComparison.Ordinal);
        await DoneAsync("keys", "make", "copia", "read_only", "--days", "1", "--site", "Arquivo");
        Assert.StartsWith("SITE_IN_USE", (await RunAsync("sites", "delete", "Arquivo")).Talk, StringComparison.Ordinal);
        var row = JsonDocument.Parse((await RunAsync("sites", "list", "--json")).Output).RootElement.GetProperty("sites")[0];
        Assert.Equal((1, 2), (row.GetProperty("pools").GetInt32(), row.GetProperty("grants").GetInt32()));

        await DoneAsync("keys", "revoke", "copia");
        await DoneAsync("roles", "take-away", "rui", "help_desk", "--site", "Arquivo");
        await DoneAsync("pools", "site", "balcao", "none");
        await DoneAsync("sites", "delete", "Arquivo");
        Assert.StartsWith("NOT_FOUND", (await RunAsync("sites", "delete", "Arquivo")).Talk, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Role_is_given_over_endpoints_and_over_people_by_name()
    {
        await SetUpAsync();
        await DoneAsync("endpoints", "make", "Escola", "10.40.0.0/16");
        await DoneAsync("endpoints", "networks", "escola", "10.41.0.0/16", "2001:db8:9::/48");
        Assert.Contains("10.41.0.0/16 2001:db8:9::/48", (await RunAsync("endpoints", "list")).Output, StringComparison.Ordinal);
        await DoneAsync("users", "create", "rui", "--display-name", "Rui Costa", "--password-stdin");
        await DoneAsync("groups", "create", "Obras");
        await DoneAsync("roles", "grant", "rui", "help_desk", "--endpoints", "Escola");
        await DoneAsync("roles", "grant", "rui", "read_only", "--people-of", "Obras");
        var held = (await RunAsync("roles", "grants", "--user", "rui")).Output;
        Assert.Contains("endpoints of Escola", held, StringComparison.Ordinal);
        Assert.Contains("people of Obras", held, StringComparison.Ordinal);
        Assert.StartsWith("ENDPOINTS_IN_USE", (await RunAsync("endpoints", "delete", "Escola")).Talk, StringComparison.Ordinal);
        await DoneAsync("roles", "take-away", "rui", "help_desk", "--endpoints", "Escola");
        await DoneAsync("endpoints", "delete", "Escola");
    }

    [Theory]
    [InlineData("pools", "fly")]
    [InlineData("users", "create")]
    [InlineData("users", "list", "--colour=red")]
    [InlineData("pools", "resize", "a", "many")]
    [InlineData("audit", "--limit")]
    public async Task Command_that_cannot_be_understood_says_what(params string[] typed)
    {
        var refused = await RunAsync(typed);

        Assert.Equal((2, ""), (refused.Code, refused.Output));
        Assert.StartsWith("Not understood: ", refused.Talk, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Why_a_person_got_no_machine_is_said_in_sentences_of_both_languages()
    {
        await SetUpAsync();
        await DoneAsync("users", "create", "rui", "--password-stdin");
        var pool = await DoneAsync("pools", "create", "Balcao", "--kind", "manual", "--json");
        var user = JsonDocument.Parse(await DoneAsync("users", "list", "--json")).RootElement.GetProperty("users").EnumerateArray().Single(u => u.GetProperty("userName").GetString() == "rui");
        var order = new LaunchOrder(new(Guid.NewGuid()), new(user.GetProperty("userId").GetGuid()), new(JsonDocument.Parse(pool).RootElement.GetProperty("poolId").GetGuid()), "127.0.0.1", false);
        await foreach (var _ in _broker.Services.GetRequiredService<LaunchDesktop>().RunAsync(order, TestContext.Current.CancellationToken)) { }
        // Kept in the background, a moment later.
        using var patience = new CancellationTokenSource(Patience);
        while (!(await DoneAsync("launches", "list", "--user", "rui", "--pool", "Balcao")).Contains("NOT_ENTITLED", StringComparison.Ordinal)) await Task.Delay(100, patience.Token);

        var english = await RunAsync("why", "rui");
        var portuguese = await InLanguageAsync("pt-PT", "why", "rui");

        Assert.Contains("refused", english.Output, StringComparison.Ordinal);
        Assert.Contains("Got no machine.", english.Output, StringComparison.Ordinal);
        Assert.Contains("What the person was told: You are not entitled to this desktop.", english.Output, StringComparison.Ordinal);
        Assert.Contains("Ficou sem máquina.", portuguese.Output, StringComparison.Ordinal);
        Assert.Equal(1, (await RunAsync("why", "nobody")).Code);
    }

    [Fact]
    public async Task Pool_that_is_not_made_yet_is_tried_with_the_arrivals_of_another()
    {
        await SetUpAsync();
        await DoneAsync("pools", "create", "Balcao", "--kind", "manual");
        await using (var command = _broker.Database.DataSource.CreateCommand("""
            with image as (insert into image_version (image_version_id, name, number, state, path) values (gen_random_uuid(), 'debian', 1, 'ready', '/nowhere')),
                 at as (insert into host (host_id, name, uri, network, storage_path) values (gen_random_uuid(), 'norte', 'test:///default', 'user', '/nowhere')),
                 people as (insert into app_user (user_id, user_name, display_name) select gen_random_uuid(), 'pessoa' || n, 'Pessoa' from generate_series(1, 3) n returning user_id)
            insert into session (session_id, request_id, user_id, pool_id, machine_id, state, started_at, ended_at)
            select gen_random_uuid(), gen_random_uuid(), user_id, pool_id, gen_random_uuid(), 'ended', now() - interval '3 hours', now() - interval '2 hours' from people cross join pool
            """)) await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        string[] draft = ["pools", "what-if-new", "Nova", "--image", "debian", "--host", "norte", "--pattern", "nova-{n}", "--like", "Balcao"];

        var small = JsonDocument.Parse(await DoneAsync([.. draft, "--size", "2", "--json"])).RootElement;
        Assert.Equal((3, 1, 3, 1), (small.GetProperty("outcome").GetProperty("arrivals").GetInt32(), small.GetProperty("outcome").GetProperty("waited").GetInt32(), small.GetProperty("people").GetInt32(), small.GetProperty("pools").GetInt32()));
        var large = await RunAsync([.. draft, "--size", "3"]);
        Assert.Matches("Nova +3 +0 ", large.Output);
        Assert.Contains("Arrivals of 3 people at 1 pools", large.Talk, StringComparison.Ordinal);
        Assert.StartsWith("NOT_SUPPORTED", (await RunAsync("pools", "what-if-new", "Nova", "--kind", "manual")).Talk, StringComparison.Ordinal);
        Assert.DoesNotContain("Nova", await DoneAsync("pools", "list"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_has_only_passkeys_is_told_what_else_signs_in_here_and_a_recovery_code_does()
    {
        var recovery = (await SetUpAsync()).Talk.Split('\n').Select(line => line.Trim()).First(line => line.Split('-').Length == 4);
        await using (var command = _broker.Database.DataSource.CreateCommand("""
            with app as (delete from totp returning user_id)
            insert into passkey (passkey_id, user_id, credential_id, name, public_key, sign_count, transports, user_verified, backup_eligible, backed_up)
            select gen_random_uuid(), user_id, '\x01', 'Chave', '\x01', 0, '', true, false, false from app
            """)) Assert.Equal(1, await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken));

        var refused = await RunAsync("sign-in", "rosa", "--password-stdin");
        Assert.Equal(1, refused.Code);
        Assert.Contains("PASSKEY_NEEDS_BROWSER: This account has passkeys only", refused.Talk, StringComparison.Ordinal);
        Assert.Contains("API", (await InLanguageAsync("pt-PT", "sign-in", "rosa", "--password-stdin", "--authenticator-file", Authenticator)).Talk, StringComparison.Ordinal);
        Assert.Equal("PASSKEY_NEEDS_BROWSER", JsonDocument.Parse((await RunAsync("sign-in", "rosa", "--password-stdin", "--authenticator-file", Authenticator, "--json")).Output).RootElement.GetProperty("reason").GetString());

        _code = recovery;
        Assert.Contains("Signed in: rosa", (await RunAsync("sign-in", "rosa", "--password-stdin")).Talk, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Import_that_was_stopped_goes_on_by_itself_when_it_is_run_again()
    {
        await SetUpAsync();
        var disk = Path.Combine(_home, "disco.raw");
        var bytes = new byte[8 << 20];
        new Random(8).NextBytes(bytes);
        (bytes[510], bytes[511]) = (0x55, 0xaa);
        await File.WriteAllBytesAsync(disk, bytes, TestContext.Current.CancellationToken);
        using var stopped = new CancellationTokenSource();
        using var talk = new StopsAt("Sending: 30", stopped);
        using var nothing = new StringWriter();
        string[] command = ["images", "import", disk, "--name", "balcao", "--keep-identity"];

        var first = await CommandTable.RunAsync(["--server", _broker.ApiAddress, "--authority", Path.Combine(_broker.StateDirectory, "authority.pem"), .. command], new Screen(nothing, talk, new CultureInfo("en")), new KnownPassword(), SavedFile, stopped.Token);
        var listed = await DoneAsync("images", "imports");
        var second = await RunAsync(command);

        Assert.Equal(130, first);
        Assert.Contains("receiving", listed, StringComparison.Ordinal);
        Assert.Matches("Goes on at [1-9] MiB", second.Talk);
        Assert.Equal(0, second.Code);
        Assert.StartsWith("balcao version 1", second.Output, StringComparison.Ordinal);
        Assert.Contains("done", await DoneAsync("images", "imports"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Directory_is_changed_in_what_is_written_and_the_password_goes_to_the_saved_server_only()
    {
        await SetUpAsync();
        await DoneAsync("directories", "add", "Camara", "--kind", "rfc2307", "--servers", "dc1.camara.pt,dc2.camara.pt", "--base", "dc=camara,dc=pt", "--bind", "cn=leitor,dc=camara,dc=pt", "--start-tls", "--domains", "camara.pt", "--password-stdin");

        // A password that is not needed is not asked for: reading one without a terminal would be refused.
        var changed = LdapDirectory(await DoneAsync("directories", "change", "camara", "--name", "Municipio", "--state", "off", "--sync-minutes", "60", "--json"));
        Assert.Equal(("Municipio", true, 60u, "dc=camara,dc=pt", true, "dc1.camara.pt dc2.camara.pt"), (changed.Name, changed.Disabled, changed.SyncMinutes, changed.BaseDn, changed.StartTls, string.Join(' ', changed.Servers)));
        var moved = LdapDirectory(await DoneAsync("directories", "change", "Municipio", "--servers", "ldap.camara.pt", "--start-tls=no", "--state", "on", "--password-stdin", "--json"));
        Assert.Equal(("ldap.camara.pt", false, false, "camara.pt"), (string.Join(' ', moved.Servers), moved.StartTls, moved.Disabled, string.Join(' ', moved.Domains)));
        Assert.Equal(2, (await RunAsync("directories", "change", "Municipio", "--state", "maybe")).Code);
        Assert.Equal(1, (await RunAsync("directories", "change", "nowhere", "--state", "on")).Code);

        static Contracts.Admin.V1.LdapDirectory LdapDirectory(string json) => Contracts.Admin.V1.LdapDirectory.Parser.ParseJson(json);
    }

    [Fact]
    public async Task Audit_record_is_exported_and_verified_without_a_network()
    {
        await SetUpAsync();
        await RunAsync("users", "create", "rui", "--password-stdin");
        var (file, key) = (Path.Combine(_home, "audit.jsonl"), Path.Combine(_home, "audit.pem"));
        await Agents.Until.TrueAsync(async () =>
        {
            await DoneAsync("audit", "export", file);
            return (await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken)).Contains("user.create", StringComparison.Ordinal);
        }, "what was done is sealed");
        var verified = await DoneAsync("audit", "verify");
        await File.WriteAllTextAsync(key, await DoneAsync("audit", "keys"), TestContext.Current.CancellationToken);
        await DoneAsync("audit", "export", file);
        var head = verified[(verified.LastIndexOf(' ') + 1)..].Trim();

        var good = await RunAsync("audit", "verify", file, "--key", key, "--head", head);
        await File.WriteAllTextAsync(file, (await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken)).Replace("user.create", "user.delete", StringComparison.Ordinal), TestContext.Current.CancellationToken);
        var bad = await RunAsync("audit", "verify", file);

        Assert.Equal((0, ""), (good.Code, good.Talk));
        Assert.Equal(4, bad.Code);
        Assert.Matches("First bad batch: [0-9]+, entry [0-9]+: entry_changed", bad.Output);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
    }

    [Fact]
    public async Task Program_calls_with_a_key_from_a_file_of_its_owner_alone()
    {
        await SetUpAsync();
        var file = Path.Combine(_home, "key");
        await DoneAsync("keys", "make", "nightly", "read_only", "--days", "30", "--file", file);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        Assert.Equal(0, (await RunAsync("sign-out")).Code);

        Assert.Contains("rosa", await DoneAsync("users", "list", "--api-key-file", file), StringComparison.Ordinal);
        Assert.StartsWith("PERMISSION_MISSING", (await RunAsync("users", "disable", "rosa", "--api-key-file", file)).Talk, StringComparison.Ordinal);
        Assert.StartsWith("SIGN_IN_EXPIRED", (await RunAsync("users", "list")).Talk, StringComparison.Ordinal);
        Assert.Equal(2, (await RunAsync("users", "list", "--api-key-file", Path.Combine(_home, "none"))).Code);

        await RunAsync("sign-in", "rosa", "--password-stdin", "--authenticator-file", Authenticator);
        Assert.Equal(2, (await RunAsync("keys", "make", "other", "read_only", "--days", "30", "--file", file)).Code);
        Assert.StartsWith("mvdi_key_", await DoneAsync("keys", "make", "shown", "administrator", "--days", "1"), StringComparison.Ordinal);
        Assert.Contains("127.0.0.1", (await DoneAsync("keys", "list")).Split('\n').Single(l => l.StartsWith("nightly", StringComparison.Ordinal)), StringComparison.Ordinal);
        await DoneAsync("keys", "revoke", "nightly");
        Assert.StartsWith("API_KEY_INVALID", (await RunAsync("users", "list", "--api-key-file", file)).Talk, StringComparison.Ordinal);
    }

    private Task<(int Code, string Output, string Talk)> SetUpAsync() =>
        RunAsync("set-up", "rosa", "--token-file", Path.Combine(_broker.StateDirectory, "set-up-token"), "--password-stdin", "--authenticator-file", Authenticator);

    private async Task<string> DoneAsync(params string[] typed)
    {
        var (code, output, talk) = await RunAsync(typed);
        Assert.True(code == 0, $"{string.Join(' ', typed)}: {talk}");
        return output;
    }

    [Fact]
    public async Task Authority_of_cards_is_added_tried_linked_listed_and_removed()
    {
        await SetUpAsync();
        using var cards = new ClientCertificates.CardAuthority("Cartões");
        using var card = cards.Issue("BI00000001");
        var (authority, certificate) = (Path.Combine(_home, "cards.pem"), Path.Combine(_home, "card.pem"));
        await File.WriteAllTextAsync(authority, cards.Pem, TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(certificate, card.ExportCertificatePem(), TestContext.Current.CancellationToken);
        Assert.Equal(1, (await RunAsync("certificate-authorities", "test", certificate)).Code);
        Assert.NotEqual(0, (await RunAsync("certificate-authorities", "add", "Cartões", "--certificates", authority)).Code);       // revocation has no default
        await DoneAsync("certificate-authorities", "add", "Cartões", "--certificates", authority, "--revocation", "off", "--names-by", "serial", "--pattern", "BI[0-9]+", "--both-factors");
        var tried = await RunAsync("certificate-authorities", "test", certificate);
        Assert.Equal((1, true), (tried.Code, (tried.Output + tried.Talk).Contains("BI00000001", StringComparison.Ordinal)));
        await DoneAsync("certificate-authorities", "link", "cartões", "BI00000001", "rosa");
        Assert.Contains("rosa", await DoneAsync("certificate-authorities", "test", certificate), StringComparison.Ordinal);
        Assert.Contains("BI00000001", await DoneAsync("certificate-authorities", "links", "Cartões"), StringComparison.Ordinal);
        var kept = JsonDocument.Parse(await DoneAsync("certificate-authorities", "list", "--json")).RootElement.GetProperty("authorities")[0];
        Assert.Equal(("Cartões", true, 1), (kept.GetProperty("name").GetString(), kept.GetProperty("bothFactors").GetBoolean(), kept.GetProperty("links").GetInt32()));
        await DoneAsync("certificate-authorities", "unlink", "Cartões", "BI00000001");
        await DoneAsync("certificate-authorities", "remove", "Cartões");
        Assert.DoesNotContain("Cartões", await DoneAsync("certificate-authorities", "list"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Provider_is_tried_added_listed_and_removed()
    {
        await SetUpAsync();
        await using var provider = await OpenIdProvider.StartAsync([new("https://portal.camara.test")]);
        var authority = Path.Combine(_home, "provider.pem");
        await File.WriteAllTextAsync(authority, provider.Authority, TestContext.Current.CancellationToken);
        string[] settings = ["Câmara", "--issuer", provider.Issuer, "--client", "montalegre", "--authorities", authority, "--scopes", "profile,groups", "--groups", "7c4-obras=Obras", "--only-groups"];
        var tried = await RunAsync(["oidc", "test", .. settings]);
        Assert.Equal((0, true), (tried.Code, tried.Output.Contains("signs out there, too", StringComparison.Ordinal) || tried.Talk.Contains("signs out there, too", StringComparison.Ordinal)));
        Assert.NotEqual(0, (await RunAsync("oidc", "test", "Câmara", "--issuer", "https://127.0.0.1:1", "--client", "montalegre")).Code);
        Assert.Equal(0, (await RunAsync(["oidc", "add", .. settings, "--password-stdin"])).Code);

        var listed = await RunAsync("oidc", "list", "--json");
        var kept = JsonDocument.Parse(listed.Output).RootElement.GetProperty("providers")[0];
        Assert.Equal((provider.Issuer, true, "Obras"), (kept.GetProperty("issuer").GetString(), kept.GetProperty("onlyMapped").GetBoolean(), kept.GetProperty("groups")[0].GetProperty("name").GetString()));
        Assert.DoesNotContain(TestApi.Password, listed.Output, StringComparison.Ordinal);
        Assert.Equal(0, (await RunAsync("oidc", "remove", "câmara")).Code);
        Assert.DoesNotContain("Câmara", (await RunAsync("oidc", "list")).Output, StringComparison.Ordinal);
    }

    private Task<(int Code, string Output, string Talk)> RunAsync(params string[] typed) => InLanguageAsync("en", typed);

    private Task<(int Code, string Output, string Talk)> InLanguageAsync(string language, params string[] typed) =>
        RunBareAsync(language, [.. typed.Contains("--server") ? [] : new[] { "--server", _broker.ApiAddress }, "--authority", Path.Combine(_broker.StateDirectory, "authority.pem"), .. typed]);

    private async Task<(int Code, string Output, string Talk)> RunBareAsync(string language, params string[] typed)
    {
        using var output = new StringWriter();
        using var talk = new StringWriter();
        var code = await CommandTable.RunAsync(typed, new Screen(output, talk, new CultureInfo(language)), new KnownPassword(_code), SavedFile, TestContext.Current.CancellationToken);
        return (code, output.ToString(), talk.ToString());
    }

    // A person who presses Ctrl-C at a certain line.
    private sealed class StopsAt(string line, CancellationTokenSource stop) : StringWriter(CultureInfo.InvariantCulture)
    {
        public override void WriteLine(string? value)
        {
            if (value?.StartsWith(line, StringComparison.Ordinal) == true) stop.Cancel();
        }
    }

    private sealed class KnownPassword(string code = "") : IPasswords
    {
        public string Read(bool fromStandardInput) => fromStandardInput ? TestApi.Password : throw new InvalidOperationException("no terminal in tests");

        public string ReadCode(bool fromStandardInput) => fromStandardInput ? code : throw new InvalidOperationException("no terminal in tests");

        public bool MayAsk => false;
    }
}
