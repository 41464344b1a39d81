using System.Net;
using Grpc.Core;
using Microsoft.Extensions.Time.Testing;
using Montalegre.Vdi.Contracts.Common.V1;
using Montalegre.Vdi.Contracts.Gateway.V1;
using Montalegre.Vdi.Gateway.Assistance;
using Montalegre.Vdi.Gateway.Relay;
using Montalegre.Vdi.Gateway.Tests.Fakes;
using Montalegre.Vdi.Protocol.Html5;
using Montalegre.Vdi.Rig;

namespace Montalegre.Vdi.Gateway.Tests;

/// <summary>What gateway and broker say to each other of assistances, over real gRPC and mutual TLS.</summary>
public sealed class AssistanceLinkTests
{
    [Fact]
    public async Task Gateway_says_where_its_pages_are_hears_orders_and_answers_for_desktops_it_does_not_show()
    {
        using var broker = new ScriptedBroker();
        await broker.StartAsync();
        await using var gateway = await TestGateway.StartAsync(broker, ("Gateway:Portal:Listen", "127.0.0.1:8443"), ("Gateway:Portal:PublicAddress", "https://desktops.example.pt"));

        Ask(broker, "one");
        Assert.Equal("end one Connection", await broker.Assistances.NextAsync());

        var follow = Assert.Single(broker.Assistances.Follows);
        Assert.Equal(("https://desktops.example.pt", 8443u), (follow.PortalAddress, follow.PortalPort));
        var redeemed = await gateway.AssistanceBroker.RedeemAsync("a ticket", IPAddress.Parse("10.1.2.3"), TestContext.Current.CancellationToken);
        Assert.Equal((ReasonCode.TicketUsed, "a ticket 10.1.2.3"), (redeemed.Refused.Code, redeemed.Refused.Reference));
        await broker.StopAsync();
    }

    [Fact]
    public async Task What_happened_while_the_broker_was_away_is_told_in_order_when_it_is_back()
    {
        using var broker = new ScriptedBroker();
        await broker.StartAsync();
        await using var gateway = await TestGateway.StartAsync(broker);
        await HearsAsync(broker, gateway, "first");

        await broker.StopAsync();
        gateway.AssistanceReports.Answered("second", granted: true);
        gateway.AssistanceReports.Over("second", AssistanceEnd.Person);
        var away = await gateway.AssistanceBroker.RedeemAsync("a ticket", IPAddress.Loopback, TestContext.Current.CancellationToken);
        Assert.Equal(ReasonCode.BrokerUnavailable, away.Refused.Code);

        await broker.StartAsync();
        Assert.Equal("answer second True", await broker.Assistances.NextAsync());
        Assert.Equal("end second Person", await broker.Assistances.NextAsync());
        Assert.True(await Eventually.IsTrueAsync(() => broker.Assistances.Follows.Count >= 2, TimeSpan.FromSeconds(60)));
        Ask(broker, "third");
        Assert.Equal("end third Connection", await broker.Assistances.NextAsync());
        await broker.StopAsync();
    }

    [Fact]
    public async Task News_that_the_broker_will_never_take_does_not_hold_up_the_next()
    {
        using var broker = new ScriptedBroker();
        await broker.StartAsync();
        await using var gateway = await TestGateway.StartAsync(broker);
        broker.Assistances.Trouble = StatusCode.InvalidArgument;
        gateway.AssistanceReports.Answered("nonsense", granted: true);
        Assert.True(await Eventually.IsTrueAsync(() => gateway.Log.Lines.Any(l => l.Text.StartsWith("4081", StringComparison.Ordinal)), TimeSpan.FromSeconds(60)));
        broker.Assistances.Trouble = null;
        gateway.AssistanceReports.Over("next", AssistanceEnd.Person);
        Assert.Equal("end next Person", await broker.Assistances.NextAsync());
        await broker.StopAsync();
    }

    [Fact]
    public async Task Assistance_ends_when_the_broker_has_been_away_for_a_minute_and_not_because_it_says_nothing()
    {
        // Deadlines of calls are compared with the system's clock, which goes on while this one stands.
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow.AddHours(1));
        using var broker = new ScriptedBroker();
        await broker.StartAsync();
        await using var gateway = await TestGateway.StartAsync(broker, time);
        var desktop = new WatchedDesktop(gateway.AssistanceReports, time);
        gateway.Connections.Add(new("c1", "s1", "m1", IPAddress.Loopback, "browser", time.GetUtcNow(), time.GetUtcNow(), desktop));
        await desktop.Assistance.ApplyAsync(new() { AssistanceId = "one", ConnectionId = "c1", Step = AssistanceStep.Granted, Who = "Rosa" });
        await HearsAsync(broker, gateway, "first", time);

