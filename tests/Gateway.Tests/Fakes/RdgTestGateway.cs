using System.Net;
using System.Net.WebSockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Montalegre.Vdi.Contracts.Gateway.V1;
using Montalegre.Vdi.Gateway.Hosting;
using Montalegre.Vdi.Gateway.Listening;
using Montalegre.Vdi.Gateway.Portal;
using Montalegre.Vdi.Gateway.RdGateway;
using Montalegre.Vdi.Gateway.Relay;
using Montalegre.Vdi.Gateway.Reports;
using Montalegre.Vdi.Gateway.Tickets;

namespace Montalegre.Vdi.Gateway.Tests.Fakes;

/// <summary>The real web server with pages and RD Gateway on one free loopback port, and tickets answered in the process.</summary>
internal sealed class RdgTestGateway : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly string _state = Directory.CreateTempSubdirectory("rdg-test-").FullName;
    private readonly WebApplication _app;

    private RdgTestGateway(ITicketRedeemer? redeemer, TimeProvider? time, IEnumerable<(string Key, string Value)> settings)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Gateway:RdpListen"] = "127.0.0.1:0",
            ["Gateway:Name"] = "gateway.test",
            ["Gateway:StateDirectory"] = Path.Combine(_state, "gateway"),
            ["Gateway:StopGrace"] = "00:00:00",
            ["Gateway:Portal:Listen"] = "127.0.0.1:0",
            ["Portal:Broker"] = "https://127.0.0.1:1",          // no page of these tests asks it
        });
        // A test program that stands still for a while is no client or machine that does not answer; a clock of the test's own stands still with it.
        if (time is null)
        {
            foreach (var key in new[] { "FirstRequestDeadline", "HandshakeDeadline" }) builder.Configuration[$"Gateway:{key}"] = "00:03:00";
            foreach (var key in new[] { "MachineDeadline", "BrokerRetryBudget" }) builder.Configuration[$"Gateway:{key}"] = "00:01:00";
        }
        foreach (var (key, value) in settings) builder.Configuration[key] = value;
        builder.Logging.ClearProviders().SetMinimumLevel(LogLevel.Debug);
        builder.Services.AddSingleton<ILoggerProvider>(Log);
        if (time is not null) builder.Services.AddSingleton(time);
        if (redeemer is null) builder.Services.AddBroker();
        else builder.Services.AddSingleton(redeemer);
        builder.Services.AddRdpDoor();
        builder.AddPortalDoor();
        _app = builder.Build();
        _app.MapGet("/health", () => "ok");
        _app.MapGet("/bytes/{count}", (int count) => Results.Bytes(Pattern(count)));
        _app.MapGet("/patient", (HttpContext context) => WaitForClientToLeaveAsync(context.RequestAborted));
        _app.MapPortalDoor();
        _app.Map("/echo-socket", EchoAsync);
    }

    public RecordedLog Log { get; } = new();

    /// <summary>Ends when a client has asked for <c>/patient</c>.</summary>
    public TaskCompletionSource PatientCame { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Ends when a client of <c>/patient</c>, which is never answered, has left.</summary>
    public TaskCompletionSource PatientLeft { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>What <c>/bytes</c> answers.</summary>
    public static byte[] Pattern(int count) => [.. Enumerable.Range(0, count).Select(i => (byte)(i * 7 ^ i >> 8))];

    public IPEndPoint Rdp => _app.Services.GetRequiredService<DoorListener>().Address;

    public IPEndPoint Address => new(IPAddress.Loopback, new Uri(_app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single()).Port);

    public OpenConnections Connections => _app.Services.GetRequiredService<OpenConnections>();

    public IServiceProvider Services => _app.Services;

    public RdgPairs Pairs => _app.Services.GetRequiredService<RdgPairs>();

    public static async Task<RdgTestGateway> StartAsync(ITicketRedeemer redeemer, TimeProvider? time = null, params (string Key, string Value)[] settings)
    {
        var gateway = new RdgTestGateway(redeemer, time, settings);
        await gateway._app.StartAsync();
        return gateway;
    }

    /// <summary>A gateway that has to join, sign people in and redeem at this broker, as in production.</summary>
    public static async Task<RdgTestGateway> StartAsync(ScriptedBroker broker, params (string Key, string Value)[] settings)
    {
        var token = Path.GetTempFileName();
        await File.WriteAllTextAsync(token, broker.JoinToken + "\n");
        var gateway = new RdgTestGateway(null, null,
        [
            ("Gateway:JoinTokenFile", token), ("Gateway:BrokerEnrolment", broker.Address.AbsoluteUri), ("Gateway:BrokerChannel", broker.Address.AbsoluteUri),
            ("Gateway:BrokerAuthoritySha256", broker.AuthoritySha256), ("Portal:Broker", broker.Address.AbsoluteUri), .. settings,
        ]);
        await gateway._app.StartAsync();
        Assert.True(await Eventually.IsTrueAsync(() => gateway.Log.Lines.Any(l => l.Text.StartsWith("4050", StringComparison.Ordinal)), Patience), "The gateway did not join.");
        return gateway;
    }

    private static async Task EchoAsync(HttpContext context)
    {
        using var socket = await context.WebSockets.AcceptWebSocketAsync();
        var buffer = new byte[32 * 1024];
        while (await socket.ReceiveAsync(buffer, context.RequestAborted) is { MessageType: not WebSocketMessageType.Close } part)
            await socket.SendAsync(buffer.AsMemory(0, part.Count), WebSocketMessageType.Binary, part.EndOfMessage, context.RequestAborted);
        await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, context.RequestAborted);
    }

    private async Task WaitForClientToLeaveAsync(CancellationToken aborted)
    {
        PatientCame.TrySetResult();
        try { await Task.Delay(Timeout.Infinite, aborted); }
        finally { PatientLeft.TrySetResult(); }
    }

    public async Task<ConnectionReport> NextReportAsync() =>
        await _app.Services.GetRequiredService<ConnectionReports>().Waiting.ReadAsync().AsTask().WaitAsync(Patience);

    public Task StopAsync() => _app.StopAsync();

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
        Directory.Delete(_state, recursive: true);
    }
}
