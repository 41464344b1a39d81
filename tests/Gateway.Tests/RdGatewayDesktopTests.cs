using Montalegre.Vdi.Contracts.Common.V1;
using Montalegre.Vdi.Contracts.Gateway.V1;
using Montalegre.Vdi.Gateway.Tests.Desktops;
using Montalegre.Vdi.Gateway.Tests.Fakes;
using Montalegre.Vdi.Rig.Stack;

namespace Montalegre.Vdi.Gateway.Tests;

/// <summary>A real xfreerdp through the real RD Gateway to a real xrdp and a real Linux session. Debian 12 has FreeRDP 2.11 only.</summary>
public sealed class RdGatewayDesktopTests(XrdpMachine machine) : IClassFixture<XrdpMachine>
{
    private const string Denied = "E_PROXY_COOKIE_AUTHENTICATION_ACCESS_DENIED";
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    [Theory]
    [InlineData("http")]
    [InlineData("http,no-websockets")]
    public async Task Desktop_appears_without_the_persons_password(string transport)
    {
        machine.Require();
        var redeemer = new FakeRedeemer();
        await using var gateway = await RdgTestGateway.StartAsync(redeemer);
        await using var screen = await RdpScreen.StartAsync();
        var ticket = redeemer.NewTicket(machine.Address, machine.CertificateSha256, machine.UserName, machine.Password);

        var client = Connect(screen, gateway, ticket, transport);

        Assert.True(await screen.ShowsAsync(XrdpMachine.DesktopColor), client.Output + string.Join('\n', gateway.Log.Lines) + machine.Logs);
        Assert.Equal(TicketCarrier.RdGateway, redeemer.Presented.Single().Carrier);
        var opened = await gateway.NextReportAsync();
        Assert.Equal(ConnectionReport.KindOneofCase.Opened, opened.KindCase);
        Assert.Equal(("127.0.0.1", "office-7"), (opened.Opened.ClientAddress, opened.Opened.ClientName));

        await client.DisposeAsync();
        var closed = await gateway.NextReportAsync();
        Assert.Equal("ClientClosed", closed.Closed.End);
        Assert.True(closed.Closed.BytesFromMachine > 1000);
        Assert.DoesNotContain(gateway.Log.Lines, l => l.Text.Contains(ticket, StringComparison.Ordinal) || l.Text.Contains(machine.Password, StringComparison.Ordinal));
        Assert.DoesNotContain(gateway.Log.Lines, l => l.Level >= Microsoft.Extensions.Logging.LogLevel.Error);
    }

