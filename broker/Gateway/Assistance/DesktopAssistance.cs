using System.Buffers;
using System.Buffers.Binary;
using Montalegre.Vdi.Contracts.Common.V1;
using Montalegre.Vdi.Contracts.Gateway.V1;
using Montalegre.Vdi.Gateway.Html5;
using Montalegre.Vdi.Protocol.Html5;
using Montalegre.Vdi.Protocol.Wire;

namespace Montalegre.Vdi.Gateway.Assistance;

/// <summary>
/// The assistance of one desktop, if there is one: the question, the answer, the mark that the person sees all the time, and
/// the administrator's browser. What a viewer may do is decided here, whatever its page shows.
/// </summary>
/// <param name="tellPerson">Sends a message to the browser of the person whose desktop it is, if one is there.</param>
/// <param name="tellWorker">Sends a message to the worker; false when it has gone.</param>
internal sealed class DesktopAssistance(
    Func<byte[], Task> tellPerson, Func<ReadOnlyMemory<byte>, CancellationToken, ValueTask<bool>> tellWorker, AssistanceReports reports, TimeSpan viewerGrace, TimeProvider time)
{
    private const byte Number = 1;
    private const int LongestMessage = 2048;
    private const int WorkerHeader = 2;
    private readonly Lock _gate = new();
    private Running? _running;
    private string? _lastOver;
    private byte _question;
    private bool _personAway;
    private bool _closed;

    private enum Step { Asked, Answered, Shown }

    /// <summary>Takes the broker's word. The same word twice changes nothing.</summary>
    public async Task ApplyAsync(AssistanceOrder order)
    {
        if (order.Step == AssistanceStep.Over)
        {
            await EndAsync(order.AssistanceId, ReasonCode.AssistOver, report: null);
            return;
        }
        Running running;
        lock (_gate)
        {
            if (_closed || order.AssistanceId == _lastOver || _running?.Id == order.AssistanceId) return;
            var step = order.Step == AssistanceStep.Asked ? Step.Asked : Step.Answered;
            _running = running = new(order.AssistanceId, order.Control, order.Who, order.Why, step) { Question = ++_question };
        }
        await tellPerson(running.Notice());
    }

    /// <summary>What is not among these is over.</summary>
    public Task KeepOnlyAsync(IReadOnlySet<string> open)
    {
        string? id;
        lock (_gate) id = _running?.Id;
        return id is null || open.Contains(id) ? Task.CompletedTask : EndAsync(id, ReasonCode.AssistOver, report: null);
    }

    /// <summary>The person's answer, or their end of it. An answer to no question, or to another one, changes nothing.</summary>
    /// <param name="consent">The answer, and for yes and no the number of the question.</param>
    public async Task ConsentAsync(byte[] consent)
    {
        if (consent is not ([0 or 1, _] or [2, ..])) return;
        var answer = consent[0];
        string id;
        lock (_gate)
        {
            if (_running is not { } running) return;
            id = running.Id;
            var answers = answer is 0 or 1;
            // A yes that was on its way when the question changed is no yes to the next one.
            if (answers && (running.Step != Step.Asked || consent[1] != running.Question)) return;
            if (answers) reports.Answered(id, answer == 1);
            if (answer == 1)
            {
                _running = running with { Step = Step.Answered };
                return;
            }
            if (answer == 2 && running.Step == Step.Asked) return;
        }
        await EndAsync(id, ReasonCode.AssistEndedByPerson, answer == 2 ? AssistanceEnd.Person : null);
    }

    /// <summary>A browser of the person is there anew and knows nothing.</summary>
    public async Task PersonCameAsync()
    {
        Running? running;
        lock (_gate) (running, _personAway) = (_running, false);
        if (running is null) return;
        await tellPerson(running.Notice());
        running.Viewer?.Say(new Notice(NoticeCode.PersonBack, "").ToMessage());
    }

    public void PersonWent()
    {
        lock (_gate)
        {
            _personAway = true;
            _running?.Viewer?.Say(new Notice(NoticeCode.PersonAway, "").ToMessage());
        }
    }

    /// <summary>The desktop is over, and with it whoever looks.</summary>
    public async Task DesktopOverAsync(ReasonCode reason)
    {
        string? id;
        lock (_gate) (_closed, id) = (true, _running?.Id);
        if (id is not null) await EndAsync(id, reason == ReasonCode.Unspecified ? ReasonCode.AssistOver : reason, AssistanceEnd.Connection);
    }

    /// <summary>The gateway cannot ask any more whether this may go on.</summary>
    public Task EndUnaskedAsync()
    {
        string? id;
        lock (_gate) id = _running?.Id;
        return id is null ? Task.CompletedTask : EndAsync(id, ReasonCode.AssistOver, AssistanceEnd.Gateway);
    }

    /// <summary>Shows the desktop to a browser whose ticket was redeemed, until it goes or the assistance is over.</summary>
    public async Task ServeAsync(BrowserLeg browser, Hello hello, RedeemedAssistance redeemed, CancellationToken ct)
    {
        var leg = new ViewerLeg(browser);
        ViewerLeg? before;
        Running running;
        lock (_gate)
        {
            var known = _running?.Id == redeemed.AssistanceId;
            before = known ? _running!.Viewer : null;
            _running?.Grace?.Dispose();
            // The broker's word may still be on its way, but never one that the person took back here.
            running = new(redeemed.AssistanceId, redeemed.Control, redeemed.Who, known ? _running!.Why : "", Step.Shown) { Viewer = leg, Hello = hello, Title = redeemed.Desktop };
            if (_closed || redeemed.AssistanceId == _lastOver || (!known && _running is not null)) running = null!;
            else _running = running;
        }
        if (running is null)
        {
            await browser.FarewellAsync(ReasonCode.AssistOver, "");
            return;
        }
        if (before is not null) await before.Browser.EndAsync(ReasonCode.ContinuedElsewhere, "");
        var sending = leg.SendAllAsync();
        try
        {
            // First the mark, then the picture: nothing is shown to anybody without the person seeing that it is.
            await tellPerson(running.Notice());
            await tellWorker(AttachMessage(hello), ct);
            await ReceiveAsync(browser, redeemed, ct);
        }
        catch (WireFormatException)
        {
            await browser.EndAsync(ReasonCode.BrowserProtocol, "");
            await browser.DrainAsync();
        }
        catch (OperationCanceledException)
        {
            // The request was aborted: the browser has gone.
        }
        await WentAsync(leg);
        leg.Close();
        await sending;
    }

    /// <summary>A piece of what the worker says to the viewer; <paramref name="type"/> is set for the first one. Worker and machine are hostile.</summary>
    public void Take(ServerMessage? type, ReadOnlySpan<byte> piece, bool isLast)
    {
        if (type is not (null or ServerMessage.Frame or ServerMessage.Resize or ServerMessage.Pointer or ServerMessage.PointerHidden or ServerMessage.PointerDefault
            or ServerMessage.PointerAt or ServerMessage.Pong or (ServerMessage)WorkerMessage.Opened))
            WireFormatException.Throw(nameof(WorkerMessage.ToViewer), "type", $"0x{(byte)type:X2} is not for viewers");
        Running? running;
        lock (_gate) running = _running;
        if (running?.Viewer is not { } viewer) return;
        if (type != (ServerMessage)WorkerMessage.Opened)
        {
            viewer.Offer(type is not null, piece, isLast);
            return;
        }
        if (!isLast || piece.Length != 5) WireFormatException.Throw(nameof(WorkerMessage.ToViewer), "length", $"{piece.Length} bytes of Opened");
        var welcome = new Welcome(
            BinaryPrimitives.ReadUInt16LittleEndian(piece[1..]), BinaryPrimitives.ReadUInt16LittleEndian(piece[3..]),
            Allowed.Text | Allowed.H264 | (running.Control ? Allowed.Control : 0), running.Hello!.CacheSlots, "", running.Title);
        var w = new WireWriter(new byte[Welcome.Longest], nameof(Welcome));
        welcome.Write(ref w);
        viewer.Welcome(w.WrittenSpan);
        if (_personAway) viewer.Say(new Notice(NoticeCode.PersonAway, "").ToMessage());
    }

    private async Task ReceiveAsync(BrowserLeg browser, RedeemedAssistance redeemed, CancellationToken ct)
    {
        while (await browser.ReceiveAsync(LongestMessage, ct) is { } message)
        {
            try
            {
                var bytes = message.Buffer.AsMemory(0, message.Length);
                var type = (BrowserMessage)bytes.Span[0];
                if (type == BrowserMessage.Bye)
                {
                    await EndAsync(redeemed.AssistanceId, ReasonCode.Unspecified, AssistanceEnd.Administrator);
                    continue;
                }
                BrowserRules.Check(bytes.Span);
                if (!MayPass(type, redeemed.Control)) continue;
                var wrapped = new byte[WorkerHeader + bytes.Length];
                (wrapped[0], wrapped[1]) = ((byte)WorkerMessage.FromViewer, Number);
                bytes.CopyTo(wrapped.AsMemory(WorkerHeader));
                await tellWorker(wrapped, ct);
            }
            finally { ArrayPool<byte>.Shared.Return(message.Buffer); }
        }
    }

    /// <summary>Looking needs acknowledgements and little else; clipboard, files and sound are the person's own, whatever was allowed.</summary>
    internal static bool MayPass(BrowserMessage type, bool control) => type switch
    {
        BrowserMessage.Ack or BrowserMessage.Ping or BrowserMessage.Visible => true,
        BrowserMessage.Key or BrowserMessage.Text or BrowserMessage.Mouse or BrowserMessage.Wheel or BrowserMessage.Focus => control,
        _ => false,
    };

    /// <summary>A viewer went. It has a while to come back with a new ticket; the person sees the mark meanwhile.</summary>
    private async Task WentAsync(ViewerLeg leg)
    {
        lock (_gate)
        {
            if (_running is not { } running || running.Viewer != leg) return;
            var id = running.Id;
            _running = running with { Viewer = null, Grace = time.CreateTimer(_ => _ = EndAsync(id, ReasonCode.AssistOver, AssistanceEnd.ViewerLeft), null, viewerGrace, Timeout.InfiniteTimeSpan) };
        }
        await tellWorker(DetachMessage, CancellationToken.None);
    }

    /// <param name="report">What the broker is to be told; null when it knows.</param>
    private async Task EndAsync(string id, ReasonCode reason, AssistanceEnd? report)
    {
        Running running;
        lock (_gate)
        {
            if (_running?.Id != id) return;
            (running, _running, _lastOver) = (_running, null, id);
            running.Grace?.Dispose();
            if (report is { } end) reports.Over(id, end);
        }
        if (running.Viewer is not null) await tellWorker(DetachMessage, CancellationToken.None);
        await tellPerson(new Notice(NoticeCode.NobodyLooks, "").ToMessage());
        if (running.Viewer is not { } viewer) return;
        try
        {
            await viewer.Browser.EndAsync(reason, "").WaitAsync(Farewell);
        }
        catch (TimeoutException)
        {
            viewer.Browser.Abort();     // it takes nothing any more
        }
    }

    private static readonly TimeSpan Farewell = TimeSpan.FromSeconds(2);

    private static readonly byte[] DetachMessage = [(byte)WorkerMessage.ViewerDetach, Number];

    private static byte[] AttachMessage(Hello hello)
    {
        var w = new WireWriter(new byte[WorkerHeader + Html5Limits.LongestHello], nameof(Hello));
        w.WriteByte((byte)WorkerMessage.ViewerAttach);
        w.WriteByte(Number);
        (hello with { Ticket = "", IsAssistance = false }).Write(ref w);
        return w.WrittenSpan.ToArray();
    }

    private sealed record Running(string Id, bool Control, string Who, string Why, Step Step)
    {
        public ViewerLeg? Viewer { get; init; }

        public Hello? Hello { get; init; }

        public string Title { get; init; } = "";

        public byte Question { get; init; }

        public ITimer? Grace { get; init; }

        /// <summary>What the person is to see now: the question with its reason, or who is there.</summary>
        public byte[] Notice() => (Step, Control) switch
        {
            (Step.Asked, false) => new Notice(NoticeCode.LookAsked, $"{Who}\n{Why}\n{Question}").ToMessage(),
            (Step.Asked, true) => new Notice(NoticeCode.ControlAsked, $"{Who}\n{Why}\n{Question}").ToMessage(),
            (_, false) => new Notice(NoticeCode.Looking, Who).ToMessage(),
            (_, true) => new Notice(NoticeCode.Controlling, Who).ToMessage(),
        };
    }
}
