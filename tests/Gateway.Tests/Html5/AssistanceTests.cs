using System.Net;
using System.Net.WebSockets;
using Montalegre.Vdi.Contracts.Common.V1;
using Montalegre.Vdi.Contracts.Gateway.V1;
using Montalegre.Vdi.Gateway.Assistance;
using Montalegre.Vdi.Gateway.Tests.Fakes;
using Montalegre.Vdi.Protocol.Html5;
using Montalegre.Vdi.Rig.Html5;

namespace Montalegre.Vdi.Gateway.Tests.Html5;

/// <summary>Two browsers at one desktop of a real xrdp: the person's, and that of an administrator whom the person allowed to look.</summary>
public sealed class AssistanceTests(TypingMachine machine) : IClassFixture<TypingMachine>
{
    private const byte G = 0x22, X = 0x2D;
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    [Fact]
    public async Task Person_is_asked_with_the_reason_and_the_viewer_then_sees_the_same_pixels_but_its_keys_are_refused()
    {
        await using var desktop = await DesktopAsync();
        var (gateway, person, id) = (desktop.Gateway, desktop.Person, Guid.NewGuid().ToString());
        await gateway.Desk.ApplyAsync(Changed(desktop.Order(id, AssistanceStep.Asked, control: false)));
        await gateway.Desk.ApplyAsync(Changed(desktop.Order(id, AssistanceStep.Asked, control: false)));
        Assert.True(await person.UntilAsync(p => p.Notices.Any(), Minute));
        Assert.Equal([new Notice(NoticeCode.LookAsked, "Rosa\nImpressora não responde\n1")], person.Notices);
        await person.ConsentAsync(1, 1);
        Assert.Equal(new AssistanceNews.Answered(id, true), await gateway.NextNewsAsync());

        await using var viewer = await desktop.LookAsync(id, control: false);
        Assert.True(await person.UntilAsync(p => p.Notices.Last() == new Notice(NoticeCode.Looking, "Rosa"), Minute));
        await desktop.TypeUntilAsync(person, G, TypingMachine.Green);
        Assert.True(await viewer.UntilAsync(v => Shows(v, TypingMachine.Green), Minute), desktop.Said(viewer));
        Assert.Equal(Allowed.None, viewer.Welcome!.Allowed & ~(Allowed.Text | Allowed.H264));
        Assert.Equal("", viewer.Welcome.ResumeToken);
        Assert.Equal((person.Screen.Width, person.Screen.Height), (viewer.Screen.Width, viewer.Screen.Height));

        // Whatever it sends before the ping was taken when the pong comes.
        for (var i = 0; i < 5; i++) await PressAsync(viewer, X);
        await viewer.MouseAsync(10, 10, MouseButtons.Left);
        await viewer.ClipboardAsync("não devia chegar");
        await viewer.ResizeAsync(640, 480);
        await viewer.SendAsync([(byte)BrowserMessage.Ping, 1, 2, 3, 4]);
        Assert.True(await viewer.UntilAsync(v => v.Others.Any(o => o[0] == (byte)ServerMessage.Pong), Minute));
        Assert.False(await person.UntilAsync(p => Shows(p, TypingMachine.Red) || p.Screen.Width != 1024, TimeSpan.FromSeconds(2)), "Something that a viewer sent reached the desktop.");

        // Their own pointer is no part of the picture, so it is told apart.
        await person.MouseAsync(300, 200);
        Assert.True(await viewer.UntilAsync(v => v.Others.Any(o => o is [(byte)ServerMessage.PointerAt, 44, 1, 200, 0]), Minute));
        lock (viewer.Screen) Assert.DoesNotContain(viewer.Others, o => o[0] is (byte)ServerMessage.ClipboardOffer or (byte)ServerMessage.ClipboardData or (byte)ServerMessage.Status);
    }

