using System.Net;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using Montalegre.Vdi.Contracts.Common.V1;
using Montalegre.Vdi.Gateway.Hosting;
using Montalegre.Vdi.Gateway.Listening;
using Montalegre.Vdi.Gateway.Tests.Fakes;
using Montalegre.Vdi.Protocol.Negotiation;

namespace Montalegre.Vdi.Gateway.Tests;

public sealed class LimitTests
{
    private static readonly IPAddress Office = IPAddress.Parse("192.0.2.7");
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void Address_has_so_many_handshakes_at_once_and_not_one_more()
    {
        var limits = Limits(new() { HandshakesPerAddress = 2 });
        Assert.Equal(AddressLimits.Entry.Allowed, limits.TryEnter(Office));
        Assert.Equal(AddressLimits.Entry.Allowed, limits.TryEnter(Office));
        Assert.Equal(AddressLimits.Entry.TooManyAtOnce, limits.TryEnter(Office));
        Assert.Equal(AddressLimits.Entry.Allowed, limits.TryEnter(IPAddress.Parse("192.0.2.8")));
        limits.HandshakeOver(Office);
        Assert.Equal(AddressLimits.Entry.Allowed, limits.TryEnter(Office));
    }

    [Fact]
    public void Relays_count_until_they_leave()
    {
        var limits = Limits(new() { ConnectionsPerAddress = 1 });
        limits.TryEnter(Office);
        limits.HandshakeOver(Office);
        Assert.Equal(AddressLimits.Entry.TooManyAtOnce, limits.TryEnter(Office));
        limits.Leave(Office);
        Assert.Equal(AddressLimits.Entry.Allowed, limits.TryEnter(Office));
    }

    [Fact]
    public void Rate_refills_with_time()
    {
        var limits = Limits(new() { ConnectionsPerSecond = 1 });
        for (var i = 0; i < 4; i++) Assert.Equal(AddressLimits.Entry.Allowed, limits.TryEnter(Office));
        Assert.Equal(AddressLimits.Entry.TooFast, limits.TryEnter(Office));
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(AddressLimits.Entry.Allowed, limits.TryEnter(Office));
    }

    [Fact]
    public void Neighbours_in_one_ipv6_prefix_count_as_one()
    {
        var limits = Limits(new() { HandshakesPerAddress = 1 });
        Assert.Equal(AddressLimits.Entry.Allowed, limits.TryEnter(IPAddress.Parse("2001:db8:1:1::5")));
        Assert.Equal(AddressLimits.Entry.TooManyAtOnce, limits.TryEnter(IPAddress.Parse("2001:db8:1:1:ffff::6")));
        Assert.Equal(AddressLimits.Entry.Allowed, limits.TryEnter(IPAddress.Parse("2001:db8:1:2::5")));
    }

    [Fact]
    public void Guessing_tickets_is_stopped_for_the_rest_of_the_minute_and_told_once()
    {
        var limits = Limits(new() { WrongTicketsPerMinute = 3 });
        limits.TryEnter(Office);
        Assert.Equal([false, false, false, true, false], Enumerable.Range(0, 5).Select(_ => limits.CountWrongTicket(Office)));
        Assert.Equal(AddressLimits.Entry.TooManyWrongTickets, limits.TryEnter(Office));
        _time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(AddressLimits.Entry.Allowed, limits.TryEnter(Office));
    }

    [Fact]
    public async Task Connection_over_the_limit_is_closed_and_those_inside_go_on()
    {
        await using var gateway = await TestGateway.StartAsync(new FakeRedeemer(), null, ("Gateway:Limits:HandshakesPerAddress", "2"));
        using var one = await RawClient.ConnectAsync(gateway.Address);
        using var two = await RawClient.ConnectAsync(gateway.Address);
        try
        {
            using var three = await RawClient.ConnectAsync(gateway.Address);
            Assert.True(await three.IsClosedAsync());
        }
        catch (System.Net.Sockets.SocketException e) when (e.SocketErrorCode == System.Net.Sockets.SocketError.ConnectionReset)
        {
            // The reset came before connect had returned, which says the same.
        }
        await one.SendAsync(RawClient.Request(FakeRedeemer.Unknown()));
        Assert.IsType<ConnectionConfirm.Failed>(await one.AnswerAsync());
    }

    [Fact]
    public async Task Silent_client_is_let_go_after_ten_seconds()
    {
        await using var gateway = await TestGateway.StartAsync(new FakeRedeemer(), _time);
        using var client = await RawClient.ConnectAsync(gateway.Address);
        await client.SendAsync([0x03]);                     // one byte and then nothing
        var closed = client.IsClosedAsync();
        // The clock moves until the gateway, which started its own timer at an unknown instant, sees the deadline pass.
        while (!closed.IsCompleted)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }
        Assert.True(await closed);
    }

    [Fact]
    public async Task Request_that_comes_byte_by_byte_is_read_like_any_other()
    {
        await using var gateway = await TestGateway.StartAsync(new FakeRedeemer());
        using var client = await RawClient.ConnectAsync(gateway.Address);
        foreach (var b in RawClient.Request(FakeRedeemer.Unknown())) await client.SendAsync([b]);
        Assert.IsType<ConnectionConfirm.Failed>(await client.AnswerAsync());
        Assert.Equal(ReasonCode.TicketUnknown, (await gateway.NextReportAsync()).Failed.Code);
    }

    private AddressLimits Limits(AddressLimitsOptions limits) =>
        new(Options.Create(new GatewayOptions { Limits = limits }), _time);
}
