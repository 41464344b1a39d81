using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Montalegre.Vdi.Broker.Launch;
using Montalegre.Vdi.Cli;
using Montalegre.Vdi.Native.Libvirt;
using Montalegre.Vdi.Rig.Clients;
using Montalegre.Vdi.Rig.Libvirt;

namespace Montalegre.Vdi.Broker.Tests.Cli;

/// <summary>Pools, applications, machines, images, sites, and why somebody got a machine or none.</summary>
public sealed class DesktopCommandTests(TestCluster cluster) : CliRig(cluster)
{
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
        var icon = Path.Combine(Home, "sap.png");
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
    public async Task Pool_gets_a_schedule_and_a_calendar_from_files_and_gives_both_back()
    {
        await SetUpAsync();
        await RunAsync("pools", "create", "Balcao", "--kind", "manual");
        await RunAsync("calendars", "create", "Montalegre", "--national");
        var (ics, json, bad) = (Path.Combine(Home, "x.ics"), Path.Combine(Home, "week.json"), Path.Combine(Home, "bad.json"));
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
    public async Task Why_a_person_got_no_machine_is_said_in_sentences_of_both_languages()
    {
        await SetUpAsync();
        await DoneAsync("users", "create", "rui", "--password-stdin");
        var pool = await DoneAsync("pools", "create", "Balcao", "--kind", "manual", "--json");
        var user = JsonDocument.Parse(await DoneAsync("users", "list", "--json")).RootElement.GetProperty("users").EnumerateArray().Single(u => u.GetProperty("userName").GetString() == "rui");
        var order = new LaunchOrder(new(Guid.NewGuid()), new(user.GetProperty("userId").GetGuid()), new(JsonDocument.Parse(pool).RootElement.GetProperty("poolId").GetGuid()), "127.0.0.1", false);
        await foreach (var _ in Broker.Services.GetRequiredService<LaunchDesktop>().RunAsync(order, TestContext.Current.CancellationToken)) { }
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
        await using (var command = Broker.Database.DataSource.CreateCommand("""
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
    public async Task Import_that_was_stopped_goes_on_by_itself_when_it_is_run_again()
    {
        await SetUpAsync();
        var disk = Path.Combine(Home, "disco.raw");
        var bytes = new byte[8 << 20];
        new Random(8).NextBytes(bytes);
        (bytes[510], bytes[511]) = (0x55, 0xaa);
        await File.WriteAllBytesAsync(disk, bytes, TestContext.Current.CancellationToken);
        using var stopped = new CancellationTokenSource();
        using var talk = new StopsAt("Sending: 30", stopped);
        using var nothing = new StringWriter();
        string[] command = ["images", "import", disk, "--name", "balcao", "--keep-identity"];

        var first = await CommandTable.RunAsync(["--server", Broker.ApiAddress, "--authority", Path.Combine(Broker.StateDirectory, "authority.pem"), .. command], new Screen(nothing, talk, new CultureInfo("en")), new KnownPassword(), SavedFile, stopped.Token);
        var listed = await DoneAsync("images", "imports");
        var second = await RunAsync(command);

        Assert.Equal(130, first);
        Assert.Contains("receiving", listed, StringComparison.Ordinal);
        Assert.Matches("Goes on at [1-9] MiB", second.Talk);
        Assert.Equal(0, second.Code);
        Assert.StartsWith("balcao version 1", second.Output, StringComparison.Ordinal);
        Assert.Contains("done", await DoneAsync("images", "imports"), StringComparison.Ordinal);
    }

    // A person who presses Ctrl-C at a certain line.
    private sealed class StopsAt(string line, CancellationTokenSource stop) : StringWriter(CultureInfo.InvariantCulture)
    {
        public override void WriteLine(string? value)
        {
            if (value?.StartsWith(line, StringComparison.Ordinal) == true) stop.Cancel();
        }
    }
}
