using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Rig;
using Montalegre.Vdi.Rig.Clients;

namespace Montalegre.Vdi.EndToEnd.Tests;

/// <summary>Every way in but port 3389, which the other tests use: real clients, each with a ticket that the broker issued, into one session.</summary>
[Collection(RunningStack.Tests)]
public sealed class DoorTests(RunningStack running)
{
    private const string Denied = "E_PROXY_COOKIE_AUTHENTICATION_ACCESS_DENIED";

    private string Gateway => new Uri(running.Stack.PortalUrl).Authority;

    [Theory]
    [InlineData("http", "#654321")]
    [InlineData("http,no-websockets", "#132435")]
    public async Task RD_Gateway_brings_a_person_to_the_desktop_and_names_a_ticket_that_does_not_open(string transport, string mark)
    {
        var color = await running.TakeColorAsync();
        await using var screen = await RdpScreen.StartAsync();
        var ready = await running.Ana.LaunchAsync();
        var client = Connect(screen, ready.MachineName, ready.Ticket, transport);
        Assert.True(await screen.ShowsAsync(color, Person.ConnectPatience), $"The screen shows {await screen.PixelAsync()}, not {color}.\n{client.Output}\n{running.Stack.Gateway.LastLines(20)}");
        await running.Rui.UntilAsync(ready.SessionId, SessionState.Active, Person.ConnectPatience);
        Assert.True(await screen.OrderAsync($"xsetroot -solid '{mark}'", mark, Person.ConnectPatience), $"The screen shows {await screen.PixelAsync()}: what was typed did not arrive.");

        // Neither the ticket that was used nor one that was guessed disturbs the person who is there.
        foreach (var ticket in new[] { ready.Ticket, new string('B', 43) })
        {
            await using var stranger = await RdpScreen.StartAsync();
            var refused = Connect(stranger, ready.MachineName, ticket, transport);
            await refused.ExitedAsync(Person.ConnectPatience);
            Assert.True(refused.ExitCode != 0 && refused.Output.Contains(Denied, StringComparison.Ordinal), $"{refused.ExitCode}\n{refused.Output}\n{running.Stack.Gateway.LastLines(20)}");
        }
        Assert.False(client.HasExited, client.Output);
        Assert.Equal(mark, await screen.PixelAsync());
        running.Leave(mark);
    }

    [Theory]
    [InlineData(1280, 800, false, "navy", "#000080")]
    [InlineData(390, 844, true, "maroon", "#B03060")]
    public async Task Browser_shows_the_desktop_and_types_into_it(int width, int height, bool touch, string name, string mark)
    {
        var color = await running.TakeColorAsync();
        Directory.CreateDirectory(Checkout.Path("artifacts/pictures"));
        await using var chromium = await Chromium.StartAsync();
        var desktop = await BrowserDesktop.OpenAsync(chromium.Browser, running.Stack, width, height, touch);
        Assert.True(await desktop.ShowsAsync(color, Person.ConnectPatience), $"The page shows {await desktop.PixelAsync()}, not {color}: {await desktop.CoverAsync()}\n{running.Stack.Gateway.LastLines(20)}");
        Assert.True(await desktop.OrderAsync($"xsetroot -solid {name}", mark, Person.ConnectPatience), $"The page shows {await desktop.PixelAsync()}: what was typed did not arrive. {await desktop.CoverAsync()}\n{running.Stack.Gateway.LastLines(40)}");
        await desktop.PictureAsync(Checkout.Path($"artifacts/pictures/browser-desktop-{width}.png"));

        // The session that IT sees is the one on the page.
        var session = Assert.Single((await running.Rui.Sessions.ListAsync(new(), running.Rui.Token)).Sessions, s => s.UserName == running.Stack.UserName);
        await running.Rui.UntilAsync(session.SessionId, SessionState.Active, Person.ConnectPatience);
        await desktop.CloseAsync();
        await running.Rui.UntilAsync(session.SessionId, SessionState.Disconnected, Person.ConnectPatience);
        running.Leave(mark);
    }

    private OwnProcess Connect(RdpScreen screen, string machine, string ticket, string transport) =>
        screen.Connect(machine, null, $"/g:{Gateway}", $"/gt:{transport}", $"/gat:{ticket}");
}