    [Fact]
    public async Task Viewer_with_control_types_and_the_persons_end_stops_it_at_once()
    {
        await using var desktop = await DesktopAsync();
        var id = await desktop.AllowedAsync(control: true);
        await using var viewer = await desktop.LookAsync(id, control: true);
        Assert.True(viewer.Welcome!.Allowed.HasFlag(Allowed.Control));
        Assert.True(await desktop.Person.UntilAsync(p => p.Notices.Last() == new Notice(NoticeCode.Controlling, "Rosa"), Minute));
        await desktop.TypeUntilAsync(viewer, G, TypingMachine.Green);
        Assert.True(await desktop.Person.UntilAsync(p => Shows(p, TypingMachine.Green), Minute));
        await desktop.TypeUntilAsync(desktop.Person, X, TypingMachine.Red);
        Assert.True(await viewer.UntilAsync(v => Shows(v, TypingMachine.Red), Minute));

        await desktop.Person.ConsentAsync(2);
        Assert.True(await viewer.UntilAsync(v => v.Ended is not null, Minute));
        Assert.Equal((ReasonCode.AssistEndedByPerson, false), ((ReasonCode)viewer.Ended!.Reason, viewer.Ended.MayResume));
        Assert.Equal(new AssistanceNews.Over(id, AssistanceEnd.Person), await desktop.Gateway.NextNewsAsync());
        Assert.True(await desktop.Person.UntilAsync(p => p.Notices.Last().Code == NoticeCode.NobodyLooks, Minute));

        // A ticket that was redeemed in the same moment opens nothing any more.
        await using var late = desktop.Viewer();
        await late.ConnectAsync(desktop.Gateway.AssistSocket, desktop.Ticket(id, control: true), isAssistance: true);
        Assert.True(await late.UntilAsync(v => v.Ended is not null, Minute));
        Assert.Equal(ReasonCode.AssistOver, (ReasonCode)late.Ended!.Reason);
        await desktop.TypeUntilAsync(desktop.Person, G, TypingMachine.Green);
    }

    [Fact]
    public async Task Brokers_word_ends_it_and_so_does_a_snapshot_that_does_not_name_it_and_the_viewers_own_button()
    {
        await using var desktop = await DesktopAsync();
        foreach (var end in new[] { Changed(desktop.Order("", AssistanceStep.Over, false)), new AssistanceUpdate { Snapshot = new() } })
        {
            var id = await desktop.AllowedAsync(control: false);
            await using var viewer = await desktop.LookAsync(id, control: false);
            foreach (var order in end.Changes?.Orders ?? []) order.AssistanceId = id;
            await desktop.Gateway.Desk.ApplyAsync(end);
            Assert.True(await viewer.UntilAsync(v => v.Ended is not null, Minute));
            Assert.Equal(ReasonCode.AssistOver, (ReasonCode)viewer.Ended!.Reason);
            Assert.True(await desktop.Person.UntilAsync(p => p.Notices.Last().Code == NoticeCode.NobodyLooks, Minute));
        }
        var last = await desktop.AllowedAsync(control: false);
        await using var own = await desktop.LookAsync(last, control: false);
        await own.ByeAsync();
        Assert.Equal(new AssistanceNews.Over(last, AssistanceEnd.Administrator), await desktop.Gateway.NextNewsAsync());
    }

    [Fact]
    public async Task Viewer_that_acknowledges_nothing_costs_the_person_nothing_and_one_that_comes_again_takes_its_place()
    {
        await using var desktop = await DesktopAsync();
        var id = await desktop.AllowedAsync(control: false);
        await using var stuck = await desktop.LookAsync(id, control: false, acknowledges: false);
        await desktop.TypeUntilAsync(desktop.Person, G, TypingMachine.Green);
        await desktop.TypeUntilAsync(desktop.Person, X, TypingMachine.Red);
        await desktop.TypeUntilAsync(desktop.Person, G, TypingMachine.Green);
        Assert.InRange(stuck.Frames, 0, 20);

        await using var again = await desktop.LookAsync(id, control: false);
        Assert.True(await again.UntilAsync(v => Shows(v, TypingMachine.Green), Minute), desktop.Said(again));
        Assert.True(await stuck.UntilAsync(v => v.Ended is not null, Minute));
        Assert.Equal(ReasonCode.ContinuedElsewhere, (ReasonCode)stuck.Ended!.Reason);
    }