    [Theory]
    [InlineData("rdp at the pages' port")]
    [InlineData("rd-gateway at the rdp port")]
    [InlineData("preconnection blob at the pages' port")]
    public async Task Either_port_serves_every_client(string way)
    {
        machine.Require();
        var redeemer = new FakeRedeemer();
        await using var gateway = await RdgTestGateway.StartAsync(redeemer, null, ("Gateway:PreconnectionBlob", way.StartsWith("preconnection", StringComparison.Ordinal).ToString()));
        await using var screen = await RdpScreen.StartAsync();
        var ticket = redeemer.NewTicket(machine.Address, machine.CertificateSha256, machine.UserName, machine.Password);

        var client = way switch
        {
            "rdp at the pages' port" => screen.Connect(gateway.Address, ticket),
            "rd-gateway at the rdp port" => screen.Connect(FakeRedeemer.MachineName, null, $"/g:{gateway.Rdp}", "/gt:http", $"/gat:{ticket}"),
            _ => screen.Connect(gateway.Address, null, $"/pcb:{ticket}"),
        };

        Assert.True(await screen.ShowsAsync(XrdpMachine.DesktopColor), client.Output + string.Join('\n', gateway.Log.Lines) + machine.Logs);
        Assert.Equal(ConnectionReport.KindOneofCase.Opened, (await gateway.NextReportAsync()).KindCase);
        Assert.DoesNotContain(gateway.Log.Lines, l => l.Text.Contains(ticket, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Person_who_was_disabled_loses_the_desktop_and_proof_is_asked_of_no_client_that_cannot_give_it()
    {
        machine.Require();
        var redeemer = new FakeRedeemer();
        await using var gateway = await RdgTestGateway.StartAsync(redeemer, null, ("Gateway:RecheckEvery", "00:00:01"), ("Gateway:RdGateway:ProveAgain", "true"));
        await using var screen = await RdpScreen.StartAsync();
        var client = Connect(screen, gateway, redeemer.NewTicket(machine.Address, machine.CertificateSha256, machine.UserName, machine.Password), "http");
        Assert.True(await screen.ShowsAsync(XrdpMachine.DesktopColor), client.Output + string.Join('\n', gateway.Log.Lines) + machine.Logs);
        Assert.False(client.HasExited);

        redeemer.Withdrawn[(await gateway.NextReportAsync()).ConnectionId] = ReasonCode.AccessWithdrawn;

        await client.ExitedAsync(Patience);
        Assert.Equal("AccessWithdrawn", (await gateway.NextReportAsync()).Closed.End);
    }

    [Fact]
    public async Task End_to_end_the_client_signs_in_itself_with_the_machines_own_certificate()
    {
        machine.Require();
        var redeemer = new FakeRedeemer();
        await using var gateway = await RdgTestGateway.StartAsync(redeemer);
        await using var screen = await RdpScreen.StartAsync();
        var ticket = redeemer.NewTicket(machine.Address, machine.CertificateSha256, endToEnd: true);

        var client = Connect(screen, gateway, ticket, "http", $"/u:{machine.UserName}", $"/p:{machine.Password}");

        Assert.True(await screen.ShowsAsync(XrdpMachine.DesktopColor), client.Output + string.Join('\n', gateway.Log.Lines) + machine.Logs);
        Assert.Equal(ConnectionReport.KindOneofCase.Opened, (await gateway.NextReportAsync()).KindCase);
    }

    [Fact]
    public async Task Wrong_and_used_tickets_and_a_wrong_target_are_named_to_the_person()
    {
        machine.Require();
        var redeemer = new FakeRedeemer();
        await using var gateway = await RdgTestGateway.StartAsync(redeemer);
        await using var screen = await RdpScreen.StartAsync();

        Assert.Contains(Denied, await EndedAsync(Connect(screen, gateway, FakeRedeemer.Unknown(), "http")), StringComparison.Ordinal);
        Assert.Equal(ReasonCode.TicketUnknown, (await gateway.NextReportAsync()).Failed.Code);
        Assert.Contains(Denied, await EndedAsync(Connect(screen, gateway, FakeRedeemer.Unknown(), "http,no-websockets")), StringComparison.Ordinal);
        Assert.Equal(ReasonCode.TicketUnknown, (await gateway.NextReportAsync()).Failed.Code);

        var ticket = redeemer.NewTicket(machine.Address, machine.CertificateSha256);
        Assert.Contains("E_PROXY_RAP_ACCESSDENIED", await EndedAsync(Connect(screen, gateway, ticket, "http", "/v:10.0.0.1")), StringComparison.Ordinal);
        Assert.Equal(ReasonCode.NotAllowed, (await gateway.NextReportAsync()).Failed.Code);
        Assert.Contains(Denied, await EndedAsync(Connect(screen, gateway, ticket, "http")), StringComparison.Ordinal);
        Assert.Equal(ReasonCode.TicketUsed, (await gateway.NextReportAsync()).Failed.Code);

        var away = redeemer.NewTicket(new(System.Net.IPAddress.Loopback, LoopbackPorts.Free()), machine.CertificateSha256);
        Assert.Contains("E_PROXY_TS_CONNECTFAILED", await EndedAsync(Connect(screen, gateway, away, "http")), StringComparison.Ordinal);
        Assert.Equal(ReasonCode.MachineDidNotAnswer, (await gateway.NextReportAsync()).Failed.Code);
    }

    private static OwnProcess Connect(RdpScreen screen, RdgTestGateway gateway, string ticket, string transport, params string[] more) =>
        screen.Connect(FakeRedeemer.MachineName, null, [$"/g:{gateway.Address}", $"/gt:{transport}", $"/gat:{ticket}", .. more]);

    private static async Task<string> EndedAsync(OwnProcess client)
    {
        await client.ExitedAsync(Patience);
        Assert.NotEqual(0, client.ExitCode);
        return client.Output;
    }
}
