using System.Buffers;
using System.Buffers.Binary;
using System.Diagnostics;
using Montalegre.Vdi.Contracts.Common.V1;
using Montalegre.Vdi.Gateway.Assistance;
using Montalegre.Vdi.Gateway.Hosting;
using Montalegre.Vdi.Gateway.Html5.Printing;
using Montalegre.Vdi.Gateway.Relay;
using Montalegre.Vdi.Protocol.Html5;
using Montalegre.Vdi.Protocol.Wire;

namespace Montalegre.Vdi.Gateway.Html5;

/// <summary>One desktop in a browser: a worker that lives as long as the desktop, and the browser that looks at the moment, if any.</summary>
internal sealed class DesktopSession(
    StartedWorker started, WorkerLink worker, WorkerStart start, string owner, Html5Options options, PdfConverter converter, ResumeTokens tokens, AssistanceReports assistances,
    TimeProvider time, ILogger log)
    : ICarrier, IAssistedDesktop, IDisposable
{
    private const int PieceLength = 64 * 1024;
    private const int StillRunning = -1;
    private static readonly TimeSpan FarewellDeadline = TimeSpan.FromSeconds(2);

    private readonly CancellationTokenSource _over = new();
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<ReasonCode?> _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _gate = new();
    private PrintedDocuments? _printed;
    private DesktopAssistance? _assistance;
    private BrowserLeg? _browser;
    private BrowserLeg? _welcomed;
    private Hello _hello = start.Browser;
    private ITimer? _keeping;
    private string? _token;
    private int _end = StillRunning;
    private ReasonCode _reason = ReasonCode.Unspecified;
    private long _fromClient;
    private long _fromMachine;

    public long BytesFromClient => Volatile.Read(ref _fromClient);

    public long BytesFromMachine => Volatile.Read(ref _fromMachine);

    /// <summary>Who signed in at the portal; nobody else resumes this desktop.</summary>
    public string Owner => owner;

    /// <summary>Null once the first picture can come; a reason when it never will.</summary>
    public Task<ReasonCode?> Opened => _opened.Task;

    public DesktopAssistance Assistance => LazyInitializer.EnsureInitialized(
        ref _assistance, () => new(TellPersonAsync, worker.SendAsync, assistances, options.KeepViewerFor, time));

    /// <summary>Passes on what the worker says until the desktop is over.</summary>
    public async Task<RelayEnd> RunAsync()
    {
        using var late = time.CreateTimer(_ => FinishSoon(RelayEnd.MachineClosed, ReasonCode.MachineDidNotAnswer, unlessOpened: true), null, options.OpenDeadline, Timeout.InfiniteTimeSpan);
        try
        {
            await PassOnAsync();
            await FinishAsync(RelayEnd.WorkerEnded, _ready.Task.IsCompleted ? ReasonCode.WorkerEnded : ReasonCode.BrowserDesktopUnavailable);
        }
        catch (WireFormatException e)
        {
            log.WorkerSpokeNonsense(e.Message);
            await FinishAsync(RelayEnd.WorkerEnded, ReasonCode.WorkerEnded);
        }
        catch (OperationCanceledException) when (_over.IsCancellationRequested)
        {
            // Ended from elsewhere; the reason is known.
        }
        _printed?.Drop();
        await StopWorkerAsync();
        return (RelayEnd)_end;
    }

    /// <summary>Serves one browser until it goes or the desktop is over; the desktop itself may go on without it.</summary>
    /// <param name="hello">Null for the first browser, which the worker knows from its start.</param>
    public async Task ServeAsync(BrowserLeg browser, Hello? hello, CancellationToken ct)
    {
        if (!await AttachAsync(browser, hello)) return;
        try
        {
            while (await browser.ReceiveAsync(Html5Limits.LongestFromBrowser, ct) is { } message)
            {
                try
                {
                    if (IsOver) continue;       // it has been told, and its close is on the way
                    if ((BrowserMessage)message.Buffer[0] == BrowserMessage.Bye)
                    {
                        await FinishAsync(RelayEnd.ClientClosed, ReasonCode.Unspecified);
                        continue;
                    }
                    BrowserRules.Check(message.Buffer.AsSpan(0, message.Length));
                    if ((BrowserMessage)message.Buffer[0] == BrowserMessage.Consent)
                    {
                        await Assistance.ConsentAsync(message.Buffer.AsSpan(1, message.Length - 1).ToArray());
                        continue;
                    }
                    if (BrowserRules.IsActivity((BrowserMessage)message.Buffer[0])) Interlocked.Add(ref _fromClient, message.Length);
                    await worker.SendAsync(message.Buffer.AsMemory(0, message.Length), ct);
                }
                finally { ArrayPool<byte>.Shared.Return(message.Buffer); }
            }
        }
        catch (WireFormatException e)
        {
            log.BrowserSpokeNonsense(e.Message);
            await FinishAsync(RelayEnd.ProtocolBroken, ReasonCode.BrowserProtocol);
            await browser.DrainAsync();
        }
        catch (OperationCanceledException)
        {
            // The request was aborted while a message went to the worker: the browser has gone.
        }
        await DetachAsync(browser);
    }

    public Task EndAsync(RelayEnd end) => FinishAsync(end, end switch
    {
        RelayEnd.TicketRevoked => ReasonCode.SessionEnded,
        RelayEnd.IdleTimeout => ReasonCode.IdleTooLong,
        RelayEnd.AccessWithdrawn => ReasonCode.AccessWithdrawn,
        RelayEnd.NotEntitled => ReasonCode.NotEntitled,
        RelayEnd.CardRemoved => ReasonCode.CardRemoved,
        RelayEnd.LockFailed => ReasonCode.LockFailed,
        RelayEnd.GatewayStopping => ReasonCode.GatewayStopping,
        RelayEnd.ProtocolBroken => ReasonCode.BrowserProtocol,
        RelayEnd.WorkerEnded => ReasonCode.WorkerEnded,
        _ => ReasonCode.MachineClosed,
    });

    // What says that it is over is not disposed: the end that waits for a slow browser says so when the desktop may have gone.
    public void Dispose()
    {
        _keeping?.Dispose();
        worker.Dispose();
        started.Process.Dispose();
    }

    private bool IsOver
    {
        get { lock (_gate) return _end != StillRunning; }
    }

    private async Task PassOnAsync()
    {
        var buffer = ArrayPool<byte>.Shared.Rent(PieceLength);
        try
        {
            while (await worker.NextAsync(_over.Token) is > 0 and var length)
            {
                var (read, isLast) = await worker.ReadSomeAsync(buffer.AsMemory(0, PieceLength), _over.Token);
                if (read == 0) return;
                if (buffer[0] == (byte)WorkerMessage.ToViewer)
                {
                    if (!await PassToViewerAsync(buffer, read, isLast)) return;
                }
                else if (buffer[0] >= (byte)WorkerMessage.Ready)
                {
                    if (!isLast) WireFormatException.Throw(nameof(WorkerLink), "length", $"{length} bytes for a message of type {buffer[0]:X2}");
                    if (!await ObeyAsync(buffer.AsMemory(0, read))) return;
                }
                else if (!await ForwardAsync(buffer, read, isLast)) return;
            }
        }
        finally { ArrayPool<byte>.Shared.Return(buffer); }
    }

    private async Task<bool> PassToViewerAsync(byte[] buffer, int read, bool isLast)
    {
        const int header = 2;
        if (read <= header) WireFormatException.Throw(nameof(WorkerMessage.ToViewer), "length", $"is {read}");
        Assistance.Take((ServerMessage)buffer[header], buffer.AsSpan(header, read - header), isLast);
        while (!isLast)
        {
            (read, isLast) = await worker.ReadSomeAsync(buffer.AsMemory(0, PieceLength), _over.Token);
            if (read == 0) return false;
            Assistance.Take(null, buffer.AsSpan(0, read), isLast);
        }
        return true;
    }

    private async Task TellPersonAsync(byte[] message)
    {
        BrowserLeg? browser;
        lock (_gate) browser = _welcomed;
        if (browser is not null) await browser.SendAsync(message);
    }

    /// <summary>What the worker says to the gateway; false when it was its last word.</summary>
    private async Task<bool> ObeyAsync(ReadOnlyMemory<byte> message)
    {
        switch ((WorkerMessage)message.Span[0])
        {
            case WorkerMessage.Ready when !_ready.Task.IsCompleted:
                _ready.SetResult();
                await SendStartAsync();
                return true;
            case WorkerMessage.Opened when _ready.Task.IsCompleted && message.Length == 6:
                await WelcomeAsync(BinaryPrimitives.ReadUInt16LittleEndian(message.Span[1..]), BinaryPrimitives.ReadUInt16LittleEndian(message.Span[3..]), (message.Span[5] & 1) != 0);
                return true;
            case WorkerMessage.Printing when start.Allowed.HasFlag(Allowed.Print):
                _printed ??= new(converter, worker, options.LargestFile * 1024L * 1024, _over.Token);
                await _printed.TakeAsync(message);
                return true;
            case WorkerMessage.Over when message.Length == 2:
                var (end, reason) = Meaning((WorkerEnd)message.Span[1]);
                await FinishAsync(end, reason);
                return false;
            default:
                throw new WireFormatException($"{nameof(WorkerLink)}.type: 0x{message.Span[0]:X2} is not expected here");
        }
    }

    /// <summary>Passes one message to the browser piece by piece, so that no picture is ever held whole here.</summary>
    private async Task<bool> ForwardAsync(byte[] buffer, int read, bool isLast)
    {
        var type = (ServerMessage)buffer[0];
        if (type is ServerMessage.Welcome or ServerMessage.Ended || !Enum.IsDefined(type))
            WireFormatException.Throw(nameof(WorkerLink), "type", $"0x{buffer[0]:X2} is not a worker's");
        if (type is not (ServerMessage.Status or ServerMessage.Pong)) Interlocked.Add(ref _fromMachine, read);
        var browser = Current();
        var held = browser is not null && await browser.HoldAsync(_over.Token);
        try
        {
            var listens = held;
            while (true)
            {
                // A browser that went in the middle of a message gets no other one's rest.
                if (listens && (Current() != browser || !await browser!.SendAsync(buffer.AsMemory(0, read), isLast))) listens = false;
                if (isLast) return true;
                (read, isLast) = await worker.ReadSomeAsync(buffer.AsMemory(0, PieceLength), _over.Token);
                if (read == 0) return false;
                if (type is not (ServerMessage.Status or ServerMessage.Pong)) Interlocked.Add(ref _fromMachine, read);
            }
        }
        finally
        {
            if (held) browser!.Release();
        }
    }

    private BrowserLeg? Current()
    {
        lock (_gate) return _welcomed;
    }

    private async Task SendStartAsync()
    {
        var buffer = new byte[WorkerStart.Longest];
        await worker.SendAsync(buffer.AsMemory(0, Write(start, buffer)), _over.Token);
        Array.Clear(buffer);
        Array.Clear(start.Secret);
    }

    private async Task WelcomeAsync(ushort width, ushort height, bool takesText)
    {
        _opened.TrySetResult(null);
        BrowserLeg? browser;
        string token;
        lock (_gate)
        {
            if ((browser = _browser) is null) return;
            tokens.Forget(_token);
            _token = token = tokens.New(this);
        }
        var message = new byte[Welcome.Longest];
        var welcome = new Welcome(width, height, takesText ? start.Allowed : start.Allowed & ~Allowed.Text, _hello.CacheSlots, token, "");
        if (!await browser.SendAsync(message.AsMemory(0, Write(welcome, message)))) return;
        lock (_gate)
        {
            if (_browser != browser) return;
            _welcomed = browser;
        }
        await Assistance.PersonCameAsync();
    }

    private async Task<bool> AttachAsync(BrowserLeg browser, Hello? hello)
    {
        BrowserLeg? before;
        lock (_gate)
        {
            if (_end != StillRunning) return false;
            (before, _browser, _welcomed) = (_browser, browser, null);
            _keeping?.Dispose();
            _keeping = null;
            if (hello is not null) _hello = hello;
        }
        before?.Abort();
        if (hello is null) return true;
        var message = new byte[Html5Limits.LongestHello + 1];
        try { return await worker.SendAsync(message.AsMemory(0, Write(hello with { Ticket = "" }, message)), _over.Token); }
        catch (OperationCanceledException) { return false; }    // it came back while the desktop went
    }

    private async Task DetachAsync(BrowserLeg browser)
    {
        lock (_gate)
        {
            if (_browser != browser || _end != StillRunning) return;
            (_browser, _welcomed) = (null, null);
            if (_opened.Task.IsCompletedSuccessfully)
                _keeping = time.CreateTimer(_ => FinishSoon(RelayEnd.ClientClosed, ReasonCode.Unspecified, unlessOpened: false), null, options.KeepFor, Timeout.InfiniteTimeSpan);
        }
        // Not the timer itself: a browser that came back meanwhile has stopped it, and must not be taken for one that never was there.
        if (!_opened.Task.IsCompletedSuccessfully) await FinishAsync(RelayEnd.ClientClosed, ReasonCode.Unspecified);
        else
        {
            await worker.SendAsync(new byte[] { (byte)WorkerMessage.Detach }, CancellationToken.None);
            Assistance.PersonWent();
        }
    }

    private void FinishSoon(RelayEnd end, ReasonCode reason, bool unlessOpened)
    {
        if (unlessOpened && _opened.Task.IsCompleted) return;
        _ = FinishAsync(end, reason);
    }

    /// <summary>The first end stands; the browser is told its reason.</summary>
    private async Task FinishAsync(RelayEnd end, ReasonCode reason)
    {
        BrowserLeg? browser;
        lock (_gate)
        {
            if (_end != StillRunning) return;
            (_end, _reason) = ((int)end, reason);
            (browser, _browser, _welcomed) = (_browser, null, null);
            tokens.Forget(_token);
        }
        _opened.TrySetResult(reason == ReasonCode.Unspecified ? ReasonCode.SessionEnded : reason);
        try
        {
            // A machine that breaks off without a word has not ended the session: xrdp does so when it falls over.
            if (browser is not null) await browser.EndAsync(reason, "", mayResume: end == RelayEnd.MachineLost).WaitAsync(FarewellDeadline);
        }
        catch (TimeoutException)
        {
            browser!.Abort();       // it takes nothing any more
        }
        await Assistance.DesktopOverAsync(reason);
        await _over.CancelAsync();
    }

    private async Task StopWorkerAsync()
    {
        worker.Dispose();           // a healthy worker ends when its gateway is gone
        using var patience = new CancellationTokenSource(FarewellDeadline);
        await started.Process.WaitForExitAsync(patience.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!started.Process.HasExited) WorkerProgram.Kill(started.Process);
        else if ((RelayEnd)_end == RelayEnd.WorkerEnded) log.WorkerEnded(started.Process.ExitCode, _reason);
    }

    private static (RelayEnd, ReasonCode) Meaning(WorkerEnd end) => end switch
    {
        WorkerEnd.Ended => (RelayEnd.MachineLost, ReasonCode.MachineClosed),
        WorkerEnd.NoAnswer => (RelayEnd.MachineClosed, ReasonCode.MachineDidNotAnswer),
        WorkerEnd.OtherCertificate => (RelayEnd.MachineClosed, ReasonCode.MachineCertificateChanged),
        WorkerEnd.SignInRefused => (RelayEnd.MachineClosed, ReasonCode.MachineSignInRefused),
        // xrdp says "signed out" too when another client takes the session over.
        WorkerEnd.SignedOut => (RelayEnd.MachineClosed, ReasonCode.MachineClosed),
        WorkerEnd.TakenOver => (RelayEnd.MachineClosed, ReasonCode.ContinuedElsewhere),
        WorkerEnd.Unsupported => (RelayEnd.MachineClosed, ReasonCode.NotSupported),
        WorkerEnd.Fault => (RelayEnd.WorkerEnded, ReasonCode.WorkerEnded),
        _ => throw new WireFormatException($"{nameof(WorkerLink)}.end: {(byte)end} is not known"),
    };

    private static int Write(WorkerStart message, byte[] buffer)
    {
        var w = new WireWriter(buffer, nameof(WorkerStart));
        message.Write(ref w);
        return w.Written;
    }

    private static int Write(Welcome message, byte[] buffer)
    {
        var w = new WireWriter(buffer, nameof(Welcome));
        message.Write(ref w);
        return w.Written;
    }

    private static int Write(Hello message, byte[] buffer)
    {
        var w = new WireWriter(buffer, nameof(Hello));
        w.WriteByte((byte)WorkerMessage.Attach);
        message.Write(ref w);
        return w.Written;
    }
}
