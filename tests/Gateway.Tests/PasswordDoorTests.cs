using Google.Protobuf;
using Montalegre.Vdi.Contracts.Common.V1;
using Montalegre.Vdi.Contracts.Gateway.V1;
using Montalegre.Vdi.Gateway.FrontEnd;
using Montalegre.Vdi.Gateway.Tests.Desktops;
using Montalegre.Vdi.Gateway.Tests.Fakes;
using Montalegre.Vdi.Gateway.Tests.Portal;

namespace Montalegre.Vdi.Gateway.Tests;

/// <summary>A real xfreerdp that brings a user name and a password instead of a ticket, and a real xrdp behind.</summary>
public sealed class PasswordDoorTests(XrdpMachine machine) : IClassFixture<XrdpMachine>
{
    private const string Maria = "/u:maria.goncalves";
    private static readonly string Password = $"/p:{FakeBroker.Password}";
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task Person_with_a_password_waits_in_view_of_the_queue_and_gets_the_desktop()
    {
        machine.Require();
        var people = new FakeBroker { MachineIsReady = FakeBroker.Pending(), NewTicket = FakeRedeemer.Unknown };
        using var broker = await StartBrokerAsync(people);
        await using var gateway = await StartGatewayAsync(broker);
        await using var screen = await RdpScreen.StartAsync();
        var client = screen.Connect(gateway.Address, null, Maria, Password);

        Assert.True(await Eventually.IsTrueAsync(() => AccentAsync(screen, PageColors.Heather), Patience), client.Output);
        await screen.KeepPictureAsync("door-waiting");
        people.MachineIsReady.SetResult();
        Assert.True(await screen.ShowsAsync(XrdpMachine.DesktopColor), client.Output + machine.Logs);

        Assert.True(people.SignIns.TryDequeue(out var signIn));
        Assert.Equal(("maria.goncalves", "127.0.0.1"), (signIn.UserName, signIn.ClientAddress));
        Assert.Equal("127.0.0.1", Assert.Single(people.Launches).ClientAddress);
        Assert.DoesNotContain(gateway.Log.Lines, l => l.Text.Contains(FakeBroker.Password, StringComparison.Ordinal));
        await broker.StopAsync();
    }

    [Fact]
    public async Task Free_machine_is_reached_without_a_page_and_by_the_desktops_name()
    {
        machine.Require();
        var people = new FakeBroker { NewTicket = FakeRedeemer.Unknown, Desktops = [FakeBroker.Ready("Outra"), FakeBroker.Ready("Secretaria Ágil")] };
        people.Desktops[1].PoolId = Guid.NewGuid().ToString();
        using var broker = await StartBrokerAsync(people);
        await using var gateway = await StartGatewayAsync(broker);
        await using var screen = await RdpScreen.StartAsync();
        var client = screen.Connect(gateway.Address, null, "/u:secretaria agil\\maria.goncalves", Password);
        Assert.True(await screen.ShowsAsync(XrdpMachine.DesktopColor), client.Output + machine.Logs);
        Assert.Equal(people.Desktops[1].PoolId, Assert.Single(people.Launches).PoolId);
        await broker.StopAsync();
    }

    [Theory]
    [InlineData("maria.goncalves", "/p:wrong", ReasonCode.SignInFailed, "B-7Q2K")]
    [InlineData("nobody.at.all", "/p:wrong", ReasonCode.SignInFailed, "B-7Q2K")]
    [InlineData("maria.goncalves", "/p:", ReasonCode.PasswordNeeded, "")]
    public async Task Who_cannot_be_let_in_reads_why(string userName, string password, ReasonCode code, string reference)
    {
        using var broker = await StartBrokerAsync(new FakeBroker());
        await using var gateway = await StartGatewayAsync(broker);
        await using var screen = await RdpScreen.StartAsync();
        var client = screen.Connect(gateway.Address, null, $"/u:{userName}", password);
        await FrontEndTests.SeesAsync(screen, client, code, reference);
        await screen.KeepPictureAsync($"door-{code}");
        await broker.StopAsync();
    }

