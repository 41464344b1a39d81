using System.Net.Sockets;
using System.Net.WebSockets;
using Montalegre.Vdi.Gateway.Html5;

namespace Montalegre.Vdi.Gateway.Tests.Html5;

/// <summary>A browser or a desktop that goes ends nothing but itself.</summary>
public sealed class BrowserLegTests
{
    [Fact]
    public async Task Message_that_was_begun_when_the_browser_went_is_given_up_without_an_error()
    {
        using var socket = WebSocket.CreateFromStream(new MemoryStream(), new WebSocketCreationOptions { IsServer = true });
        var leg = new BrowserLeg(socket, TimeSpan.FromMinutes(1));
        Assert.True(await leg.HoldAsync(TestContext.Current.CancellationToken));
        var waiting = leg.SendAsync(new byte[10]);
        leg.Abort();
        leg.Dispose();
        Assert.False(await leg.SendAsync(new byte[10], isLast: true));
        leg.Release();
        Assert.False(await waiting);
    }

    [Fact]
    public async Task Browser_that_speaks_while_its_desktop_goes_hears_that_the_worker_has_gone()
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        var worker = new WorkerLink(socket);
        worker.Dispose();
        Assert.False(await worker.SendAsync(new byte[10], TestContext.Current.CancellationToken));
    }
}
