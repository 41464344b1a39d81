using System.Buffers.Binary;
using System.Net;
using System.Net.WebSockets;
using System.Text;
using Montalegre.Vdi.Protocol.Html5;
using Montalegre.Vdi.Protocol.Wire;

namespace Montalegre.Vdi.Rig.Html5;

/// <summary>A browser at the desktop's socket, without a browser: says Hello, draws, acknowledges, types.</summary>
public sealed class DesktopClient : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);
    private readonly ClientWebSocket _socket = new();
    private readonly TaskCompletionSource _over = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly SemaphoreSlim _news = new(0);
    private Task _reading = Task.CompletedTask;
    private byte[][] _others = new byte[16][];
    private int _otherCount;

    /// <summary>Set once the desktop is open; again after a resumption.</summary>
    public Welcome? Welcome { get; private set; }

    /// <summary>Why it is over.</summary>
    public Ended? Ended { get; private set; }

    public DrawnScreen Screen { get; } = new(1, 1);

    /// <summary>Frames that came, and their bytes.</summary>
    public int Frames { get; private set; }

    public long FrameBytes { get; private set; }

    /// <summary>Everything but frames that has come until now, newest last; what comes later does not change it.</summary>
    public ArraySegment<byte[]> Others
    {
        get { lock (Screen) return new(_others, 0, _otherCount); }
    }

    /// <summary>False keeps frames unacknowledged, as a browser that has stopped does.</summary>
    public bool Acknowledges { get; set; } = true;

    /// <summary>False leaves pictures undrawn: a measurement of the server must not measure this client.</summary>
    public bool Draws { get; set; } = true;

    /// <summary>True connects over HTTP/2, as a browser does that has the portal's page open already.</summary>
    public bool OverHttp2 { get; init; }

    /// <summary>Headers a browser would send: Origin, cookies.</summary>
    public DesktopClient(params (string Name, string Value)[] headers)
    {
        _socket.Options.AddSubProtocol(Html5Limits.SubProtocol);
        foreach (var (name, value) in headers) _socket.Options.SetRequestHeader(name, value);
    }

    /// <summary>Opens the socket and says Hello with this ticket.</summary>
    public async Task ConnectAsync(Uri socket, string ticket, int width = 1024, int height = 768, bool isResume = false, BrowserCapabilities capabilities = BrowserCapabilities.Zstd, bool isAssistance = false)
    {
        if (OverHttp2)
        {
            (_socket.Options.HttpVersion, _socket.Options.HttpVersionPolicy) = (HttpVersion.Version20, HttpVersionPolicy.RequestVersionExact);
            await _socket.ConnectAsync(socket, new HttpMessageInvoker(new SocketsHttpHandler()), CancellationToken.None).WaitAsync(Patience);
        }
        else
        {
            // On loopback, with a certificate that a test has just made itself.
            _socket.Options.RemoteCertificateValidationCallback = static (_, certificate, _, _) => certificate is not null;
            await _socket.ConnectAsync(socket, CancellationToken.None).WaitAsync(Patience);
        }
        _reading = ReadAsync();
        await SendAsync(Encode(new Hello(isResume, ticket, (ushort)width, (ushort)height, 100, 0x409, capabilities, 1024, "pt-PT", "Europe/Lisbon") { IsAssistance = isAssistance }));
    }

    public Task SendAsync(byte[] message) => _socket.SendAsync(message, WebSocketMessageType.Binary, true, CancellationToken.None).WaitAsync(Patience);

    public Task KeyAsync(byte scancode, bool down, bool extended = false) => SendAsync([(byte)BrowserMessage.Key, (byte)((down ? 0 : 1) | (extended ? 2 : 0)), scancode]);

    /// <summary>Turns the wheel: 120 is one notch, down and right are positive.</summary>
    public Task WheelAsync(int x, int y, short down, short right = 0)
    {
        var message = new byte[9];
        message[0] = (byte)BrowserMessage.Wheel;
        foreach (var (at, value) in new[] { (1, (short)x), (3, (short)y), (5, down), (7, right) }) BinaryPrimitives.WriteInt16LittleEndian(message.AsSpan(at), value);
        return SendAsync(message);
    }

    public Task MouseAsync(int x, int y, MouseButtons buttons = MouseButtons.None)
    {
        var message = new byte[] { (byte)BrowserMessage.Mouse, 0, 0, 0, 0, (byte)buttons };
        BinaryPrimitives.WriteUInt16LittleEndian(message.AsSpan(1), (ushort)x);
        BinaryPrimitives.WriteUInt16LittleEndian(message.AsSpan(3), (ushort)y);
        return SendAsync(message);
    }

    /// <param name="further">Monitors beside the first one.</param>
    public Task ResizeAsync(int width, int height, params ScreenRect[] further)
    {
        var w = new WireWriter(new byte[7 + (further.Length * 8)], nameof(BrowserMessage.Resize));
        w.WriteByte((byte)BrowserMessage.Resize);
        foreach (var value in new[] { width, height, 100 }.Concat(further.SelectMany(m => new int[] { m.X, m.Y, m.W, m.H }))) w.WriteUInt16((ushort)value);
        return SendAsync(w.WrittenSpan.ToArray());
    }

    public Task ClipboardAsync(string text) => SendAsync([(byte)BrowserMessage.ClipboardData, (byte)ClipboardFormat.Text, .. Encoding.UTF8.GetBytes(text)]);

    /// <summary>The notices that came, in order.</summary>
    public IEnumerable<Notice> Notices => Others.Where(o => o[0] == (byte)ServerMessage.Notice).Select(o => Notice.Read(o));

    /// <summary>Yes, no, or the end of an assistance.</summary>
    /// <param name="question">The number of the question; the last line of its notice.</param>
    public Task ConsentAsync(byte answer, byte question = 0) => SendAsync([(byte)BrowserMessage.Consent, answer, question]);

    /// <summary>Waits, looking again after every message, until the fact holds; false when it never did.</summary>
    public async Task<bool> UntilAsync(Func<DesktopClient, bool> fact, TimeSpan? patience = null)
    {
        using var deadline = new CancellationTokenSource(patience ?? Patience);
        try
        {
            while (true)
            {
                lock (Screen) if (fact(this)) return true;
                if (_over.Task.IsCompleted && _news.CurrentCount == 0) return false;
                await _news.WaitAsync(deadline.Token);
            }
        }
        catch (OperationCanceledException) { return false; }
    }

    /// <summary>Cuts the connection as a lost network does.</summary>
    public void Cut() => _socket.Abort();

    /// <summary>Ends the desktop as its own button does.</summary>
    public async Task ByeAsync()
    {
        await SendAsync([(byte)BrowserMessage.Bye, 0]);
        await _over.Task.WaitAsync(Patience);
    }

    public async ValueTask DisposeAsync()
    {
        _socket.Abort();
        await _reading;
        _socket.Dispose();
        _news.Dispose();
    }

    private static byte[] Encode(Hello hello)
    {
        var w = new WireWriter(new byte[Html5Limits.LongestHello], nameof(Hello));
        hello.Write(ref w);
        return w.WrittenSpan.ToArray();
    }

    private async Task ReadAsync()
    {
        var buffer = new byte[Html5Limits.LongestToBrowser];
        try
        {
            while (true)
            {
                var filled = 0;
                ValueWebSocketReceiveResult received;
                do
                {
                    received = await _socket.ReceiveAsync(buffer.AsMemory(filled), CancellationToken.None);
                    filled += received.Count;
                }
                while (!received.EndOfMessage);
                if (received.MessageType == WebSocketMessageType.Close) break;
                await TakeAsync(buffer.AsMemory(0, filled));
                _news.Release();
            }
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or ObjectDisposedException or IOException)
        {
            // Cut off, by us or by the gateway; what came before says why.
        }
        _over.SetResult();
        _news.Release();
    }

    private async Task TakeAsync(ReadOnlyMemory<byte> message)
    {
        uint? acknowledge = null;
        lock (Screen)
        {
            switch ((ServerMessage)message.Span[0])
            {
                case ServerMessage.Frame:
                    Frames++;
                    FrameBytes += message.Length;
                    acknowledge = BinaryPrimitives.ReadUInt32LittleEndian(message.Span[1..]);
                    if (Draws) Screen.Draw(FrameMessage.Read(message));
                    break;
                case ServerMessage.Welcome:
                    Welcome = Welcome.Read(message.Span);
                    Screen.Size(Welcome.Width, Welcome.Height);
                    break;
                case ServerMessage.Resize:
                    Screen.Size(BinaryPrimitives.ReadUInt16LittleEndian(message.Span[1..]), BinaryPrimitives.ReadUInt16LittleEndian(message.Span[3..]));
                    break;
                case ServerMessage.Ended: Ended = Ended.Read(message.Span); break;
                default:
                    if (_otherCount == _others.Length) Array.Resize(ref _others, _otherCount * 2);
                    _others[_otherCount++] = message.ToArray();
                    break;
            }
        }
        if (acknowledge is not { } id || !Acknowledges) return;
        var ack = new byte[5];
        ack[0] = (byte)BrowserMessage.Ack;
        BinaryPrimitives.WriteUInt32LittleEndian(ack.AsSpan(1), id);
        await SendAsync(ack);
    }
}
