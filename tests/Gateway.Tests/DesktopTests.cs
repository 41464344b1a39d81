using Montalegre.Vdi.Contracts.Common.V1;
using Montalegre.Vdi.Contracts.Gateway.V1;
using Montalegre.Vdi.Gateway.Tests.Desktops;
using Montalegre.Vdi.Gateway.Tests.Fakes;

namespace Montalegre.Vdi.Gateway.Tests;

/// <summary>A real xfreerdp, the real door, a real xrdp and a real Linux session.</summary>
public sealed class DesktopTests(XrdpMachine machine) : IClassFixture<XrdpMachine>
{
    [Fact]
    public async Task Desktop_appears_through_the_gateway_without_the_persons_password()
    {
        machine.Require();
        var redeemer = new FakeRedeemer();
        await using var gateway = await TestGateway.StartAsync(redeemer);
        await using var screen = await RdpScreen.StartAsync();
        var ticket = redeemer.NewTicket(machine.Address, machine.CertificateSha256, machine.UserName, machine.Password);

        var client = screen.Connect(gateway.Address, ticket);

        Assert.True(await screen.ShowsAsync(XrdpMachine.DesktopColor), client.Output + machine.Logs);
        var opened = await gateway.NextReportAsync();
        Assert.Equal(ConnectionReport.KindOneofCase.Opened, opened.KindCase);
        Assert.Equal("127.0.0.1", opened.Opened.ClientAddress);
        Assert.Equal("office-7", opened.Opened.ClientName);

        await client.DisposeAsync();
        var closed = await gateway.NextReportAsync();
        Assert.Equal("ClientClosed", closed.Closed.End);
        Assert.True(closed.Closed.BytesFromMachine > 1000);
        Assert.DoesNotContain(gateway.Log.Lines, l => l.Text.Contains(ticket, StringComparison.Ordinal) || l.Text.Contains(machine.Password, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Ticket_that_was_used_once_opens_nothing_again()
    {
        machine.Require();
        var redeemer = new FakeRedeemer();
        await using var gateway = await TestGateway.StartAsync(redeemer);
        await using var screen = await RdpScreen.StartAsync();
        var ticket = redeemer.NewTicket(machine.Address, machine.CertificateSha256, machine.UserName, machine.Password);
        var first = screen.Connect(gateway.Address, ticket);
        Assert.True(await screen.ShowsAsync(XrdpMachine.DesktopColor), first.Output + machine.Logs);
        Assert.Equal(ConnectionReport.KindOneofCase.Opened, (await gateway.NextReportAsync()).KindCase);

        await using var elsewhere = await RdpScreen.StartAsync();
        var second = elsewhere.Connect(gateway.Address, ticket);
        await second.ExitedAsync(TimeSpan.FromMinutes(2));

        Assert.NotEqual(0, second.ExitCode);
        Assert.Equal(ReasonCode.TicketUsed, (await gateway.NextReportAsync()).Failed.Code);
        Assert.False(first.HasExited);
    }

    [Fact]
    public async Task Client_whose_connection_broke_comes_back_by_itself_with_the_same_ticket()
    {
        machine.Require();
        var redeemer = new FakeRedeemer { LetsComeBack = true };
        await using var gateway = await TestGateway.StartAsync(redeemer);
        await using var screen = await RdpScreen.StartAsync();
        var ticket = redeemer.NewTicket(machine.Address, machine.CertificateSha256, machine.UserName, machine.Password);
        var client = screen.Connect(gateway.Address, ticket, "+auto-reconnect");
        Assert.True(await screen.ShowsAsync(XrdpMachine.DesktopColor), client.Output + machine.Logs);
        var sessions = machine.Sessions();

        await gateway.Connections.EndAllAsync(Relay.RelayEnd.GatewayStopping);

        // A client that waited too long for a slow machine tries once more.
        Assert.True(await Eventually.IsTrueAsync(() => redeemer.Presented.Count >= 2 && gateway.Connections.Count == 1, TimeSpan.FromMinutes(2)), client.Output);
        Assert.All(redeemer.Presented, p => Assert.Equal(ticket, p.Ticket));
        Assert.True(await screen.ShowsAsync(XrdpMachine.DesktopColor), client.Output + machine.Logs);
        Assert.Equal(sessions, machine.Sessions());
    }

    [Fact]
    public async Task Clients_of_every_colour_depth_come_to_the_same_session()
    {
        machine.Require();
        var redeemer = new FakeRedeemer();
        await using var gateway = await TestGateway.StartAsync(redeemer);
        int[]? session = null;
        foreach (var depth in new[] { "/bpp:16", "/bpp:24", "/bpp:32" })
        {
            await using var screen = await RdpScreen.StartAsync();
            var ticket = redeemer.NewTicket(machine.Address, machine.CertificateSha256, machine.UserName, machine.Password);
            var client = screen.Connect(gateway.Address, ticket, depth);
            Assert.True(await screen.ShowsAsync(XrdpMachine.DesktopColor), depth + client.Output + machine.Logs);
            session ??= machine.Sessions();
            Assert.Single(session);
            Assert.Equal(session, machine.Sessions());
        }
    }
}
