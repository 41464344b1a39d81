using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Dapper;
using Google.Rpc;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Montalegre.Vdi.Broker.Administration;
using Montalegre.Vdi.Broker.Alerts;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Broker.Launch;
using Montalegre.Vdi.Broker.Reports;
using Montalegre.Vdi.Broker.Settings;
using Montalegre.Vdi.Broker.Tests.Identity;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Domain;
using Montalegre.Vdi.Rig.Clients;
using Audience = Montalegre.Vdi.Broker.Identity.Audience;
using Client = Montalegre.Vdi.Contracts.Admin.V1.Settings.SettingsClient;

namespace Montalegre.Vdi.Broker.Tests.Settings;

/// <summary>Settings of the installation on whole brokers, over the real API.</summary>
public sealed class SettingsTests(TestCluster cluster) : IAsyncLifetime
{
    private const string Attempts = "Identity:FreeAttemptsPerAccount", Portal = "Identity:EmployeeLifetime", Ticket = "Launch:TicketLifetime", FileTicket = "Launch:FileTicketLifetime";
    private readonly TestBroker _broker = new(cluster) { Leads = false };
    private Client _settings = null!;
    private CallOptions _rosa, _rui;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        await _broker.StartAsync(["--Launch:LongestWait=00:05:00"]);
        _settings = new(_broker.Api());
        (_rosa, _rui) = (await AdministratorAsync("rosa"), await AdministratorAsync("rui"));
    }

    public ValueTask DisposeAsync() => _broker.DisposeAsync();

    [Fact]
    public async Task Change_holds_on_every_node_without_a_restart()
    {
        await using var second = await _broker.SecondNodeAsync();
        Assert.Equal(("5", SettingSource.Default), Of(await ListAsync(), Attempts));

        var after = await _settings.ChangeAsync(Change(0, (Attempts, "2"), (Portal, "1.5")), _rosa);

        Assert.Equal((1ul, ("2", SettingSource.Console), ("1.5", SettingSource.Console)), (after.Version, Of(after, Attempts), Of(after, Portal)));
        Assert.Equal("rosa", after.Settings.Single(s => s.Key == Portal).ChangedBy);
        Assert.True(await Eventually.IsTrueAsync(() => Task.FromResult(second.Services.GetRequiredService<IOptions<IdentityOptions>>().Value.FreeAttemptsPerAccount == 2), TimeSpan.FromMinutes(1)), "the second node did not hear of it");
        foreach (var node in new[] { _broker.Services, second.Services })
        {
            // Who guesses waits after two tries; who signs in gets an hour and a half.
            var throttle = node.GetRequiredService<SignInThrottle>();
            throttle.Failed("ines", "192.0.2.7");
            Assert.Equal(TimeSpan.Zero, throttle.Begin("ines", "192.0.2.7"));
            Assert.NotEqual(TimeSpan.Zero, throttle.Begin("ines", "192.0.2.7"));   // the second try is still under way: it waits however slow this test is
            throttle.End("ines");
            var signedIn = Assert.IsType<SignInOutcome.SignedIn>(await node.GetRequiredService<SignInUser>().RunAsync("rita", TestApi.Password, Audience.Employee, "192.0.2.8", "", Ct));
            Assert.InRange(signedIn.ExpiresAt - DateTimeOffset.UtcNow, TimeSpan.FromMinutes(85), TimeSpan.FromMinutes(91));
        }
        await second.StopAsync(Ct);
    }

    [Fact]
    public async Task Wrong_values_are_refused_together_each_with_its_field_and_nothing_is_stored()
    {
        var wanted = Change(0, (Attempts, "0"), (Portal, "muitas"), ("Launch:KeepTraces", "10"), ("Identity:Nothing", "1"), ("Launch:LongestWait", "3"), ("Backup:KeepDays", "3"));

        var refused = await RefusedAsync(wanted);

        Assert.Equal(("SETTING_INVALID", Grpc.Core.StatusCode.InvalidArgument), (refused.Trailers.GetValue("reason"), refused.StatusCode));
        Assert.Equal(
            [(Attempts, "OUT_OF_RANGE"), (Portal, "NOT_A_NUMBER"), ("Identity:Nothing", "UNKNOWN"), ("Launch:LongestWait", "LOCKED"), ("Backup:KeepDays", "LOCKED")],
            Violations(refused).Select(v => (v.Field, v.Reason)));
        Assert.Contains("1 to 100", Violations(refused)[0].Description, StringComparison.Ordinal);
        Assert.Equal((0ul, "30"), ((await ListAsync()).Version, Of(await ListAsync(), "Launch:KeepTraces").Value));
        Assert.Equal(0, await CountAsync("select count(*) from setting"));

        Assert.Equal("SETTING_LOCKED", (await RefusedAsync(Change(0, ("Launch:LongestWait", "3")))).Trailers.GetValue("reason"));
        // An address that is none: what the options themselves say is said beside its field, too.
        Assert.Equal([("Alerts:ConsoleAddress", "INVALID")], Violations(await RefusedAsync(Change(0, ("Alerts:ConsoleAddress", "http://x"), ("Alerts:Patience", "20")))).Select(v => (v.Field, v.Reason)));
        // Two that must fit together.
        await _settings.ChangeAsync(Change(0, (FileTicket, "40")), _rosa);
        Assert.Equal([(Ticket, "MORE_THAN_OTHER")], Violations(await RefusedAsync(Change(1, (Ticket, "50")))).Select(v => (v.Field, v.Reason)));
        Assert.Equal([(FileTicket, "LESS_THAN_OTHER")], Violations(await RefusedAsync(Change(1, (Ticket, "50"), (FileTicket, "45")))).Select(v => (v.Field, v.Reason)));
        await _settings.ChangeAsync(Change(1, (Ticket, "50"), (FileTicket, "50")), _rosa);
    }

    [Fact]
    public async Task Refusal_over_rest_names_the_fields()
    {
        using var http = _broker.Http(_broker.ApiAddress);
        http.DefaultRequestHeaders.Authorization = AuthenticationHeaderValue.Parse(_rosa.Headers!.GetValue("authorization")!);

        var answer = await http.PostAsJsonAsync("/v1/settings", new { changes = new[] { new { key = Attempts, value = "900" } }, expectedVersion = 0 }, Ct);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        var details = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(Ct)).RootElement.GetProperty("details").EnumerateArray().ToList();
        Assert.Contains(details, d => d.TryGetProperty("fieldViolations", out var fields) && fields[0].GetProperty("field").GetString() == Attempts);
    }

    [Fact]
    public async Task Who_comes_late_hears_who_changed_it_and_another_setting_is_not_in_the_way()
    {
        await _settings.ChangeAsync(Change(0, (Attempts, "3")), _rosa);

        var refused = await RefusedAsync(Change(0, (Attempts, "4"), (Portal, "9")), _rui);
        Assert.Equal("SETTING_CHANGED", refused.Trailers.GetValue("reason"));
        var lost = Assert.Single(Violations(refused));
        Assert.Equal((Attempts, "CHANGED"), (lost.Field, lost.Reason));
        Assert.StartsWith("rosa changed it at", lost.Description, StringComparison.Ordinal);
        Assert.Equal("8", Of(await ListAsync(), Portal).Value);

        await _settings.ChangeAsync(Change(0, (Portal, "9")), _rui);
        await _settings.ChangeAsync(Change(2, (Attempts, "4")), _rui);
        Assert.Equal("4", Of(await ListAsync(), Attempts).Value);
    }

    [Fact]
    public async Task Two_that_must_fit_together_fit_however_many_change_them_at_once()
    {
        await using var second = await _broker.SecondNodeAsync();
        var nodes = new[] { _broker.Services, second.Services };
        for (var round = 0; round < 10; round++)
        {
            var version = (long)(await ListAsync()).Version;
            // Each is good by itself where the other stays; both together are not.
            var outcomes = await Task.WhenAll(Enumerable.Range(0, 4).Select(n => nodes[n / 2].GetRequiredService<ChangeSettings>()
                .RunAsync([new(n % 2 == 0 ? Ticket : FileTicket, n % 2 == 0 ? "55" : "35")], version, TestApi.By, Ct)));
            Assert.Contains(outcomes, o => o.Refused is null);
            var stored = (await new SettingStore(_broker.Database.DataSource).ReadAsync(Ct)).Settings;
            TimeSpan Value(string key, int usual) => stored.GetValueOrDefault(key)?.Value is { } text ? TimeSpan.Parse(text, System.Globalization.CultureInfo.InvariantCulture) : TimeSpan.FromSeconds(usual);
            Assert.True(Value(FileTicket, 60) >= Value(Ticket, 30), $"{Value(FileTicket, 60)} is less than {Value(Ticket, 30)}");
            var now = await ListAsync();
            await _settings.ChangeAsync(Reset(now.Version, Ticket, FileTicket), _rosa);
        }
        await second.StopAsync(Ct);
    }

    [Fact]
    public async Task Stored_value_that_no_longer_fits_is_named_and_the_broker_starts_with_the_default()
    {
        await using (var connection = await _broker.Database.Owner.OpenConnectionAsync(Ct))
            await connection.ExecuteAsync(
                """
                insert into setting (key, value, version) values ('Identity:EmployeeLifetime', '-01:00:00', 1), ('Identity:FreeAttemptsPerAccount', '7', 1), ('Identity:FreeAttemptsPerSource', '0', 1), ('Launch:KeepTraces', 'soon', 1), ('Gone:Setting', 'x', 1),
                                                                 ('Launch:LongestWait', '00:20:00', 1), ('Alerts:Quiet', '02:00:00', 1);
                update installation set settings_version = 1;
                """);
        await _broker.RestartAsync();
        _settings = new(_broker.Api());

        var listed = await ListAsync();
        Assert.Equal((("8", SettingSource.Default), ("7", SettingSource.Console), ("30", SettingSource.Default), ("5", SettingSource.CommandLine)), (Of(listed, Portal), Of(listed, Attempts), Of(listed, "Launch:KeepTraces"), Of(listed, "Launch:LongestWait")));
        var portal = listed.Settings.Single(s => s.Key == Portal);
        Assert.Contains(Portal, portal.StoredProblem, StringComparison.Ordinal);
        Assert.Equal("-1", portal.StoredValue);
        // The problem names the other one, which nobody set: what was set is left out all the same.
        Assert.Equal(TimeSpan.FromSeconds(15), _broker.Services.GetRequiredService<IOptions<AlertsOptions>>().Value.Quiet);
        Assert.Equal(["Alerts:Quiet", "Gone:Setting", Portal, "Identity:FreeAttemptsPerSource", "Launch:KeepTraces"], _broker.Services.GetRequiredService<LiveSettings>().LeftOut.Keys.Order(StringComparer.Ordinal));

        await _settings.ChangeAsync(Change(listed.Version, (Portal, "10")), _rosa);
        Assert.Equal("", (await ListAsync()).Settings.Single(s => s.Key == Portal).StoredProblem);
        Assert.Equal(TimeSpan.FromHours(10), _broker.Services.GetRequiredService<IOptions<IdentityOptions>>().Value.EmployeeLifetime);
    }

    [Fact]
    public async Task Fixed_outside_is_shown_with_its_name_and_comes_first()
    {
        const string Variable = "MONTALEGRE_Energy__IdleShare";   // with its usual value: other tests run beside this one
        Environment.SetEnvironmentVariable(Variable, "0.05");
        try
        {
            await _broker.RestartAsync();
            _settings = new(_broker.Api());
            var listed = (await ListAsync()).Settings.ToDictionary(s => s.Key);
            Assert.Equal((SettingSource.Environment, Variable, true, "5"), (listed["Energy:IdleShare"].Source, listed["Energy:IdleShare"].SetIn, listed["Energy:IdleShare"].Locked, listed["Energy:IdleShare"].Value));
            Assert.Equal((SettingSource.CommandLine, "--Launch:LongestWait", true, "5"), (listed["Launch:LongestWait"].Source, listed["Launch:LongestWait"].SetIn, listed["Launch:LongestWait"].Locked, listed["Launch:LongestWait"].Value));
            Assert.Equal((true, SettingSource.Default, SettingSection.Files), (listed["Backup:KeepDays"].Locked, listed["Backup:KeepDays"].Source, listed["Backup:KeepDays"].Section));
        }
        finally { Environment.SetEnvironmentVariable(Variable, null); }
    }

    [Fact]
    public async Task History_and_audit_say_who_when_from_and_to_and_the_default_comes_back()
    {
        await _settings.ChangeAsync(Change(0, (Attempts, "3"), ("Energy:UsedShare", "12.5")), _rosa);
        await _settings.ChangeAsync(Change(1, (Attempts, "3")), _rui);                                   // the same again is no change
        await _settings.ChangeAsync(Reset(1, Attempts, "Wake:Again"), _rui);                             // nor is the default where it was

        var history = (await _settings.HistoryAsync(new(), _rosa)).Entries;
        Assert.Equal(3, history.Count);
        var last = history[0];
        Assert.Equal((Attempts, "rui", "3", false), (last.Key, last.Actor, last.Before, last.HasAfter));
        var share = Assert.Single((await _settings.HistoryAsync(new() { Key = "energy:usedshare" }, _rosa)).Entries);
        Assert.Equal(("rosa", false, "12.5"), (share.Actor, share.HasBefore, share.After));
        Assert.Equal(("5", SettingSource.Default), Of(await ListAsync(), Attempts));
        Assert.Equal(5, _broker.Services.GetRequiredService<IOptions<IdentityOptions>>().Value.FreeAttemptsPerAccount);
        Assert.Equal(0.125, _broker.Services.GetRequiredService<IOptions<EnergyOptions>>().Value.UsedShare);

        var audit = (await new Audit.AuditClient(_broker.Api()).ListAsync(new() { Limit = 100 }, _rosa)).Events.Where(e => e.ObjectKind == "setting").ToList();
        Assert.Equal([("setting.reset", "rui", Attempts, "3 -> 5"), ("setting.change", "rosa", "Energy:UsedShare", "0.3 -> 0.125"), ("setting.change", "rosa", Attempts, "5 -> 3")],
            audit.Select(e => (e.Action, e.Actor, e.ObjectName, e.Reference)).OrderBy(e => e.Action == "setting.reset" ? 0 : 1).ThenBy(e => e.ObjectName, StringComparer.Ordinal));
        Assert.Equal("NOT_FOUND", (await Assert.ThrowsAsync<RpcException>(async () => await _settings.HistoryAsync(new() { Key = "Identity:Nothing" }, _rosa))).Trailers.GetValue("reason"));
    }

    private async Task<CallOptions> AdministratorAsync(string name)
    {
        await UserAsync(name, administrator: true);
        if (name == "rosa") await UserAsync("rita", administrator: false);
        return TestApi.With(await TestFactor.AdministratorAsync(_broker.Services, name, TestApi.Password));
    }

    private async Task UserAsync(string name, bool administrator)
    {
        var hash = await _broker.Services.GetRequiredService<Passwords>().HashAsync(TestApi.Password);
        await _broker.Services.GetRequiredService<UserStore>().CreateAsync(new Person(new UserId(Guid.CreateVersion7()), name, name, true, administrator), hash!, TestApi.By);
    }

    private async Task<ListSettingsResponse> ListAsync() => await _settings.ListAsync(new(), _rosa);

    private static (string Value, SettingSource Source) Of(ListSettingsResponse all, string key) => all.Settings.Where(s => s.Key == key).Select(s => (s.Value, s.Source)).Single();

    private static ChangeSettingsRequest Change(ulong seen, params (string Key, string Value)[] changes) =>
        new() { ExpectedVersion = seen, Changes = { changes.Select(c => new SettingChange { Key = c.Key, Value = c.Value }) } };

    private static ChangeSettingsRequest Reset(ulong seen, params string[] keys) => new() { ExpectedVersion = seen, Changes = { keys.Select(key => new SettingChange { Key = key }) } };

    private Task<RpcException> RefusedAsync(ChangeSettingsRequest wanted) => RefusedAsync(wanted, _rosa);

    private async Task<RpcException> RefusedAsync(ChangeSettingsRequest wanted, CallOptions by) => await Assert.ThrowsAsync<RpcException>(async () => await _settings.ChangeAsync(wanted, by));

    private static IReadOnlyList<BadRequest.Types.FieldViolation> Violations(RpcException refused) =>
        Google.Rpc.Status.Parser.ParseFrom(refused.Trailers.GetValueBytes("grpc-status-details-bin")).Details.Where(d => d.Is(BadRequest.Descriptor)).SelectMany(d => d.Unpack<BadRequest>().FieldViolations).ToList();

    private async Task<long> CountAsync(string sql)
    {
        await using var connection = await _broker.Database.DataSource.OpenConnectionAsync(Ct);
        return await connection.ExecuteScalarAsync<long>(sql);
    }
}