    [Fact]
    public async Task Mark_comes_back_with_the_persons_browser_and_the_viewer_hears_that_they_were_away()
    {
        await using var desktop = await DesktopAsync();
        var id = await desktop.AllowedAsync(control: true);
        await using var viewer = await desktop.LookAsync(id, control: true);
        await desktop.TypeUntilAsync(desktop.Person, G, TypingMachine.Green);
        Assert.True(await viewer.UntilAsync(v => Shows(v, TypingMachine.Green), Minute));
        desktop.Person.Cut();
        Assert.True(await viewer.UntilAsync(v => v.Notices.Any(n => n.Code == NoticeCode.PersonAway), Minute));

        await using var back = desktop.Gateway.Browser();
        await back.ConnectAsync(desktop.Gateway.Socket, desktop.Person.Welcome!.ResumeToken, isResume: true);
        Assert.True(await back.UntilAsync(p => p.Notices.Contains(new Notice(NoticeCode.Controlling, "Rosa")), Minute), desktop.Said(back));
        Assert.True(await viewer.UntilAsync(v => v.Notices.Last().Code == NoticeCode.PersonBack, Minute));
        await desktop.TypeUntilAsync(viewer, X, TypingMachine.Red);
        Assert.True(await back.UntilAsync(p => Shows(p, TypingMachine.Red), Minute));
        await back.ByeAsync();
        Assert.True(await viewer.UntilAsync(v => v.Ended is not null, Minute));
        Assert.Equal(new AssistanceNews.Over(id, AssistanceEnd.Connection), await desktop.Gateway.NextNewsAsync());
    }

    [Fact]
    public async Task Viewer_that_does_not_come_back_ends_the_assistance()
    {
        await using var desktop = await DesktopAsync(("Gateway:Html5:KeepViewerFor", "00:00:00.300"));
        var id = await desktop.AllowedAsync(control: false);
        await using var viewer = await desktop.LookAsync(id, control: false);
        viewer.Cut();
        Assert.Equal(new AssistanceNews.Over(id, AssistanceEnd.ViewerLeft), await desktop.Gateway.NextNewsAsync());
        Assert.True(await desktop.Person.UntilAsync(p => p.Notices.Last().Code == NoticeCode.NobodyLooks, Minute));
    }

    [Fact]
    public async Task No_is_told_once_and_an_answer_to_no_question_is_told_to_nobody()
    {
        await using var desktop = await DesktopAsync();
        await desktop.Person.ConsentAsync(1);
        await desktop.Person.ConsentAsync(2);
        var id = Guid.NewGuid().ToString();
        await desktop.Gateway.Desk.ApplyAsync(Changed(desktop.Order(id, AssistanceStep.Asked, control: true)));
        Assert.True(await desktop.Person.UntilAsync(p => p.Notices.Any(n => n.Code == NoticeCode.ControlAsked), Minute));
        await desktop.Person.ConsentAsync(1, 2);
        await desktop.Person.ConsentAsync(0, 1);
        await desktop.Person.ConsentAsync(1, 1);
        Assert.Equal(new AssistanceNews.Answered(id, false), await desktop.Gateway.NextNewsAsync());

        // The next news is of the next question: the yes after the no was none.
        var next = await desktop.AllowedAsync(control: false);
        Assert.NotEqual(id, next);
        await desktop.Gateway.Desk.ApplyAsync(Changed(new AssistanceOrder { AssistanceId = id, ConnectionId = Guid.NewGuid().ToString(), Step = AssistanceStep.Asked, Who = "Rosa" }));
        Assert.Equal(new AssistanceNews.Over(id, AssistanceEnd.Connection), await desktop.Gateway.NextNewsAsync());
    }

