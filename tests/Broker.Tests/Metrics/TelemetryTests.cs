using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Montalegre.Vdi.Broker.Certificates;
using Montalegre.Vdi.Broker.Metrics;
using Montalegre.Vdi.Broker.Tests.Agents;
using Montalegre.Vdi.Contracts.Agent.V1;
using Montalegre.Vdi.Contracts.Gateway.V1;
using Montalegre.Vdi.Domain;
using Montalegre.Vdi.Rig;
using Montalegre.Vdi.Telemetry;

namespace Montalegre.Vdi.Broker.Tests.Metrics;

/// <summary>A whole broker that is watched: what Prometheus reads, and one trace from the call of a portal to the log-on's last phase.</summary>
public sealed partial class TelemetryTests(TestCluster cluster) : IAsyncLifetime
{
    private readonly TestBroker _broker = new(cluster) { Leads = false };
    private TraceCollector _collector = null!;
    private Arrange _rows = null!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _collector = await TraceCollector.StartAsync();
        await _broker.StartAsync(["--Telemetry:Prometheus=127.0.0.1:0", $"--Telemetry:Otlp={_collector.Address}",
            "--Gateways:AgentBackWithin=00:00:03", "--Gateways:PrepareWithin=00:00:25"]);
        _rows = new Arrange(_broker.Database.DataSource);
    }

    public async ValueTask DisposeAsync()
    {
        await _broker.DisposeAsync();
        await _collector.DisposeAsync();
    }

    [Fact]
    public async Task A_launch_is_one_trace_from_the_call_over_the_agent_to_the_desktop_and_the_ready_dashboard_shows_it()
    {
        var trace = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
        var pool = await _rows.PoolAsync("floating");
        var machine = await _rows.MachineAsync(pool, "available");
        await using var agent = await ConnectedAgent.ConnectAsync(_broker.Channel(await _broker.IssueAsync(PeerKind.Machine, machine.Value)), "boot", null);
        await agent.WelcomedAsync();

        await _rows.OperationAsync(await _rows.MachineAsync("floating", "provisioning"), "provision", "start");
        var ready = await LaunchAsync(pool, $"00-{trace}-00f067aa0ba902b7-01");
        // Its thirty seconds are for people; a slow machine may need them for the certificate of the gateway.
        await _rows.ExecuteAsync("update ticket set expires_at = now() + interval '10 minutes' where session_id = @id", new { id = Guid.Parse(ready.SessionId) });
        var gateway = Guid.NewGuid();
        await _rows.ExecuteAsync("insert into gateway (gateway_id, name, rdp_address) values (@gateway, @gateway::text, '127.0.0.1:3389')", new { gateway });
        var redeemed = await new GatewayChannel.GatewayChannelClient(_broker.Channel(await _broker.IssueAsync(PeerKind.Gateway, gateway)))
            .RedeemAsync(new RedeemRequest { Ticket = ready.Ticket, ClientAddress = "127.0.0.1" }, cancellationToken: Ct);
        Assert.Equal(trace, redeemed.Target.TraceParent.Split('-')[1]);
        Assert.Equal(trace, Assert.Single(agent.Commands).PrepareSignIn.TraceParent.Split('-')[1]);

        var began = DateTimeOffset.UtcNow.AddSeconds(-2);
        await agent.SayAsync(new() { Phase = new() { SessionId = ready.SessionId, Phase = "desktop", StartedAt = began.ToTimestamp(), EndedAt = began.AddSeconds(2).ToTimestamp() } });

        var id = Convert.FromHexString(trace);
        await Until.TrueAsync(() => Task.FromResult(_collector.Has(id, Encoding.UTF8.GetBytes("redeem ticket")) && _collector.Has(id, Encoding.UTF8.GetBytes("log-on: desktop"))), "both spans at the collector");
        // The broker counts by itself too, and what it read before the launch may be put in the place of what is counted here.
        var (reserved, page) = ($@"(?m)^montalegre_machines\{{.*pool=""{pool.Value}"".*state=""reserved"".*\}} 1", "");
        await Until.TrueAsync(async () =>
        {
            await _broker.Services.GetRequiredService<FleetMetrics>().CountAsync(Ct);
            page = await ScrapeAsync();
            return Regex.IsMatch(page, reserved);
        }, "the reserved machine is counted");
        Assert.Matches(@"(?m)^montalegre_launches_total\{.*outcome=""started"".*\} [1-9]", page);
        Assert.Matches(@"(?m)^montalegre_logon_phase_duration_seconds_count\{.*phase=""desktop"".*\} [1-9]", page);
        await AssertDashboardAsync(page);
    }

    [Fact]
    public async Task Without_settings_nothing_is_traced_and_no_door_is_open()
    {
        await using var plain = new TestBroker(cluster) { Leads = false };
        await plain.StartAsync([]);

        Assert.DoesNotContain(plain.Services.GetServices<IHostedService>(), s => s is MetricsPage);
    }

    [Fact]
    public void Wrong_settings_are_named_with_the_way_out() =>
        Assert.Equal(3, new TelemetryOptions { Prometheus = "everywhere", Otlp = "collector", TraceShare = 2 }.Problems().Count());

    // What the gateway tells is in its own process.
    private static async Task AssertDashboardAsync(string page)
    {
        var told = Told().Matches(page).Select(m => m.Groups[1].Value).ToHashSet(StringComparer.Ordinal);
        var dashboard = await File.ReadAllTextAsync(Checkout.Path("docs/grafana/montalegre-vdi.json"), Ct);
        var asked = Asked().Matches(dashboard).Select(m => m.Value).Where(n => !n.StartsWith("montalegre_gateway_", StringComparison.Ordinal)).Distinct().ToList();
        Assert.NotEmpty(asked);
        Assert.DoesNotContain(asked, a => !told.Contains(a) && !told.Contains(Regex.Replace(a, "_(bucket|count|sum)$", "")));
    }

    private async Task<LaunchReady> LaunchAsync(PoolId pool, string traceParent)
    {
        var user = await _rows.UserAsync();
        var token = RandomNumberGenerator.GetBytes(32);
        await _rows.ExecuteAsync("""
            with signed as (insert into sign_in (token_sha256, user_id, audience, expires_at) values (@hash, @user, 'employee', now() + interval '1 hour'))
            insert into entitlement (pool_id, user_id) values (@pool, @user)
            """, new { hash = SHA256.HashData(token), user = user.Value, pool = pool.Value });
        var headers = new Metadata { { "authorization", $"Bearer {Base64Url.EncodeToString(token)}" }, { "traceparent", traceParent } };
        using var call = new Employee.EmployeeClient(_broker.Api()).Launch(new() { PoolId = pool.Value.ToString(), RequestId = Guid.NewGuid().ToString() }, headers, DateTime.UtcNow.AddMinutes(3), Ct);
        while (await call.ResponseStream.MoveNext(Ct))
            if (call.ResponseStream.Current.Ready is { } ready) return ready;
        throw new InvalidOperationException("The launch gave no machine.");
    }

    private async Task<string> ScrapeAsync()
    {
        using var http = new HttpClient();
        var page = _broker.Services.GetServices<IHostedService>().OfType<MetricsPage>().Single();
        return await http.GetStringAsync(new Uri($"{page.Address}/metrics"), Ct);
    }

    [GeneratedRegex(@"(?m)^# TYPE (\S+)")]
    private static partial Regex Told();

    [GeneratedRegex(@"montalegre_[a-z_]+")]
    private static partial Regex Asked();
}
