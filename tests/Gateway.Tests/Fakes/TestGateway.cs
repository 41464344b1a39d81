using System.Net;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Montalegre.Vdi.Contracts.Gateway.V1;
using Montalegre.Vdi.Gateway.Assistance;
using Montalegre.Vdi.Gateway.Hosting;
using Montalegre.Vdi.Gateway.Listening;
using Montalegre.Vdi.Gateway.Portal;
using Montalegre.Vdi.Gateway.RdpTcp;
using Montalegre.Vdi.Gateway.Relay;
using Montalegre.Vdi.Gateway.Reports;
using Montalegre.Vdi.Gateway.Tests.Desktops;
using Montalegre.Vdi.Gateway.Tickets;
using Montalegre.Vdi.Native.Posix;

namespace Montalegre.Vdi.Gateway.Tests.Fakes;

/// <summary>The real RDP door on a free loopback port, with tickets answered in the process.</summary>
internal sealed class TestGateway : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly IHost _host;
    private readonly string _state = Directory.CreateTempSubdirectory("gateway-test-").FullName;

    private TestGateway(ITicketRedeemer? redeemer, TimeProvider? time, IEnumerable<(string Key, string Value)> settings, TimeProvider? assistanceTime = null)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Gateway:RdpListen"] = "127.0.0.1:0",
            ["Gateway:Name"] = "gateway.test",
            ["Gateway:StateDirectory"] = Path.Combine(_state, "gateway"),
            ["Gateway:StopGrace"] = "00:00:00",
            ["Gateway:RefusalShownFor"] = "00:00:00",           // pages are the front end tests' subject
        });
        // A test program that stands still for a while is no client or machine that does not answer; a clock of the test's own stands still with it.
        if (time is null)
        {
            foreach (var key in new[] { "FirstRequestDeadline", "HandshakeDeadline" }) builder.Configuration[$"Gateway:{key}"] = "00:03:00";
            foreach (var key in new[] { "MachineDeadline", "BrokerRetryBudget" }) builder.Configuration[$"Gateway:{key}"] = "00:01:00";
        }
        foreach (var (key, value) in settings) builder.Configuration[key] = value;
        builder.Services.AddSingleton<ILoggerProvider>(Log);
        builder.Services.AddLogging(l => l.SetMinimumLevel(LogLevel.Debug));
        if (time is not null) builder.Services.AddSingleton(time);
        if (redeemer is null) AddBroker(builder.Services, assistanceTime ?? TimeProvider.System);
        else builder.Services.AddSingleton(redeemer);
        builder.Services.AddRdpDoor();
        _host = builder.Build();
    }

    public RecordedLog Log { get; } = new();

    public AssistanceReports AssistanceReports => _host.Services.GetRequiredService<AssistanceReports>();

    public IAssistanceBroker AssistanceBroker => _host.Services.GetRequiredService<AssistanceLink>();

    public IPEndPoint Address => _host.Services.GetRequiredService<DoorListener>().Address;

    /// <summary>Opens the door in another network namespace too; answers where.</summary>
    public IPEndPoint OpenIn(string network, IPAddress address) =>
        NetworkNamespace.Inside(network, () => _host.Services.GetRequiredService<DoorListener>().Open(new(address, 0), Served.Everything));

    public OpenConnections Connections => _host.Services.GetRequiredService<OpenConnections>();

    private static void AddBroker(IServiceCollection services, TimeProvider assistanceTime)
    {
        services.AddBroker();
        services.AddOptions<PortalDoorOptions>().BindConfiguration(PortalDoorOptions.Section);
        services.AddSingleton<AssistanceReports>();
        services.AddSingleton<AssistanceDesk>();
        services.AddSingleton(s => ActivatorUtilities.CreateInstance<AssistanceLink>(s, assistanceTime));
        services.AddHostedService(s => s.GetRequiredService<AssistanceLink>());
    }

    public static async Task<TestGateway> StartAsync(ITicketRedeemer redeemer, TimeProvider? time = null, params (string Key, string Value)[] settings)
    {
        var gateway = new TestGateway(redeemer, time, settings);
        await gateway._host.StartAsync();
        return gateway;
    }

    /// <summary>A gateway that has to join and redeem at this broker, as in production.</summary>
    public static Task<TestGateway> StartAsync(ScriptedBroker broker, params (string Key, string Value)[] settings) => StartAsync(broker, TimeProvider.System, settings);

    /// <param name="assistanceTime">The clock by which assistances are ended while the broker is away.</param>
    public static async Task<TestGateway> StartAsync(ScriptedBroker broker, TimeProvider assistanceTime, params (string Key, string Value)[] settings)
    {
        var token = Path.GetTempFileName();
        await File.WriteAllTextAsync(token, broker.JoinToken + "\n");
        var before = broker.Shown.Count;
        var gateway = new TestGateway(null, null,
        [
            ("Gateway:JoinTokenFile", token), ("Gateway:BrokerEnrolment", broker.Address.AbsoluteUri), ("Gateway:BrokerChannel", broker.Address.AbsoluteUri),
            ("Gateway:BrokerAuthoritySha256", broker.AuthoritySha256), ("Gateway:StopGrace", "00:00:02"), .. settings,
        ], assistanceTime);
        await gateway._host.StartAsync();
        // A client that came before the join would be told that the broker is away; 4050 is joined, 4052 refused, or not reached and tried again.
        var mayJoin = settings.All(s => s.Key != "Gateway:BrokerAuthoritySha256");
        var settled = await Eventually.IsTrueAsync(() => Said("4050") || (!mayJoin && Said("4052")), Patience);
        Assert.True(settled, "The gateway neither joined nor failed to.");
        if (!mayJoin) return gateway;
        // What opens while the stream with the broker begins may be told twice: its beginning is over when this second word has come.
        gateway._host.Services.GetRequiredService<ConnectionReports>().Shown(gateway._host.Services.GetRequiredService<DoorCertificate>());
        Assert.True(await Eventually.IsTrueAsync(() => broker.Shown.Count >= before + 2, Patience), "The stream with the broker did not begin.");
        return gateway;

        bool Said(string id) => gateway.Log.Lines.Any(l => l.Text.StartsWith(id, StringComparison.Ordinal));
    }

    public string StateDirectory => Path.Combine(_state, "gateway");

    /// <summary>The next report to the broker; each is given once.</summary>
    public async Task<ConnectionReport> NextReportAsync() =>
        await _host.Services.GetRequiredService<ConnectionReports>().Waiting.ReadAsync().AsTask().WaitAsync(Patience);

    public Task StopAsync() => _host.StopAsync();

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        _host.Dispose();
        Directory.Delete(_state, recursive: true);
    }
}
