using System.Net;
using Grpc.Core;
using Montalegre.Vdi.Contracts.Common.V1;
using Montalegre.Vdi.Contracts.Gateway.V1;
using Montalegre.Vdi.Gateway.Tests.Fakes;
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
        Ask(broker, "first");
        Assert.Equal("end first Connection", await broker.Assistances.NextAsync());

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

    private static void Ask(ScriptedBroker broker, string id) => broker.Assistances.Updates.Writer.TryWrite(new()
    {
        Changes = new() { Orders = { new AssistanceOrder { AssistanceId = id, ConnectionId = Guid.NewGuid().ToString(), Step = AssistanceStep.Asked, Who = "Rosa" } } },
    });
}