    [Fact]
    public async Task Ticket_opens_once_and_neither_socket_takes_the_others_tickets()
    {
        await using var desktop = await DesktopAsync();
        var id = await desktop.AllowedAsync(control: false);
        var ticket = desktop.Ticket(id, control: false);
        Assert.Equal(ReasonCode.BrowserProtocol, await RefusedAsync(desktop.Gateway.Browser(), desktop.Gateway.Socket, ticket, isAssistance: true));
        Assert.Equal(ReasonCode.BrowserProtocol, await RefusedAsync(desktop.Viewer(), desktop.Gateway.AssistSocket, ticket, isAssistance: false));
        await using var viewer = desktop.Viewer();
        await viewer.ConnectAsync(desktop.Gateway.AssistSocket, ticket, isAssistance: true);
        Assert.True(await viewer.UntilAsync(v => v.Welcome is not null, Minute));
        Assert.Equal(ReasonCode.TicketUsed, await RefusedAsync(desktop.Viewer(), desktop.Gateway.AssistSocket, ticket, isAssistance: true));
        Assert.Equal(ReasonCode.TicketUnknown, await RefusedAsync(desktop.Viewer(), desktop.Gateway.AssistSocket, new string('A', 43), isAssistance: true));
        using var foreign = new ClientWebSocket();
        foreign.Options.AddSubProtocol(Html5Limits.SubProtocol);
        foreign.Options.CollectHttpResponseDetails = true;
        foreign.Options.SetRequestHeader("Origin", "https://evil.test");
        await Assert.ThrowsAsync<WebSocketException>(() => foreign.ConnectAsync(desktop.Gateway.AssistSocket, CancellationToken.None));
        Assert.Equal(HttpStatusCode.Forbidden, foreign.HttpStatusCode);
        Assert.DoesNotContain(desktop.Gateway.Log.Lines, l => l.Text.Contains(ticket, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(BrowserMessage.Ack, true, true)]
    [InlineData(BrowserMessage.Key, false, true)]
    [InlineData(BrowserMessage.Text, false, true)]
    [InlineData(BrowserMessage.Mouse, false, true)]
    [InlineData(BrowserMessage.Wheel, false, true)]
    [InlineData(BrowserMessage.Focus, false, true)]
    [InlineData(BrowserMessage.Resize, false, false)]
    [InlineData(BrowserMessage.ClipboardRequest, false, false)]
    [InlineData(BrowserMessage.ClipboardData, false, false)]
    [InlineData(BrowserMessage.FileOffer, false, false)]
    [InlineData(BrowserMessage.FileAccepted, false, false)]
    [InlineData(BrowserMessage.MicrophoneAudio, false, false)]
    [InlineData(BrowserMessage.Consent, false, false)]
    public void Viewer_may_look_may_control_where_that_was_allowed_and_nothing_else(BrowserMessage type, bool looking, bool controlling)
    {
        Assert.Equal(looking, DesktopAssistance.MayPass(type, control: false));
        Assert.Equal(controlling, DesktopAssistance.MayPass(type, control: true));
    }

    private static async Task PressAsync(DesktopClient browser, byte key)
    {
        await browser.KeyAsync(key, down: true);
        await browser.KeyAsync(key, down: false);
    }

    private static bool Shows(DesktopClient browser, int colour) => browser.Screen is { Width: > 200 } s && s.At(s.Width / 2, s.Height / 2) == colour;

    private static AssistanceUpdate Changed(AssistanceOrder order) => new() { Changes = new() { Orders = { order } } };

    private static async Task<ReasonCode> RefusedAsync(DesktopClient browser, Uri socket, string ticket, bool isAssistance)
    {
        await using (browser)
        {
            await browser.ConnectAsync(socket, ticket, isAssistance: isAssistance);
            Assert.True(await browser.UntilAsync(b => b.Ended is not null, Minute));
            return (ReasonCode)browser.Ended!.Reason;
        }
    }

    private async Task<OpenDesktop> DesktopAsync(params (string Key, string Value)[] settings)
    {
        machine.Require();
        var redeemer = new FakeRedeemer();
        var gateway = await DesktopGateway.StartAsync(redeemer, settings);
        var person = gateway.Browser();
        var desktop = new OpenDesktop(gateway, person, machine);
        await person.ConnectAsync(gateway.Socket, redeemer.NewTicket(machine.Address, machine.CertificateSha256, machine.UserName, machine.Password));
        Assert.True(await person.UntilAsync(p => p.Welcome is not null && (Shows(p, 0x2266CC) || Shows(p, TypingMachine.Green) || Shows(p, TypingMachine.Red)), TimeSpan.FromMinutes(3)), desktop.Said(person));
        // The desktop counts as open a moment after its browser was told.
        Assert.Equal(ConnectionReport.KindOneofCase.Opened, (await gateway.NextReportAsync()).KindCase);
        return desktop;
    }

    private sealed class OpenDesktop(DesktopGateway gateway, DesktopClient person, TypingMachine machine) : IAsyncDisposable
    {
        public DesktopGateway Gateway => gateway;

        public DesktopClient Person => person;

        private string Connection => gateway.Connections.All.Single().ConnectionId;

        public AssistanceOrder Order(string id, AssistanceStep step, bool control) =>
            new() { AssistanceId = id, ConnectionId = Connection, Step = step, Control = control, Who = "Rosa", Why = "Impressora não responde" };

        public DesktopClient Viewer() => new(("Origin", gateway.Origin));

        public string Ticket(string id, bool control) => gateway.Assistances.NewTicket(new() { AssistanceId = id, ConnectionId = Connection, Control = control, Who = "Rosa", Desktop = "balcao-01" });

        /// <summary>Asked, and allowed by the person.</summary>
        public async Task<string> AllowedAsync(bool control)
        {
            var id = Guid.NewGuid().ToString();
            var before = person.Notices.Count(n => n.Code is NoticeCode.LookAsked or NoticeCode.ControlAsked);
            await gateway.Desk.ApplyAsync(Changed(Order(id, AssistanceStep.Asked, control)));
            Assert.True(await person.UntilAsync(p => p.Notices.Count(n => n.Code is NoticeCode.LookAsked or NoticeCode.ControlAsked) > before, Minute));
            await person.ConsentAsync(1, byte.Parse(person.Notices.Last(n => n.Code is NoticeCode.LookAsked or NoticeCode.ControlAsked).Text.Split('\n')[2], System.Globalization.CultureInfo.InvariantCulture));
            Assert.Equal(new AssistanceNews.Answered(id, true), await gateway.NextNewsAsync());
            await gateway.Desk.ApplyAsync(Changed(Order(id, AssistanceStep.Granted, control)));
            return id;
        }

        /// <summary>A viewer who is in, and shown the whole picture.</summary>
        public async Task<DesktopClient> LookAsync(string id, bool control, bool acknowledges = true)
        {
            var viewer = Viewer();
            viewer.Acknowledges = acknowledges;
            await viewer.ConnectAsync(gateway.AssistSocket, Ticket(id, control), isAssistance: true);
            Assert.True(await viewer.UntilAsync(v => v.Welcome is not null && v.Frames > 0, Minute), Said(viewer));
            return viewer;
        }

        /// <summary>Types until it is seen: a terminal that has just started may miss a first key.</summary>
        public async Task TypeUntilAsync(DesktopClient browser, byte key, int colour)
        {
            for (var attempt = 0; attempt < 40; attempt++)
            {
                await PressAsync(browser, key);
                if (await browser.UntilAsync(b => Shows(b, colour), TimeSpan.FromSeconds(3))) return;
            }
            Assert.Fail(Said(browser));
        }

        public string Said(DesktopClient browser) =>
            $"ended {browser.Ended}, welcome {browser.Welcome}, {browser.Frames} frames\n{string.Join('\n', gateway.Log.Lines.Select(l => l.Text))}\n{machine.Logs}";

        public async ValueTask DisposeAsync()
        {
            await person.DisposeAsync();
            await gateway.DisposeAsync();
        }
    }
}
