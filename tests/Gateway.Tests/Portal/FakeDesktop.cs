using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net.WebSockets;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace Montalegre.Vdi.Gateway.Tests.Portal;

/// <summary>
/// A FAKE of the gateway's socket and of the worker behind it: it speaks the format of docs/html5-protocol.md, written here by
/// hand from that page, and draws what a test tells it. The tests of the real ones stand elsewhere.
/// </summary>
internal sealed class FakeDesktop
{
    public const ushort SessionEnded = 87;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly ConcurrentQueue<byte[]> _received = new();
    private readonly SemaphoreSlim _sending = new(1);
    private WebSocket? _socket;
    private HttpContext? _http;
    private uint _frame;
    private int _tokens;

    /// <summary>What Welcome allows; everything but text and H.264 unless a test says otherwise.</summary>
    public uint Allowed { get; set; } = 255;

    /// <summary>While set the fake answers no Hello, as a gateway that cannot be reached.</summary>
    public bool Away { get; set; }

    /// <summary>While set whoever connects waits, as over a network that has gone: unlike a refusal that is no reason to launch again.</summary>
    public bool IsUnreachable { get; set; }

    public bool AnswersPings { get; set; } = true;

    public (ushort Width, ushort Height) Size { get; private set; }

    public ConcurrentQueue<(bool Resume, string Ticket)> Hellos { get; } = new();

    public ConcurrentQueue<string> Addresses { get; } = new();

    public async Task ServeAsync(HttpContext http)
    {
        Addresses.Enqueue(http.Request.Path + http.Request.QueryString);
        try { while (IsUnreachable) await Task.Delay(20, http.RequestAborted); }
        catch (OperationCanceledException) { return; }
        if (Away || !http.WebSockets.IsWebSocketRequest)
        {
            http.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            return;
        }
        _http = http;
        _socket = await http.WebSockets.AcceptWebSocketAsync("montalegre.desktop.1");
        var buffer = new byte[9 * 1024 * 1024];
        try
        {
            while (await NextAsync(_socket, buffer) is { } message) await TakeAsync(message);
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or ObjectDisposedException or IOException) { /* the test broke it */ }
    }

    /// <summary>Tears the connection as a network does: no close, no word.</summary>
    public void Break() => _http!.Abort();

    /// <summary>Closes as a server does, after an Ended that says so.</summary>
    public async Task EndAsync(ushort reason, bool mayResume = false)
    {
        await SendAsync(0x1F, w => { w.Write(reason); w.Write((byte)(mayResume ? 1 : 0)); Short(w, "G-1234"); });
        await _socket!.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None);
    }

    public async Task SendAsync(byte type, Action<BinaryWriter> write)
    {
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream);
        writer.Write(type);
        write(writer);
        writer.Flush();
        await _sending.WaitAsync();
        try { await _socket!.SendAsync(stream.ToArray(), WebSocketMessageType.Binary, true, CancellationToken.None); }
        finally { _sending.Release(); }
    }

    /// <summary>One frame; answers its number.</summary>
    public async Task<uint> DrawAsync(DrawnFrame frame, bool more = false)
    {
        var id = ++_frame;
        await SendAsync(0x02, w => frame.Write(w, id, more));
        return id;
    }

    /// <summary>The first message not asked for yet that fits; each is answered once, those before it are passed over.</summary>
    public async Task<byte[]> NextAsync(byte type, Func<byte[], bool>? fits = null)
    {
        byte[]? found = null;
        var came = await Eventually.IsTrueAsync(() =>
        {
            while (_received.TryDequeue(out var message))
            {
                if (message[0] != type || fits?.Invoke(message) == false) continue;
                found = message;
                return true;
            }
            return false;
        }, Patience);
        Assert.True(came, $"The browser sent no message 0x{type:X2} that fits.");
        return found!;
    }

    public async Task AcknowledgedAsync(uint frame) => await NextAsync(0x82, m => BinaryPrimitives.ReadUInt32LittleEndian(m.AsSpan(1)) == frame);

    /// <summary>Key messages in order as +sc and -sc, extended ones with e0, until as many as asked for are there.</summary>
    public async Task<string> KeysAsync(int count)
    {
        var keys = new List<string>();
        while (keys.Count < count)
        {
            var m = await NextAsync(0x83);
            keys.Add($"{((m[1] & 1) != 0 ? '-' : '+')}{((m[1] & 2) != 0 ? "e0" : "")}{m[2]:x2}");
        }
        return string.Join(' ', keys);
    }

    public void Forget() => _received.Clear();

    public bool Received(byte type) => _received.Any(m => m[0] == type);

    public static void Short(BinaryWriter w, string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        w.Write((byte)bytes.Length);
        w.Write(bytes);
    }

    public static void Long(BinaryWriter w, string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        w.Write((ushort)bytes.Length);
        w.Write(bytes);
    }

    private async Task TakeAsync(byte[] message)
    {
        if (message[0] == 0x91 && AnswersPings) await SendAsync(0x15, w => w.Write(message.AsSpan(1, 4)));
        if (message[0] != 0x81)
        {
            _received.Enqueue(message);
            return;
        }
        var length = message[4];
        Hellos.Enqueue((message[3] == 1, Encoding.ASCII.GetString(message, 5, length)));
        Size = (BinaryPrimitives.ReadUInt16LittleEndian(message.AsSpan(5 + length)), BinaryPrimitives.ReadUInt16LittleEndian(message.AsSpan(7 + length)));
        _received.Enqueue(message);
        await SendAsync(0x14, w => { w.Write((byte)1); Long(w, ""); });
        await SendAsync(0x01, w =>
        {
            w.Write((ushort)1);
            w.Write(Size.Width);
            w.Write(Size.Height);
            w.Write(Allowed);
            w.Write((byte)3);
            w.Write((ushort)1024);
            Short(w, $"resume-{++_tokens}");
            Short(w, "Secretaria");
        });
        await DrawAsync(new DrawnFrame().Solid(0, 0, Size.Width, Size.Height, 0x22, 0x66, 0xCC));
    }

    private static async Task<byte[]?> NextAsync(WebSocket socket, byte[] buffer)
    {
        var at = 0;
        while (true)
        {
            var part = await socket.ReceiveAsync(buffer.AsMemory(at), CancellationToken.None);
            if (part.MessageType == WebSocketMessageType.Close) return null;
            at += part.Count;
            if (part.EndOfMessage) return buffer[..at];
        }
    }
}
