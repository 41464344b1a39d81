using System.Net;
using System.Net.Sockets;
using Montalegre.Vdi.Contracts.Common.V1;
using Montalegre.Vdi.Gateway.FrontEnd;
using Montalegre.Vdi.Gateway.Tests.Desktops;
using Montalegre.Vdi.Gateway.Tests.Fakes;

namespace Montalegre.Vdi.Gateway.Tests;

/// <summary>A refusal on the screen of a real xfreerdp, compared pixel by pixel with what was drawn.</summary>
public sealed class FrontEndTests
{
    private const int Width = 800;
    private const int Height = 600;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private static readonly (string, string)[] Shown = [("Gateway:RefusalShownFor", "00:03:00")];

    [Theory]
    [InlineData(ReasonCode.TicketUnknown, "ERRINFO_SERVER_DENIED_CONNECTION")]
    [InlineData(ReasonCode.TicketUsed, "ERRINFO_SERVER_DENIED_CONNECTION")]
    [InlineData(ReasonCode.TicketExpired, "ERRINFO_SERVER_DENIED_CONNECTION")]
    [InlineData(ReasonCode.TicketForeign, "ERRINFO_SERVER_INSUFFICIENT_PRIVILEGES")]
    [InlineData(ReasonCode.TooManyConnections, "ERRINFO_CB_DESTINATION_POOL_NOT_FREE")]
    [InlineData(ReasonCode.AgentSilent, "ERRINFO_CB_CONNECTION_ERROR_INVALID_SETTINGS|ERRINFO_CB_SESSION_ONLINE_VM_SESSMON_FAILED")]
    public async Task Refused_ticket_is_seen_on_the_clients_screen_until_a_key_is_pressed(ReasonCode code, string ended)
    {
        await using var gateway = await TestGateway.StartAsync(new RefusingRedeemer(code, "A7-42"), null, Shown);
        await using var screen = await RdpScreen.StartAsync();
        var client = screen.Connect(gateway.Address, FakeRedeemer.Unknown());

        await SeesAsync(screen, client, code, "A7-42");
        Assert.Equal(code, (await gateway.NextReportAsync()).Failed.Code);
        await screen.KeepPictureAsync($"refusal-{code}");
        await PressUntilClosedAsync(screen, client);
        Assert.Contains(ended.Split('|'), name => client.Output.Contains(name, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("/bpp:16")]
    [InlineData("/bpp:24")]
    public async Task Token_that_is_no_ticket_is_explained_at_every_depth(string depth)
    {
        await using var gateway = await TestGateway.StartAsync(new FakeRedeemer(), null, Shown);
        await using var screen = await RdpScreen.StartAsync();
        var client = screen.Connect(gateway.Address, "3640205228.15629.0000", depth);
        await SeesAsync(screen, client, ReasonCode.TicketUnknown, "", depth == "/bpp:16" ? 8 : 0);
    }

    [Fact]
    public async Task Machine_that_does_not_answer_is_explained()
    {
        using var silent = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        silent.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        silent.Listen();
        var redeemer = new FakeRedeemer();
        await using var gateway = await TestGateway.StartAsync(redeemer, null, [.. Shown, ("Gateway:MachineDeadline", "00:00:00.300")]);
        await using var screen = await RdpScreen.StartAsync();
        var client = screen.Connect(gateway.Address, redeemer.NewTicket((IPEndPoint)silent.LocalEndPoint!, new byte[32]));
        await SeesAsync(screen, client, ReasonCode.MachineDidNotAnswer, "");
    }

    [Fact]
    public async Task Page_closes_by_itself_and_the_client_names_the_end()
    {
        await using var gateway = await TestGateway.StartAsync(new FakeRedeemer(), null, ("Gateway:RefusalShownFor", "00:00:02"));
        await using var screen = await RdpScreen.StartAsync();
        var client = screen.Connect(gateway.Address, FakeRedeemer.Unknown());
        await client.ExitedAsync(Patience);
        Assert.Contains("ERRINFO_SERVER_DENIED_CONNECTION", client.Output, StringComparison.Ordinal);
        Assert.DoesNotContain(gateway.Log.Lines, l => l.Level >= Microsoft.Extensions.Logging.LogLevel.Error);
    }

    [Fact]
    public async Task Gateway_that_has_too_many_connections_already_says_so()
    {
        await using var gateway = await TestGateway.StartAsync(new FakeRedeemer(), null, [.. Shown, ("Gateway:Limits:HandshakesPerAddress", "1")]);
        using var first = await RawClient.ConnectAsync(gateway.Address);
        await first.SendAsync([0x03]);                      // holds the one place there is
        await using var screen = await RdpScreen.StartAsync();
        var client = screen.Connect(gateway.Address, FakeRedeemer.Unknown());
        await SeesAsync(screen, client, ReasonCode.TooManyConnections, "");
    }

    /// <summary>Every pixel of the screen is the page's; at 16 bits a pixel colours may be off by what such a pixel cannot hold.</summary>
    internal static async Task SeesAsync(RdpScreen screen, OwnProcess client, ReasonCode code, string reference, int tolerance = 0)
    {
        using var card = PageDrawing.Draw(RefusalPages.For(code, reference), Width, Height);
        var (left, top) = ((Width - card.Width) / 2, (Height - card.Height) / 3);
        var worst = -1;
        var seen = await Eventually.IsTrueAsync(async () =>
        {
            var pixels = await screen.PixelsAsync();
            worst = 0;
            for (var i = 0; i < Width * Height; i++)
            {
                var (x, y) = ((i % Width) - left, (i / Width) - top);
                var wanted = x >= 0 && y >= 0 && x < card.Width && y < card.Height ? card[x, y] : PageColors.Ground;
                for (var c = 0; c < 3; c++) worst = Math.Max(worst, Math.Abs(pixels[(i * 3) + c] - ((wanted >> (16 - (8 * c))) & 0xFF)));
            }
            return worst <= tolerance;
        }, Patience);
        if (!seen) await screen.KeepPictureAsync($"missing-{code}");
        Assert.True(seen, $"The page for {code} is not on the screen, a pixel is off by {worst}. {client.Output}");
    }

    private static async Task PressUntilClosedAsync(RdpScreen screen, OwnProcess client)
    {
        // The first second does not count, so that the key which started the client cannot close its page.
        var closed = await Eventually.IsTrueAsync(async () =>
        {
            if (!client.HasExited) await screen.PressAsync("space");
            return client.HasExited;
        }, Patience);
        Assert.True(closed, client.Output);
        await client.ExitedAsync(Patience);                 // with its last words
    }
}
