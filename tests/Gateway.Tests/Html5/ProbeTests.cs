using Montalegre.Vdi.Contracts.Common.V1;
using Montalegre.Vdi.Contracts.Gateway.V1;
using Montalegre.Vdi.Gateway.Tests.Fakes;

namespace Montalegre.Vdi.Gateway.Tests.Html5;

/// <summary>The synthetic log-on that the broker orders: a real xrdp and a real worker, and no browser.</summary>
public sealed class ProbeTests(TypingMachine machine) : IClassFixture<TypingMachine>
{
    [Fact]
    public async Task A_log_on_with_nobody_in_front_says_when_the_first_picture_came_and_stays_open()
    {
        machine.Require();
        var redeemer = new FakeRedeemer();
        await using var gateway = await DesktopGateway.StartAsync(redeemer);
        var ticket = redeemer.NewTicket(machine.Address, machine.CertificateSha256, machine.UserName, machine.Password);
        gateway.Order(new ProbeDesktop { ProbeId = "p-1", Ticket = ticket });
        ConnectionReport[] said = [await gateway.NextReportAsync(), await gateway.NextReportAsync()];
        Assert.Single(said, r => r.KindCase == ConnectionReport.KindOneofCase.Opened);
        var probed = said.Single(r => r.KindCase == ConnectionReport.KindOneofCase.Probed).Probed;
        Assert.Equal(("p-1", ReasonCode.Unspecified), (probed.ProbeId, probed.Code));
        Assert.True(probed.RedeemedMs > 0 && probed.StartedMs >= probed.RedeemedMs && probed.PictureMs > probed.StartedMs, probed.ToString());
        Assert.Equal(1, gateway.Connections.Count);
        Assert.DoesNotContain(gateway.Log.Lines, l => l.Text.Contains(ticket, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_ticket_that_is_not_good_is_answered_with_its_reason()
    {
        await using var gateway = await DesktopGateway.StartAsync(new FakeRedeemer());
        gateway.Order(new ProbeDesktop { ProbeId = "p-2", Ticket = FakeRedeemer.Unknown() });
        var probed = (await gateway.NextReportAsync()).Probed;
        Assert.Equal(("p-2", ReasonCode.TicketUnknown, 0u), (probed.ProbeId, probed.Code, probed.PictureMs));
    }
}
