using System.Text;
using Montalegre.Vdi.Contracts.Common.V1;
using Montalegre.Vdi.Contracts.Gateway.V1;
using Montalegre.Vdi.Gateway.Tests.Fakes;
using Montalegre.Vdi.Protocol.Html5;
using Montalegre.Vdi.Rig.Html5;

namespace Montalegre.Vdi.Gateway.Tests.Html5;

/// <summary>A real xrdp, a real worker in its sandbox, the real socket; only the browser is a program of ours.</summary>
public sealed class BrowserDesktopTests(TypingMachine machine) : IClassFixture<TypingMachine>
{
    private const int Blue = 0x2266CC;
    private const byte G = 0x22, X = 0x2D;

    [Fact]
    public async Task Desktop_appears_and_answers_keys_without_the_persons_password()
    {
        machine.Require();
        var redeemer = new FakeRedeemer();
        await using var gateway = await DesktopGateway.StartAsync(redeemer);
        await using var browser = gateway.Browser();

        var ticket = await OpenAsync(gateway, redeemer, browser);
        Assert.Equal((1024, 768), (browser.Welcome!.Width, browser.Welcome.Height));

        Assert.True(await TypedUntilAsync(browser, G, TypingMachine.Green), Said(gateway, browser));
        Assert.True(await TypedUntilAsync(browser, X, TypingMachine.Red), Said(gateway, browser));
        Assert.True(await TypedUntilAsync(browser, G, TypingMachine.Green), Said(gateway, browser));

        var opened = await gateway.NextReportAsync();
        Assert.Equal(ConnectionReport.KindOneofCase.Opened, opened.KindCase);
        Assert.Equal(TicketCarrier.Browser, redeemer.Presented.Single().Carrier);
        await browser.ByeAsync();
        Assert.Equal("ClientClosed", (await gateway.NextReportAsync()).Closed.End);
        Assert.DoesNotContain(gateway.Log.Lines, l => l.Text.Contains(ticket, StringComparison.Ordinal) || l.Text.Contains(machine.Password, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Desktop_goes_on_after_the_network_dropped_and_only_for_its_own_person()
    {
        machine.Require();
        var redeemer = new FakeRedeemer();
        await using var gateway = await DesktopGateway.StartAsync(redeemer);
        await using var first = gateway.Browser();
        await OpenAsync(gateway, redeemer, first);
        Assert.True(await TypedUntilAsync(first, G, TypingMachine.Green), Said(gateway, first));
        var token = first.Welcome!.ResumeToken;
        first.Cut();

        await using var back = gateway.Browser();
        await back.ConnectAsync(gateway.Socket, token, 1024, 768, isResume: true);
        Assert.True(await back.UntilAsync(b => Shows(b, TypingMachine.Green), TimeSpan.FromSeconds(60)), Said(gateway, back));
        Assert.NotEqual(token, back.Welcome!.ResumeToken);
        Assert.Equal(1, gateway.Connections.Count);
        Assert.True(await TypedUntilAsync(back, X, TypingMachine.Red), Said(gateway, back));

        await using var again = gateway.Browser();
        await again.ConnectAsync(gateway.Socket, token, isResume: true);
        Assert.True(await again.UntilAsync(b => b.Ended is not null));
        Assert.Equal(ReasonCode.ResumeTokenUnknown, (ReasonCode)again.Ended!.Reason);

        await using var other = gateway.Browser("rui");
        await other.ConnectAsync(gateway.Socket, back.Welcome.ResumeToken, isResume: true);
        Assert.True(await other.UntilAsync(b => b.Ended is not null));
        Assert.Equal(ReasonCode.ResumeTokenUnknown, (ReasonCode)other.Ended!.Reason);
        await back.ByeAsync();
    }

    [Fact]
    public async Task Desktop_that_nobody_comes_back_to_is_closed_after_its_time()
    {
        machine.Require();
        var redeemer = new FakeRedeemer();
        await using var gateway = await DesktopGateway.StartAsync(redeemer, ("Gateway:Html5:KeepFor", "00:00:01"));
        await using var browser = gateway.Browser();
        await OpenAsync(gateway, redeemer, browser);
        Assert.Equal(ConnectionReport.KindOneofCase.Opened, (await gateway.NextReportAsync()).KindCase);
        browser.Cut();
        Assert.Equal("ClientClosed", (await gateway.NextReportAsync()).Closed.End);
    }

    [Fact]
    public async Task Screen_takes_the_browsers_size_while_it_runs()
    {
        machine.Require();
        var redeemer = new FakeRedeemer();
        await using var gateway = await DesktopGateway.StartAsync(redeemer);
        await using var browser = gateway.Browser();
        await OpenAsync(gateway, redeemer, browser);
        await browser.ResizeAsync(1280, 800);
        Assert.True(await browser.UntilAsync(b => b.Screen is { Width: 1280, Height: 800 } && b.Screen.At(1270, 790) != 0), Said(gateway, browser));
        await browser.ByeAsync();
    }

    [Fact]
    public async Task Sizes_wished_while_another_is_carried_out_end_with_the_last()
    {
        machine.Require();
        var redeemer = new FakeRedeemer();
        await using var gateway = await DesktopGateway.StartAsync(redeemer);
        await using var browser = gateway.Browser();
        await OpenAsync(gateway, redeemer, browser);
        for (var more = 0; more < 20; more++) await browser.ResizeAsync((ushort)(1000 + (more * 10)), 700);
        await browser.ResizeAsync(1280, 800);
        Assert.True(await browser.UntilAsync(b => b.Screen is { Width: 1280, Height: 800 } && b.Screen.At(1270, 790) != 0), Said(gateway, browser));
        await browser.ByeAsync();
    }

    [Fact]
    public async Task Text_is_pasted_into_the_desktop_and_copied_out_of_it()
    {
        machine.Require();
        var redeemer = new FakeRedeemer();
        await using var gateway = await DesktopGateway.StartAsync(redeemer);
        await using var browser = gateway.Browser();
        await OpenAsync(gateway, redeemer, browser);
        // The desktop's own clipboard program takes what came in, changes it, and copies it out again.
        // An offer may be of what an earlier test left there, so it is asked for until the changed text comes.
        Assert.True(await Eventually.IsTrueAsync(async () =>
        {
            await browser.ClipboardAsync("olá, Montalegre ç€");
            if (!await browser.UntilAsync(b => b.Others.Any(o => o[0] == (byte)ServerMessage.ClipboardOffer), TimeSpan.FromSeconds(5))) return false;
            await browser.SendAsync([(byte)BrowserMessage.ClipboardRequest, (byte)ClipboardFormat.Text]);
            return await browser.UntilAsync(b => CopiedText(b) == "de volta: olá, Montalegre ç€", TimeSpan.FromSeconds(5));
        }, TimeSpan.FromMinutes(2)), CopiedText(browser) + Said(gateway, browser));
        await browser.ByeAsync();
    }

    [Fact]
    public async Task Desktop_over_http_2_stays_open_while_nothing_happens_and_takes_more_than_a_form_may_hold()
    {
        machine.Require();
        var redeemer = new FakeRedeemer();
        await using var gateway = await DesktopGateway.StartAsync(redeemer, DesktopGateway.Http2);
        await using var browser = gateway.Browser(overHttp2: true);
        await OpenAsync(gateway, redeemer, browser);
        await browser.ClipboardAsync(new string('m', 300_000));
        // Longer than Kestrel's grace for slow senders.
        Assert.False(await browser.UntilAsync(b => b.Ended is not null, TimeSpan.FromSeconds(8)));
        Assert.True(await TypedUntilAsync(browser, G, TypingMachine.Green), Said(gateway, browser));
        await browser.ByeAsync();
    }

    [Fact]
    public async Task Worker_that_is_killed_ends_one_desktop_and_says_so()
    {
        machine.Require();
        var redeemer = new FakeRedeemer();
        await using var gateway = await DesktopGateway.StartAsync(redeemer);
        var before = DesktopGateway.Workers(machine.Address);
        await using var browser = gateway.Browser();
        await OpenAsync(gateway, redeemer, browser);
        var worker = Assert.Single(DesktopGateway.Workers(machine.Address).Except(before));
        using (var process = System.Diagnostics.Process.GetProcessById(worker)) process.Kill();
        Assert.True(await browser.UntilAsync(b => b.Ended is not null), Said(gateway, browser));
        Assert.Equal(ReasonCode.WorkerEnded, (ReasonCode)browser.Ended!.Reason);
        Assert.Equal(ConnectionReport.KindOneofCase.Opened, (await gateway.NextReportAsync()).KindCase);
        Assert.Equal("WorkerEnded", (await gateway.NextReportAsync()).Closed.End);

        await using var next = gateway.Browser();
        await OpenAsync(gateway, redeemer, next);
        await next.ByeAsync();
    }

    [Fact]
    public async Task Worker_has_no_network_no_foreign_files_and_nobodys_rights()
    {
        machine.Require();
        var redeemer = new FakeRedeemer();
        await using var gateway = await DesktopGateway.StartAsync(redeemer);
        var before = DesktopGateway.Workers(machine.Address);
        await using var browser = gateway.Browser();
        await OpenAsync(gateway, redeemer, browser);
        var worker = Assert.Single(DesktopGateway.Workers(machine.Address).Except(before));
        var status = File.ReadAllLines($"/proc/{worker}/status").Select(l => l.Split(':', 2)).ToDictionary(p => p[0], p => p[1].Trim());
        Assert.Equal("2", status["Seccomp"]);
        Assert.Equal("1", status["NoNewPrivs"]);
        Assert.Equal(0UL, Convert.ToUInt64(status["CapEff"], 16));
        Assert.Equal(["lo"], File.ReadLines($"/proc/{worker}/net/dev").Skip(2).Select(l => l.Split(':')[0].Trim()));
        foreach (var kind in new[] { "net", "pid", "mnt", "ipc", "user" })
            Assert.NotEqual(new FileInfo($"/proc/self/ns/{kind}").LinkTarget, new FileInfo($"/proc/{worker}/ns/{kind}").LinkTarget);
        Assert.False(Directory.Exists($"/proc/{worker}/root/etc"));
        await browser.ByeAsync();
    }

    [Fact]
    public async Task Browser_that_stops_acknowledging_gets_few_frames_and_then_the_newest_picture()
    {
        machine.Require();
        var redeemer = new FakeRedeemer();
        await using var gateway = await DesktopGateway.StartAsync(redeemer);
        await using var browser = gateway.Browser();
        await OpenAsync(gateway, redeemer, browser);
        Assert.True(await TypedUntilAsync(browser, X, TypingMachine.Red), Said(gateway, browser));
        browser.Acknowledges = false;
        var frames = browser.Frames;
        for (var i = 0; i < 20; i++)
        {
            await browser.KeyAsync(i % 2 == 0 ? G : X, down: true);
            await browser.KeyAsync(i % 2 == 0 ? G : X, down: false);
            await browser.UntilAsync(_ => false, TimeSpan.FromMilliseconds(100));
        }
        Assert.True(await browser.UntilAsync(b => b.Frames > frames), Said(gateway, browser));
        Assert.InRange(browser.Frames - frames, 1, 12);
        browser.Acknowledges = true;
        await browser.SendAsync([(byte)BrowserMessage.Ack, 0xFF, 0xFF, 0xFF, 0x7F]);
        Assert.True(await browser.UntilAsync(b => Shows(b, TypingMachine.Red)), Said(gateway, browser));
        await browser.ByeAsync();
    }

    [Fact]
    public async Task Gateway_that_stops_says_so_and_takes_its_workers_along()
    {
        machine.Require();
        var redeemer = new FakeRedeemer();
        await using var gateway = await DesktopGateway.StartAsync(redeemer);
        var before = DesktopGateway.Workers(machine.Address);
        await using var browser = gateway.Browser();
        await OpenAsync(gateway, redeemer, browser);
        var worker = Assert.Single(DesktopGateway.Workers(machine.Address).Except(before));
        await gateway.StopAsync();
        Assert.True(await browser.UntilAsync(b => b.Ended is not null), Said(gateway, browser));
        Assert.Equal(ReasonCode.GatewayStopping, (ReasonCode)browser.Ended!.Reason);
        Assert.True(await Eventually.IsTrueAsync(() => !Directory.Exists($"/proc/{worker}"), TimeSpan.FromSeconds(60)));
    }

    [Fact]
    public async Task Machine_with_another_certificate_is_not_signed_in_to()
    {
        machine.Require();
        var redeemer = new FakeRedeemer();
        await using var gateway = await DesktopGateway.StartAsync(redeemer);
        await using var browser = gateway.Browser();
        await browser.ConnectAsync(gateway.Socket, redeemer.NewTicket(machine.Address, new byte[32], machine.UserName, machine.Password));
        Assert.True(await browser.UntilAsync(b => b.Ended is not null), Said(gateway, browser));
        Assert.Equal(ReasonCode.MachineCertificateChanged, (ReasonCode)browser.Ended!.Reason);
        Assert.Equal(ReasonCode.MachineCertificateChanged, (await gateway.NextReportAsync()).Failed.Code);
    }

    // The person's one session serves all tests: it shows the colour that the one before left.
    private async Task<string> OpenAsync(DesktopGateway gateway, FakeRedeemer redeemer, DesktopClient browser)
    {
        var ticket = Ticket(redeemer);
        await browser.ConnectAsync(gateway.Socket, ticket);
        Assert.True(await browser.UntilAsync(b => b.Ended is not null || Shows(b, Blue) || Shows(b, TypingMachine.Green) || Shows(b, TypingMachine.Red)), Said(gateway, browser));
        Assert.Null(browser.Ended);
        return ticket;
    }

    private static string? CopiedText(DesktopClient browser) =>
        browser.Others.LastOrDefault(o => o[0] == (byte)ServerMessage.ClipboardData && o[1] == (byte)ClipboardFormat.Text) is { } data ? Encoding.UTF8.GetString(data.AsSpan(2)) : null;

    private string Ticket(FakeRedeemer redeemer) => redeemer.NewTicket(machine.Address, machine.CertificateSha256, machine.UserName, machine.Password);

    private string Said(DesktopGateway gateway, DesktopClient browser) =>
        $"ended {browser.Ended}, {(ReasonCode)(browser.Ended?.Reason ?? 0)}, welcome {browser.Welcome}, {browser.Frames} frames, pixel {browser.Screen.At(browser.Screen.Width / 2, browser.Screen.Height / 2):X6}\n"
        + string.Join('\n', gateway.Log.Lines.Select(l => l.Text)) + machine.Logs;

    internal static bool Shows(DesktopClient browser, int colour) =>
        browser.Screen.Width > 200 && browser.Screen.At(browser.Screen.Width / 2, browser.Screen.Height / 2) == colour && browser.Screen.At(150, 150) == colour;

    /// <summary>Types until it is seen: a terminal that has just started may miss a first key.</summary>
    private static async Task<bool> TypedUntilAsync(DesktopClient browser, byte scancode, int colour)
    {
        for (var attempt = 0; attempt < 45; attempt++)
        {
            await browser.MouseAsync(300, 300);
            await browser.KeyAsync(scancode, down: true);
            await browser.KeyAsync(scancode, down: false);
            if (await browser.UntilAsync(b => Shows(b, colour), TimeSpan.FromSeconds(2))) return true;
        }
        return false;
    }
}
