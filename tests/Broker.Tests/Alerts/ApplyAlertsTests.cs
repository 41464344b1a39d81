using System.Globalization;
using Montalegre.Vdi.Broker.Alerts;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Broker.Tests.Agents;
using Montalegre.Vdi.Broker.Tests.Identity;
using Montalegre.Vdi.Contracts;
using Montalegre.Vdi.Domain;
using Told = Montalegre.Vdi.Contracts.Admin.V1;

namespace Montalegre.Vdi.Broker.Tests.Alerts;

// A pass speaks about all alerts, so each test has a database of its own.
public sealed class ApplyAlertsTests(TestCluster cluster) : IAsyncLifetime
{
    private const long Epoch = 5;
    private readonly TestDatabase _database = new(cluster);
    private Arrange _rows = null!;
    private ApplyAlerts _apply = null!;
    private AlertStore _alerts = null!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        await _database.InitializeAsync();
        (_rows, _apply, _alerts) = (new(_database.DataSource), new(_database.DataSource), new(_database.DataSource));
        await _rows.ExecuteAsync("insert into lease (role, node_id, epoch, expires_at) values ('leader', gen_random_uuid(), 5, 'infinity')", new { });
    }

    public ValueTask DisposeAsync() => _database.DisposeAsync();

    [Fact]
    public async Task Alert_is_told_after_its_time_once_resolved_when_it_is_over_and_a_new_one_later()
    {
        var breach = Breach("h1", seconds: 60);

        Assert.Equal(new(0, 0), await PassAsync(breach));
        Assert.Empty(await OpenAsync());
        await _rows.ExecuteAsync("update alert set began_at = now() - interval '61 seconds'", new { });
        Assert.Equal(new(1, 0), await PassAsync(breach));
        Assert.Equal(new(0, 0), await PassAsync(breach));
        var open = Assert.Single(await OpenAsync());
        Assert.Equal(("host_lost", "h1", "open"), (open.Rule, open.ObjectKey, open.State));

        Assert.Equal(new(0, 1), await PassAsync());
        Assert.Empty(await OpenAsync());
        Assert.Equal("resolved", Assert.Single(await _alerts.ListAsync(null, null, 10, PoolScope.Everything, Ct)).State);
        Assert.Equal(new(1, 0), await PassAsync(Breach("h1")));
        Assert.Equal(2, (await _alerts.ListAsync(null, null, 10, PoolScope.Everything, Ct)).Count);
    }

    [Fact]
    public async Task What_was_over_before_its_time_is_never_told()
    {
        await PassAsync(Breach("h1", seconds: 60));
        await PassAsync();

        Assert.Equal(0, await CountAsync("select count(*)::integer from alert where @id is not null"));
    }

    [Fact]
    public async Task Passes_at_the_same_time_open_one_alert_for_a_rule_and_an_object_and_tell_of_it_once()
    {
        await ChannelAsync("warning");
        AlertBreach[] breaches = [.. Enumerable.Range(0, 50).Select(n => Breach($"h{n}"))];

        var passes = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => _apply.RunAsync(breaches, Enum.GetValues<AlertRule>(), Epoch)));

        Assert.Equal(50, passes.Sum(p => p.Opened));
        Assert.Equal(50, (await OpenAsync()).Count);
        Assert.Equal(50, await CountAsync("select count(*)::integer from alert_notice where what = 'opened' and @id is not null"));
    }

    [Fact]
    public async Task Leader_that_was_deposed_changes_nothing_and_rules_that_were_not_looked_at_stay()
    {
        await PassAsync(Breach("h1"));

        Assert.Equal(new(0, 0), await _apply.RunAsync([], Enum.GetValues<AlertRule>(), Epoch - 1));
        Assert.Equal(new(0, 0), await _apply.RunAsync([Breach("h2")], Enum.GetValues<AlertRule>(), Epoch - 1));
        Assert.Equal(new(0, 0), await _apply.RunAsync([], [AlertRule.BackupOld], Epoch));
        Assert.Equal("h1", Assert.Single(await OpenAsync()).ObjectKey);
    }

    [Fact]
    public async Task Channel_is_to_tell_of_what_is_grave_enough_for_it_and_of_the_end_of_what_it_told()
    {
        var (all, grave) = (await ChannelAsync("info"), await ChannelAsync("critical"));
        await ChannelAsync("info", enabled: false);

        await PassAsync(Breach("h1"));
        await PassAsync();
        var late = await ChannelAsync("info");
        await PassAsync(Breach("h2", AlertSeverity.Critical));

        Assert.Equal((3, 2, 1), (await NoticesAsync(all), await NoticesAsync(late) + await NoticesAsync(grave), await NoticesAsync(grave)));
    }

    [Fact]
    public async Task Alert_that_nobody_looks_after_is_told_again_as_often_as_its_rule_says()
    {
        var channel = await ChannelAsync("info");
        var (again, once) = (Breach("h1"), Breach("h2"));
        again = again with { Setting = again.Setting with { RemindEvery = TimeSpan.FromHours(4) } };
        Task<int> RemindAsync(long epoch = Epoch) => _apply.RemindAsync([again, once], epoch);
        Task LaterAsync(int hours) => _rows.ExecuteAsync("update alert set opened_at = opened_at - make_interval(hours => @hours), reminded_at = reminded_at - make_interval(hours => @hours)", new { hours });
        await PassAsync(again, once);

        Assert.Equal(0, await RemindAsync());
        await LaterAsync(5);
        Assert.Equal((0, 1, 0), (await RemindAsync(epoch: 4), await RemindAsync(), await RemindAsync()));   // a deposed leader reminds nobody, and one reminder is one
        Assert.Equal(1, await CountAsync("select count(*)::integer from alert_notice where alert_channel_id = @id and what = 'reminded'", channel));
        await _rows.ExecuteAsync("delete from alert_notice where what = 'opened' and alert_id in (select alert_id from alert where object_key = 'h2')", new { });
        await new AlertOutbox(_database.DataSource).GatherAsync(TimeSpan.Zero, TimeSpan.Zero);
        await LaterAsync(5);
        Assert.Equal(1, await RemindAsync());
        Assert.Equal(1, await CountAsync("select count(*)::integer from alert_notice where alert_channel_id = @id and what = 'reminded' and alert_delivery_id is null", channel));

        await LaterAsync(5);
        var silence = await _alerts.SilenceAsync(Guid.NewGuid(), "host_lost", "h1", DateTimeOffset.UtcNow.AddHours(1), "obras", TestApi.By);
        Assert.Equal(0, await RemindAsync());
        await _alerts.EndSilenceAsync(silence.AlertSilenceId, TestApi.By);
        await _alerts.AcknowledgeAsync((await OpenAsync()).Single(a => a.ObjectKey == "h1").AlertId, TestApi.By);
        Assert.Equal(0, await RemindAsync());
    }

    [Fact]
    public async Task Whoever_acknowledges_first_stays_silence_ends_by_itself_and_scopes_cut_the_list()
    {
        var pool = await _rows.PoolAsync("floating");
        await PassAsync(Breach("h1"), Breach("p1") with { Reading = Breach("p1").Reading with { Pool = pool } });
        var alert = (await OpenAsync()).Single(a => a.ObjectKey == "h1").AlertId;

        await _alerts.AcknowledgeAsync(alert, TestApi.By with { UserName = "ana" });
        Assert.Equal("ana", (await _alerts.AcknowledgeAsync(alert, TestApi.By))?.AcknowledgedBy);
        Assert.Null(await _alerts.AcknowledgeAsync(Guid.NewGuid(), TestApi.By));
        await _alerts.SilenceAsync(Guid.NewGuid(), "host_lost", "h1", DateTimeOffset.UtcNow.AddHours(1), "obras", TestApi.By);
        var replaced = await _alerts.SilenceAsync(Guid.NewGuid(), "host_lost", "h1", DateTimeOffset.UtcNow.AddHours(2), "obras", TestApi.By);
        Assert.Equal(["h1"], (await OpenAsync()).Where(a => a.SilencedUntil is not null).Select(a => a.ObjectKey));
        Assert.Single(await _alerts.SilencesAsync(Ct));
        Assert.True(await _alerts.EndSilenceAsync(replaced.AlertSilenceId, TestApi.By));
        Assert.False(await _alerts.EndSilenceAsync(replaced.AlertSilenceId, TestApi.By));

        Assert.Equal(["p1"], (await _alerts.OpenAsync(new([pool.Value]), Ct)).Select(a => a.ObjectKey));
        Assert.Equal(["p1"], (await _alerts.ListAsync(null, null, 10, new([pool.Value]), Ct)).Select(a => a.ObjectKey));
        Assert.Empty(await _alerts.SomeAsync([alert], new([pool.Value]), Ct));
        Assert.Equal(4, await CountAsync("select count(*)::integer from audit_event where action like 'alert.%' and @id is not null"));
    }

    [Fact]
    public void Program_and_contract_have_the_same_rules_and_both_languages_say_each()
    {
        Assert.Equal(Enum.GetValues<AlertRule>().Select(r => (r.ToString(), (int)r)), Enum.GetValues<Told.AlertRule>().Where(r => r != 0).Select(r => (r.ToString(), (int)r)));
        Assert.Equal(Enum.GetValues<AlertSeverity>().Select(r => (r.ToString(), (int)r)), Enum.GetValues<Told.AlertSeverity>().Where(r => r != 0).Select(r => (r.ToString(), (int)r)));
        foreach (var rule in Enum.GetValues<AlertRule>())
        {
            Assert.Equal((int)rule.Facts().Unit, (int)AlertTexts.UnitOf(rule.ToMessage()));
            foreach (var culture in new[] { new CultureInfo("pt-PT"), new CultureInfo("en") })
            {
                var alert = new Told.Alert { Rule = rule.ToMessage(), ObjectName = "casa-1", Value = 130, Threshold = 5 };
                Assert.NotEqual(rule.ToString(), AlertTexts.Name(alert.Rule, culture));
                Assert.DoesNotContain("{", AlertTexts.Sentence(alert, culture), StringComparison.Ordinal);
                Assert.NotEmpty(AlertTexts.Help(alert.Rule, culture));
            }
        }
    }

    private Task<AlertsApplied> PassAsync(params AlertBreach[] breaches) => _apply.RunAsync(breaches, Enum.GetValues<AlertRule>(), Epoch);

    private Task<IReadOnlyList<AlertRow>> OpenAsync() => _alerts.OpenAsync(PoolScope.Everything, Ct);

    private static AlertBreach Breach(string key, AlertSeverity severity = AlertSeverity.Warning, int seconds = 0) =>
        new(new(AlertRule.HostLost, "host", key, key, null, 100, ""), new(true, 30, TimeSpan.FromSeconds(seconds), severity));

    private async Task<Guid> ChannelAsync(string least, bool enabled = true)
    {
        var id = Guid.NewGuid();
        await _rows.ExecuteAsync("insert into alert_channel (alert_channel_id, name, kind, enabled, least_severity, language) values (@id, @id::text, 'webhook', @enabled, @least, 'pt')", new { id, enabled, least });
        return id;
    }

    private Task<int> NoticesAsync(Guid channel) => CountAsync("select count(*)::integer from alert_notice where alert_channel_id = @id", channel);

    private Task<int> CountAsync(string sql, Guid? id = null) => _rows.ScalarAsync<int>(sql, id ?? Guid.Empty);
}