        time.Advance(TimeSpan.FromMinutes(10));
        Assert.False(gateway.AssistanceReports.Waiting.TryPeek(out _), "It ended although the broker was there.");

        // Away for less than a minute, and back.
        var before = Broken(gateway);
        await broker.StopAsync();
        await BrokenAsync(gateway, before + 1);
        await broker.StartAsync();
        time.Advance(Minute - TimeSpan.FromSeconds(5));
        Assert.True(await Eventually.IsTrueAsync(() =>
        {
            time.Advance(TimeSpan.FromMilliseconds(1));
            return broker.Assistances.Follows.Count >= 2;
        }, TimeSpan.FromSeconds(60)));
        await HearsAsync(broker, gateway, "second");
        time.Advance(TimeSpan.FromMinutes(10));
        Assert.False(gateway.AssistanceReports.Waiting.TryPeek(out _), "It ended although the broker was back in time.");

        before = Broken(gateway);
        await broker.StopAsync();
        await BrokenAsync(gateway, before + 1);
        time.Advance(Minute - TimeSpan.FromMilliseconds(1));
        Assert.False(gateway.AssistanceReports.Waiting.TryPeek(out _), "It ended too early.");
        time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.True(gateway.AssistanceReports.Waiting.TryPeek(out var news));
        Assert.Equal(new AssistanceNews.Over("one", AssistanceEnd.Gateway), news);
        Assert.Equal(NoticeCode.NobodyLooks, (NoticeCode)desktop.Told.Last()[1]);
    }

    private static readonly TimeSpan Minute = TimeSpan.FromSeconds(60);

    /// <summary>Waits until the gateway has heard something on the broker's stream, and has nothing more to say: a broker that stops before its answer arrived is told again.</summary>
    /// <param name="time">Goes on a little meanwhile: whoever found the broker not ready comes again by this clock.</param>
    private static async Task HearsAsync(ScriptedBroker broker, TestGateway gateway, string id, FakeTimeProvider? time = null)
    {
        Ask(broker, id);
        var told = broker.Assistances.NextAsync();
        await Eventually.IsTrueAsync(() =>
        {
            time?.Advance(TimeSpan.FromMilliseconds(20));
            return told.IsCompleted;
        }, TimeSpan.FromSeconds(60));
        Assert.Equal($"end {id} Connection", await told);
        Assert.True(await Eventually.IsTrueAsync(() => !gateway.AssistanceReports.Waiting.TryPeek(out _), TimeSpan.FromSeconds(60)));
    }

    private static int Broken(TestGateway gateway) => gateway.Log.Lines.Count(l => l.Text.StartsWith("4080", StringComparison.Ordinal));

    private static async Task BrokenAsync(TestGateway gateway, int times) =>
        Assert.True(await Eventually.IsTrueAsync(() => Broken(gateway) >= times, TimeSpan.FromSeconds(60)), string.Join('\n', gateway.Log.Lines.Select(l => l.Text)));

    /// <summary>A desktop of which nothing is there but who looks at it.</summary>
    private sealed class WatchedDesktop : ICarrier, IAssistedDesktop
    {
        public WatchedDesktop(AssistanceReports reports, TimeProvider time) => Assistance = new(
            message =>
            {
                Told.Add(message);
                return Task.CompletedTask;
            }, (_, _) => ValueTask.FromResult(true), reports, Minute, time);

        public DesktopAssistance Assistance { get; }

        public List<byte[]> Told { get; } = [];

        public long BytesFromClient => 0;

        public long BytesFromMachine => 0;

        public Task<RelayEnd> RunAsync() => throw new NotSupportedException("Nothing runs here.");

        public Task EndAsync(RelayEnd end) => Task.CompletedTask;
    }

    private static void Ask(ScriptedBroker broker, string id) => broker.Assistances.Updates.Writer.TryWrite(new()
    {
        Changes = new() { Orders = { new AssistanceOrder { AssistanceId = id, ConnectionId = Guid.NewGuid().ToString(), Step = AssistanceStep.Asked, Who = "Rosa" } } },
    });
}