    [Fact]
    public async Task Desktop_that_does_not_exist_is_told_with_those_that_do()
    {
        using var broker = await StartBrokerAsync(new FakeBroker { Desktops = [FakeBroker.Ready("Secretaria"), FakeBroker.Ready("Obras")] });
        await using var gateway = await StartGatewayAsync(broker);
        await using var screen = await RdpScreen.StartAsync();
        var client = screen.Connect(gateway.Address, null, "/u:Biblioteca\\maria.goncalves", Password);
        await FrontEndTests.SeesAsync(screen, client, ReasonCode.PoolUnknown, "Secretaria, Obras");
        await broker.StopAsync();
    }

    [Fact]
    public async Task Client_that_closes_while_it_waits_gives_up_its_launch_and_leaves_no_error()
    {
        var people = new FakeBroker { MachineIsReady = FakeBroker.Pending() };
        using var broker = await StartBrokerAsync(people);
        await using var gateway = await StartGatewayAsync(broker);
        await using var screen = await RdpScreen.StartAsync();
        var client = screen.Connect(gateway.Address, null, Maria, Password);
        Assert.True(await Eventually.IsTrueAsync(() => AccentAsync(screen, PageColors.Heather), Patience), client.Output);
        await client.DisposeAsync();
        Assert.True(await Eventually.IsTrueAsync(() => gateway.Log.Lines.Any(l => l.Text.StartsWith("4017", StringComparison.Ordinal)), Patience));
        Assert.DoesNotContain(gateway.Log.Lines, l => l.Level >= Microsoft.Extensions.Logging.LogLevel.Error);
        await broker.StopAsync();
    }

    [Fact]
    public async Task Switched_off_door_asks_for_a_ticket()
    {
        var people = new FakeBroker();
        using var broker = await StartBrokerAsync(people);
        await using var gateway = await StartGatewayAsync(broker, ("Gateway:PasswordAtDoor", "false"));
        await using var screen = await RdpScreen.StartAsync();
        var client = screen.Connect(gateway.Address, null, Maria, Password);
        await FrontEndTests.SeesAsync(screen, client, ReasonCode.NoTicket, "");
        Assert.Empty(people.SignIns);
        await broker.StopAsync();
    }

    private static async Task<bool> AccentAsync(RdpScreen screen, int color)
    {
        var pixels = await screen.PixelsAsync();
        var at = ((200 * 800) + 63) * 3;
        return ((pixels[at] << 16) | (pixels[at + 1] << 8) | pixels[at + 2]) == color;
    }

    private static async Task<TestGateway> StartGatewayAsync(ScriptedBroker broker, params (string, string)[] more) => await TestGateway.StartAsync(
        broker, [("Gateway:EmployeeApi", broker.Address.AbsoluteUri), ("Gateway:RefusalShownFor", "00:03:00"), .. more]);

    private async Task<ScriptedBroker> StartBrokerAsync(FakeBroker people)
    {
        var broker = new ScriptedBroker
        {
            Employees = people,
            OnRedeem = request => people.Tickets.Contains(request.Ticket) ? Granted() : new RedeemResponse { Refused = new Reason { Code = ReasonCode.TicketUnknown } },
        };
        await broker.StartAsync();
        return broker;
    }

    private RedeemResponse Granted() => new()
    {
        Target = new Target
        {
            SessionId = Guid.NewGuid().ToString(), ConnectionId = Guid.NewGuid().ToString(), MachineId = Guid.NewGuid().ToString(),
            Address = machine.Address.Address.ToString(), Port = (uint)machine.Address.Port, CertificateSha256 = ByteString.CopyFrom(machine.CertificateSha256),
            UserName = machine.UserName, Secret = ByteString.CopyFromUtf8(machine.Password),
        },
    };
}
