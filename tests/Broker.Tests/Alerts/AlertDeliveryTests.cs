using System.Text.Json;
using Grpc.Core;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Montalegre.Vdi.Broker.Administration;
using Montalegre.Vdi.Broker.Alerts;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Broker.Tests.Agents;
using Montalegre.Vdi.Broker.Tests.Identity;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Domain;
using AlertChannelKind = Montalegre.Vdi.Contracts.Admin.V1.AlertChannelKind;
using AlertRule = Montalegre.Vdi.Domain.AlertRule;
using AlertSeverity = Montalegre.Vdi.Domain.AlertSeverity;

namespace Montalegre.Vdi.Broker.Tests.Alerts;

/// <summary>A whole broker that sends to a real mail server and a real web server. It sends when the test says so: another node leads.</summary>
public sealed class AlertDeliveryTests(TestCluster cluster) : IAsyncLifetime
{
    private readonly TestBroker _broker = new(cluster) { Leads = false };
    private Arrange _rows = null!;
    private Contracts.Admin.V1.Alerts.AlertsClient _api = null!;
    private CallOptions _by;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        await _broker.StartAsync(["--Alerts:Quiet=00:00:00", "--Alerts:LongestWait=00:00:00", "--Alerts:Patience=00:01:00", "--Alerts:WebhooksToThisMachine=true", "--Alerts:ConsoleAddress=https://consola.camara.example"]);
        _rows = new(_broker.Database.DataSource);
        _api = new(_broker.Api());
        var hash = await Get<Passwords>().HashAsync(TestApi.Password);
        await Get<UserStore>().CreateAsync(new Person(new UserId(Guid.CreateVersion7()), "root.admin", "root.admin", true, true), hash!, TestApi.By);
        _by = TestApi.With(await TestFactor.AdministratorAsync(_broker.Services, "root.admin", TestApi.Password));
    }

    public ValueTask DisposeAsync() => _broker.DisposeAsync();

    [Fact]
    public async Task Five_hundred_silent_machines_are_one_mail_and_their_return_is_another()
    {
        await using var server = await MailServer.StartAsync();
        var saved = await _api.SaveChannelAsync(Mail(server), _by);
        AlertBreach[] breaches = [.. Enumerable.Range(0, 500).Select(n => Silent($"balcao-{n:000}"))];

        await PassAsync(breaches);
        await SendAsync();
        await PassAsync();
        await SendAsync();
        await SendAsync();

        var mails = server.Taken();
        Assert.Equal(["Montalegre VDI: Aviso: Máquina sem contacto (500)", "Montalegre VDI: Resolvido: Máquina sem contacto (500)"], mails.Select(m => m.Subject));
        Assert.Contains("O agente da máquina balcao-000 não dá sinal há 3 minutos.", mails[0].TextBody, StringComparison.Ordinal);
        Assert.Contains("- e mais 480", mails[0].TextBody, StringComparison.Ordinal);
        Assert.Contains("https://consola.camara.example/alerts", mails[0].TextBody, StringComparison.Ordinal);
        Assert.DoesNotContain("balcao-020", mails[0].TextBody, StringComparison.Ordinal);
        Assert.Equal("ana@camara.example,rui@camara.example", mails[0].Headers["X-To"]);   // the address that the server does not know keeps it from nobody
        Assert.NotEqual(mails[0].Headers["X-Montalegre-Delivery"], mails[1].Headers["X-Montalegre-Delivery"]);
        var health = Assert.Single((await _api.ListChannelsAsync(new(), _by)).Channels);
        Assert.Equal((saved.ChannelId, true, "", 0u, true), (health.ChannelId, health.SentAt is not null, health.Error, health.Waiting, health.HasSecret));
    }

    [Theory]
    [InlineData("pt", "Montalegre VDI: Lembrete: Aviso: Máquina sem contacto (balcao-1)", "Lembrete: Aviso: Máquina sem contacto\n", "Continua em aberto desde então, e ninguém disse que trata disto.")]
    [InlineData("en", "Montalegre VDI: Reminder: Warning: Machine silent (balcao-1)", "Reminder: Warning: Machine silent\n", "It has been open since then, and nobody has said that he looks after it.")]
    public async Task Reminder_says_that_it_is_one_and_is_told_with_nothing_that_says_it_better(string language, string subject, string first, string sentence)
    {
        await using var server = await MailServer.StartAsync();
        await using var receiver = await WebReceiver.StartAsync();
        var mail = Mail(server);
        mail.Channel.Language = language;
        mail.Channel = await _api.SaveChannelAsync(mail, _by);
        await _api.SaveChannelAsync(Web(receiver), _by);
        var silent = Silent("balcao-1");
        silent = silent with { Setting = silent.Setting with { RemindEvery = TimeSpan.FromHours(4) } };
        await PassAsync(silent);
        await SendAsync();
        await RemindAsync();
        await SendAsync();

        Assert.DoesNotContain("embrete", server.Taken()[0].Subject + server.Taken()[0].TextBody, StringComparison.Ordinal);
        Assert.Equal(subject, server.Taken()[1].Subject);
        Assert.StartsWith(first + sentence, server.Taken()[1].TextBody!.ReplaceLineEndings("\n"), StringComparison.Ordinal);
        Assert.Equal(["opened", "reminded"], receiver.Requests.Select(What));

        // It was resolved before the reminder went: that alone is told.
        await RemindAsync();
        await PassAsync();
        await SendAsync();
        Assert.Equal(["opened", "reminded", "resolved"], receiver.Requests.Select(What));

        async Task RemindAsync()
        {
            await _rows.ExecuteAsync("update alert set opened_at = opened_at - interval '5 hours', reminded_at = reminded_at - interval '5 hours'", new { });
            Assert.Equal(1, await Get<ApplyAlerts>().RemindAsync([silent], 5));
        }

        static string? What(Received request)
        {
            using var json = JsonDocument.Parse(request.Body);
            return Assert.Single(json.RootElement.GetProperty("alerts").EnumerateArray()).GetProperty("what").GetString();
        }
    }

    [Fact]
    public async Task Mail_that_is_not_taken_waits_is_an_alert_itself_and_comes_later_with_the_same_identifier()
    {
        await using var server = await MailServer.StartAsync();
        var channel = Mail(server);
        (channel.Channel.Tls, channel.Channel.Server) = (true, $"127.0.0.1:{server.TlsPort}");
        channel.Channel = await _api.SaveChannelAsync(channel, _by);
        server.Refuse(true);
        await PassAsync(Silent("balcao-1"));

        for (var tries = 0; tries < 3; tries++)
        {
            await SendAsync();
            await _rows.ExecuteAsync("update alert_delivery set next_attempt_at = now()", new { });
        }
        var waits = Assert.Single((await _api.ListChannelsAsync(new(), _by)).Channels);
        Assert.Equal(1u, waits.Waiting);
        Assert.Contains("try again later", waits.Error, StringComparison.Ordinal);
        Assert.Equal(3, Assert.Single(await Get<AlertFacts>().ReadAsync(Ct), r => r.Rule == AlertRule.ChannelFailing).Value);

        server.Refuse(false);
        // As a broker that is killed after the server took the message and before that is written down.
        var due = Assert.Single(await Get<AlertOutbox>().TakeAsync(10, TimeSpan.Zero));
        var settings = await Get<AlertChannelStore>().FindAsync(due.AlertChannelId, Ct);
        Assert.Null((await Get<SendAlerts>().SendAsync(settings!, new(due.AlertDeliveryId, [.. (await Get<AlertOutbox>().ContentAsync(due.AlertDeliveryId)).Select(c => (c.Alert.ToMessage(), c.News))], null), Ct)).Problem);
        await SendAsync();
        await SendAsync();

        Assert.Equal([$"{due.AlertDeliveryId}", $"{due.AlertDeliveryId}"], server.Taken().Select(m => m.Headers["X-Montalegre-Delivery"]));
        Assert.Single(server.Taken().Select(m => m.MessageId).Distinct());
        Assert.DoesNotContain(await Get<AlertFacts>().ReadAsync(Ct), r => r.Rule == AlertRule.ChannelFailing);
    }

    [Fact]
    public async Task Test_of_a_channel_says_what_is_wrong_and_a_secret_goes_nowhere_but_where_it_was_entered_for()
    {
        await using var server = await MailServer.StartAsync();
        var channel = Mail(server);
        channel.Channel = await _api.SaveChannelAsync(channel, _by);
        Assert.Equal("nobody@camara.example: no such person", await TestAsync());
        Assert.Equal("Montalegre VDI: mensagem de teste", Assert.Single(server.Taken()).Subject);

        channel.Secret = "outra";
        await _api.SaveChannelAsync(channel, _by);
        Assert.StartsWith("535: 5.7.8", await TestAsync(), StringComparison.Ordinal);   // RFC 4954: authentication credentials invalid
        channel.Secret = MailServer.Password;
        channel.Channel.Authorities = "";
        await _api.SaveChannelAsync(channel, _by);
        Assert.NotEqual("", await TestAsync());
        Assert.Single(server.Taken());

        channel.Secret = "";
        channel.Channel.Server = "mail.elsewhere.example";
        Assert.Equal("INVALID_FIELD", await ReasonAsync(() => _api.SaveChannelAsync(channel, _by).ResponseAsync));
        channel.Channel = new(channel.Channel) { Kind = AlertChannelKind.Webhook, Url = "http://a.example/" };
        Assert.Equal("INVALID_FIELD", await ReasonAsync(() => _api.SaveChannelAsync(channel, _by).ResponseAsync));
        channel.Channel.Url = "https://user:word@a.example/";
        Assert.Equal("INVALID_FIELD", await ReasonAsync(() => _api.SaveChannelAsync(channel, _by).ResponseAsync));
        Assert.Equal(0, await _rows.ScalarAsync<int>("select count(*)::integer from alert_channel c where c::text like '%correio%' and @id is not null", Guid.NewGuid()));

        async Task<string> TestAsync() => (await _api.TestChannelAsync(new() { ChannelId = channel.Channel.ChannelId }, _by)).Problem;
    }

    [Fact]
    public async Task Webhook_is_signed_follows_no_redirect_and_reads_no_more_than_it_must()
    {
        await using var receiver = await WebReceiver.StartAsync();
        var channel = Web(receiver);
        channel.Channel = await _api.SaveChannelAsync(channel, _by);
        await PassAsync(Silent("balcao-1"));
        receiver.Answer = context =>
        {
            context.Response.Redirect(receiver.Address + "/elsewhere");
            return Task.CompletedTask;
        };
        await SendAsync();
        receiver.Answer = async context =>
        {
            context.Response.StatusCode = 500;
            try { for (var n = 0; n < 100_000; n++) await context.Response.WriteAsync(new string('x', 10_000), context.RequestAborted); }
            catch (OperationCanceledException) { return; }   // the sender has read enough
        };
        await _rows.ExecuteAsync("update alert_delivery set next_attempt_at = now()", new { });
        await SendAsync();
        Assert.StartsWith("it answered 500: xxx", Assert.Single((await _api.ListChannelsAsync(new(), _by)).Channels).Error, StringComparison.Ordinal);
        receiver.Answer = _ => Task.CompletedTask;
        await _rows.ExecuteAsync("update alert_delivery set next_attempt_at = now()", new { });
        await SendAsync();

        Assert.All(receiver.Requests, r => Assert.Equal("/alertas", r.Path));
        Assert.Equal(3, receiver.Requests.Count);
        var last = receiver.Requests[^1];
        var signature = last.Headers[SendWebhook.SignatureHeader];
        Assert.Equal(SendWebhook.Sign("chave da assinatura", long.Parse(signature.Split(',')[0][2..], System.Globalization.CultureInfo.InvariantCulture), last.Body), signature);
        using var json = JsonDocument.Parse(last.Body);
        Assert.Equal(last.Headers["X-Montalegre-Delivery"], json.RootElement.GetProperty("id").GetString());
        var alert = Assert.Single(json.RootElement.GetProperty("alerts").EnumerateArray());
        Assert.Equal(("agent_silent", "opened", "balcao-1", "The agent of machine balcao-1 has given no sign for 3 minutes."),
            (alert.GetProperty("rule").GetString(), alert.GetProperty("what").GetString(), alert.GetProperty("object_name").GetString(), alert.GetProperty("text").GetString()));
    }

    [Fact]
    public async Task Silenced_alert_waits_is_told_when_the_silence_ends_and_never_when_it_was_over_before()
    {
        await using var receiver = await WebReceiver.StartAsync();
        await _api.SaveChannelAsync(Web(receiver), _by);
        var silence = await _api.SilenceAsync(new() { Rule = AlertRule.AgentSilent.ToMessage(), Until = Google.Protobuf.WellKnownTypes.Timestamp.FromDateTimeOffset(DateTimeOffset.UtcNow.AddHours(1)), Reason = "obras" }, _by);
        await PassAsync(Silent("short"), Silent("long"));
        await SendAsync();
        await PassAsync(Silent("long"));
        await SendAsync();
        Assert.Empty(receiver.Requests);

        await _api.EndSilenceAsync(new() { SilenceId = silence.SilenceId }, _by);
        await SendAsync();

        using var json = JsonDocument.Parse(Assert.Single(receiver.Requests).Body);
        Assert.Equal("long", Assert.Single(json.RootElement.GetProperty("alerts").EnumerateArray()).GetProperty("object_key").GetString());
    }

    [Fact]
    public async Task Rules_are_changed_for_a_pool_and_reset_and_whoever_watches_sees_alerts_come_and_go()
    {
        var pool = (await _rows.PoolAsync("floating")).Value;
        await Administration.AdminMethods.EverythingIsToldAsync(_broker);
        using var watch = _api.Watch(new(), _by.WithDeadline(DateTime.UtcNow.AddMinutes(5)));
        Assert.True(await watch.ResponseStream.MoveNext(Ct));
        Assert.Empty(watch.ResponseStream.Current.Snapshot.Alerts);

        Assert.Equal("INVALID_FIELD", await ReasonAsync(() => _api.SetRuleAsync(Rule(AlertRule.HostLost, pool.ToString(), 10), _by).ResponseAsync));
        Assert.Equal("INVALID_FIELD", await ReasonAsync(() => _api.SetRuleAsync(Rule(AlertRule.PoolShort, "", 0), _by).ResponseAsync));
        Assert.Equal("NOT_FOUND", await ReasonAsync(() => _api.SetRuleAsync(Rule(AlertRule.PoolShort, Guid.NewGuid().ToString(), 2), _by).ResponseAsync));
        await _api.SetRuleAsync(Rule(AlertRule.PoolShort, pool.ToString(), 2), _by);
        await Get<LookForAlerts>().RunAsync(5, Ct);
        Assert.True(await watch.ResponseStream.MoveNext(Ct));
        var alert = Assert.Single(watch.ResponseStream.Current.Changes.Changed, a => a.ObjectKey == pool.ToString());
        Assert.Equal((0, 2, AlertSeverity.Critical.ToMessage()), (alert.Value, alert.Threshold, alert.Severity));
        Assert.Equal("root.admin", (await _api.AcknowledgeAsync(new() { AlertId = alert.AlertId }, _by)).AcknowledgedBy);

        await _api.ResetRuleAsync(new() { Rule = AlertRule.PoolShort.ToMessage(), PoolId = pool.ToString() }, _by);
        Assert.All((await _api.ListRulesAsync(new(), _by)).Rules, r => Assert.False(r.Changed));
        await _rows.MachineAsync(new PoolId(pool), "available");
        await Get<LookForAlerts>().RunAsync(5, Ct);
        while (await watch.ResponseStream.MoveNext(Ct) && !watch.ResponseStream.Current.Changes.Removed.Contains(alert.AlertId)) { }
        Assert.Equal(AlertState.Resolved, Assert.Single((await _api.ListAsync(new() { State = AlertState.Resolved }, _by)).Alerts, a => a.AlertId == alert.AlertId).State);
    }

    private static AlertRuleSetting Rule(AlertRule rule, string pool, double threshold) => new() { Rule = rule.ToMessage(), PoolId = pool, Enabled = true, Threshold = threshold, Severity = AlertSeverity.Critical.ToMessage() };

    private static SaveAlertChannelRequest Mail(MailServer server) => new()
    {
        Channel = new()
        {
            Name = "Informática", Kind = AlertChannelKind.Mail, LeastSeverity = AlertSeverity.Warning.ToMessage(), Language = "pt", Server = $"127.0.0.1:{server.StartTlsPort}", Authorities = server.Authority.Pem,
            UserName = MailServer.UserName, Sender = "montalegre@camara.example", Recipients = { "ana@camara.example", "nobody@camara.example", "rui@camara.example" },
        },
        Secret = MailServer.Password,
    };

    private static SaveAlertChannelRequest Web(WebReceiver receiver) => new()
    {
        Channel = new() { Name = "Central", Kind = AlertChannelKind.Webhook, LeastSeverity = AlertSeverity.Info.ToMessage(), Language = "en", Url = receiver.Address + "/alertas", Authorities = receiver.Authority.Pem },
        Secret = "chave da assinatura",
    };

    private static AlertBreach Silent(string name) => new(new(AlertRule.AgentSilent, "machine", name, name, null, 200, ""), AlertRule.AgentSilent.Facts().Usual);

    private Task<AlertsApplied> PassAsync(params AlertBreach[] breaches) => Get<ApplyAlerts>().RunAsync(breaches, Enum.GetValues<AlertRule>(), 5);

    private async Task SendAsync()
    {
        while (await Get<SendAlerts>().RunOnceAsync(Ct)) { }
    }

    private T Get<T>() where T : notnull => _broker.Services.GetRequiredService<T>();

    private static async Task<string?> ReasonAsync<T>(Func<Task<T>> call) => (await Assert.ThrowsAsync<RpcException>(call)).Trailers.GetValue("reason");
}
