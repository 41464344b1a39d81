using System.Net;
using System.Net.WebSockets;
using Montalegre.Vdi.Contracts.Common.V1;
using Montalegre.Vdi.Gateway.Tests.Desktops;
using Montalegre.Vdi.Gateway.Tests.Fakes;
using Montalegre.Vdi.Gateway.Html5;
using Montalegre.Vdi.Protocol.Channels;
using Montalegre.Vdi.Protocol.Html5;
using Montalegre.Vdi.Rig.Html5;
using Montalegre.Vdi.Rig.Stack;

namespace Montalegre.Vdi.Gateway.Tests.Html5;

/// <summary>Who gets in at the desktop's socket, and what those are told who do not. Needs no machine.</summary>
public sealed class DesktopSocketTests
{
    [Fact]
    public async Task Page_of_another_site_is_turned_away()
    {
        await using var gateway = await DesktopGateway.StartAsync(new FakeRedeemer());
        await RefusedAsync(gateway, HttpStatusCode.Forbidden, ("Origin", "https://evil.test"), ("X-Person", "maria"));
        await RefusedAsync(gateway, HttpStatusCode.Forbidden, ("X-Person", "maria"));
    }

    [Fact]
    public async Task Person_who_is_not_signed_in_is_turned_away()
    {
        await using var gateway = await DesktopGateway.StartAsync(new FakeRedeemer());
        await RefusedAsync(gateway, HttpStatusCode.Unauthorized, ("Origin", gateway.Origin));
    }

    [Fact]
    public async Task Unknown_ticket_and_used_ticket_are_told_apart()
    {
        var redeemer = new FakeRedeemer();
        await using var gateway = await DesktopGateway.StartAsync(redeemer);
        Assert.Equal(ReasonCode.TicketUnknown, await ReasonAsync(gateway, FakeRedeemer.Unknown()));
        Assert.Equal(ReasonCode.TicketUnknown, await ReasonAsync(gateway, "no-ticket-at-all"));
        var ticket = redeemer.NewTicket(new IPEndPoint(IPAddress.Loopback, LoopbackPorts.Free()), new byte[32]);
        Assert.Equal(ReasonCode.MachineDidNotAnswer, await ReasonAsync(gateway, ticket));
        Assert.Equal(ReasonCode.TicketUsed, await ReasonAsync(gateway, ticket));
        Assert.Equal(ReasonCode.TicketUnknown, (await gateway.NextReportAsync()).Failed.Code);
    }

    [Fact]
    public async Task Gateway_without_a_sandbox_refuses_with_a_clear_reason()
    {
        var redeemer = new FakeRedeemer();
        await using var machine = new FakeMachine();
        await using var gateway = await DesktopGateway.StartAsync(redeemer, ("Gateway:Html5:Sandbox", "/bin/false"));
        Assert.Equal(ReasonCode.BrowserDesktopUnavailable, await ReasonAsync(gateway, redeemer.NewTicket(machine.Address, machine.CertificateSha256)));
    }

    [Fact]
    public async Task Broken_first_message_ends_the_connection_with_its_reason()
    {
        await using var gateway = await DesktopGateway.StartAsync(new FakeRedeemer());
        using var socket = new ClientWebSocket();
        socket.Options.AddSubProtocol(Html5Limits.SubProtocol);
        socket.Options.SetRequestHeader("Origin", gateway.Origin);
        socket.Options.SetRequestHeader("X-Person", "maria");
        await socket.ConnectAsync(gateway.Socket, CancellationToken.None);
        await socket.SendAsync(new byte[] { 0x81, 9, 9, 9 }, WebSocketMessageType.Binary, true, CancellationToken.None);
        var buffer = new byte[512];
        var received = await socket.ReceiveAsync(buffer.AsMemory(), CancellationToken.None).AsTask().WaitAsync(TimeSpan.FromSeconds(60));
        Assert.Equal(ReasonCode.BrowserProtocol, (ReasonCode)Ended.Read(buffer.AsSpan(0, received.Count)).Reason);
    }

    [Fact]
    public async Task Silent_browser_is_let_go_after_the_deadline()
    {
        await using var gateway = await DesktopGateway.StartAsync(new FakeRedeemer(), ("Gateway:Html5:HelloDeadline", "00:00:00.300"));
        using var socket = new ClientWebSocket();
        socket.Options.AddSubProtocol(Html5Limits.SubProtocol);
        socket.Options.SetRequestHeader("Origin", gateway.Origin);
        socket.Options.SetRequestHeader("X-Person", "maria");
        await socket.ConnectAsync(gateway.Socket, CancellationToken.None);
        await Assert.ThrowsAsync<WebSocketException>(() => socket.ReceiveAsync(new byte[10].AsMemory(), CancellationToken.None).AsTask().WaitAsync(TimeSpan.FromSeconds(60)));
    }

    [Fact]
    public async Task One_address_gets_no_more_desktops_than_its_share()
    {
        var redeemer = new FakeRedeemer();
        await using var machine = new FakeMachine();
        await using var gateway = await DesktopGateway.StartAsync(redeemer, ("Gateway:Html5:MostDesktopsPerAddress", "1"), ("Gateway:Html5:OpenDeadline", "00:03:00"));
        await using var first = gateway.Browser();
        await first.ConnectAsync(gateway.Socket, redeemer.NewTicket(machine.Address, machine.CertificateSha256));
        Assert.True(await Eventually.IsTrueAsync(() => redeemer.Presented.Count == 1, TimeSpan.FromSeconds(60)));
        Assert.Equal(ReasonCode.TooManyConnections, await ReasonAsync(gateway, redeemer.NewTicket(machine.Address, machine.CertificateSha256)));
    }

