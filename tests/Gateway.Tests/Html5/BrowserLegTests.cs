using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using Microsoft.Extensions.Logging.Abstractions;
using Montalegre.Vdi.Gateway.Html5;
using Montalegre.Vdi.Gateway.Relay;
using Montalegre.Vdi.Protocol.Html5;

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

    [Fact]
    public async Task End_that_waits_for_a_slow_browser_may_come_after_its_desktop_has_gone()
    {
        var (control, worker) = await PairAsync();
        var (page, person) = await PairAsync();
        using var socket = WebSocket.CreateFromStream(new NetworkStream(page, ownsSocket: true), new WebSocketCreationOptions { IsServer = true });
        using var browser = new BrowserLeg(socket, TimeSpan.FromMinutes(1));
        var hello = new Hello(false, "", 1024, 768, 100, 0, default, 0, "", "");
        var start = new WorkerStart(0, new byte[32], "", "", [], "", new(0, 0), [], hello);
        var desktop = new DesktopSession(
            new(Process.Start("/bin/true"), control), new(control), start, "maria", new(), null!, new(), new(), TimeProvider.System, NullLogger.Instance);
        var running = desktop.RunAsync();
        var serving = desktop.ServeAsync(browser, null, TestContext.Current.CancellationToken);

        Assert.True(await browser.HoldAsync(TestContext.Current.CancellationToken));
        var ending = desktop.EndAsync(RelayEnd.GatewayStopping);
        worker.Dispose();
        Assert.Equal(RelayEnd.GatewayStopping, await running);
        desktop.Dispose();
        browser.Release();
        await ending;
        person.Dispose();
        await serving;
    }

    private static async Task<(Socket Near, Socket Far)> PairAsync()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var far = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await far.ConnectAsync(listener.LocalEndpoint);
        return (await listener.AcceptSocketAsync(), far);
    }
}