    [Fact]
    public async Task People_who_have_signed_in_do_not_count_among_the_strangers_of_their_address()
    {
        var redeemer = new FakeRedeemer();
        await using var machine = new FakeMachine();
        await using var gateway = await DesktopGateway.StartAsync(redeemer, ("Gateway:Limits:HandshakesPerAddress", "1"));
        await using var first = gateway.Browser();
        await using var second = gateway.Browser("rui");
        foreach (var browser in new[] { first, second }) await browser.ConnectAsync(gateway.Socket, redeemer.NewTicket(machine.Address, machine.CertificateSha256));
        for (var i = 0; i < 2; i++) (await machine.AcceptSilentlyAsync()).Dispose();
    }

    [Fact]
    public async Task Machines_that_never_answer_keep_nobody_elses_desktop_from_opening()
    {
        var redeemer = new FakeRedeemer();
        await using var machine = new FakeMachine();
        await using var gateway = await DesktopGateway.StartAsync(redeemer);
        // One more than may open at once; none of the machines says a word.
        var browsers = Enumerable.Range(0, (2 * Environment.ProcessorCount) + 1).Select(_ => gateway.Browser()).ToList();
        var accepted = new List<System.Net.Sockets.Socket>();
        try
        {
            foreach (var browser in browsers) await browser.ConnectAsync(gateway.Socket, redeemer.NewTicket(machine.Address, machine.CertificateSha256));
            foreach (var _ in browsers) accepted.Add(await machine.AcceptSilentlyAsync());
        }
        finally
        {
            foreach (var socket in accepted) socket.Dispose();
            foreach (var browser in browsers) await browser.DisposeAsync();
        }
    }

    [Fact]
    public void Pools_clipboard_policy_holds_in_the_browser_too_each_way_for_itself()
    {
        Assert.True(DesktopSocket.AllowedBy(ChannelPolicy.Everything, hasDrive: true, hasPrinter: true).HasFlag(Allowed.PasteIn | Allowed.CopyOut));
        Assert.Equal(Allowed.PasteIn, DesktopSocket.AllowedBy(new ChannelPolicy { ClipboardFromDesktop = false }, hasDrive: true, hasPrinter: true) & (Allowed.PasteIn | Allowed.CopyOut));
        Assert.Equal(Allowed.CopyOut, DesktopSocket.AllowedBy(new ChannelPolicy { ClipboardToDesktop = false }, hasDrive: true, hasPrinter: true) & (Allowed.PasteIn | Allowed.CopyOut));
    }

    [Fact]
    public void Pools_policy_of_files_printing_and_sound_holds_in_the_browser_each_for_itself()
    {
        const Allowed all = Allowed.Upload | Allowed.Download | Allowed.Print | Allowed.AudioOut | Allowed.Microphone;
        Assert.Equal(all, Of(ChannelPolicy.Everything));
        Assert.Equal(all & ~(Allowed.Upload | Allowed.Download), Of(new() { Drives = false }));
        Assert.Equal(all & ~Allowed.Print, Of(new() { Printers = false }));
        Assert.Equal(all & ~Allowed.AudioOut, Of(new() { AudioOut = false }));
        Assert.Equal(all & ~Allowed.Microphone, Of(new() { AudioIn = false }));
        // Printed documents need the drive's room, and Ghostscript.
        Assert.Equal(Allowed.AudioOut | Allowed.Microphone, DesktopSocket.AllowedBy(ChannelPolicy.Everything, hasDrive: false, hasPrinter: true) & all);
        Assert.Equal(all & ~Allowed.Print, DesktopSocket.AllowedBy(ChannelPolicy.Everything, hasDrive: true, hasPrinter: false) & all);

        static Allowed Of(ChannelPolicy policy) => DesktopSocket.AllowedBy(policy, hasDrive: true, hasPrinter: true) & all;
    }

    private static async Task<ReasonCode> ReasonAsync(DesktopGateway gateway, string ticket)
    {
        await using var browser = gateway.Browser();
        await browser.ConnectAsync(gateway.Socket, ticket);
        Assert.True(await browser.UntilAsync(b => b.Ended is not null), string.Join('\n', gateway.Log.Lines.Select(l => l.Text)));
        return (ReasonCode)browser.Ended!.Reason;
    }

    private static async Task RefusedAsync(DesktopGateway gateway, HttpStatusCode status, params (string Name, string Value)[] headers)
    {
        using var socket = new ClientWebSocket();
        socket.Options.AddSubProtocol(Html5Limits.SubProtocol);
        socket.Options.CollectHttpResponseDetails = true;
        foreach (var (name, value) in headers) socket.Options.SetRequestHeader(name, value);
        await Assert.ThrowsAsync<WebSocketException>(() => socket.ConnectAsync(gateway.Socket, CancellationToken.None));
        Assert.Equal(status, socket.HttpStatusCode);
    }
}
