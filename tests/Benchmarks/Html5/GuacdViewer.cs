using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Montalegre.Vdi.Benchmarks.Html5;

/// <summary>
/// A viewer at guacd: Guacamole protocol, text instructions of length-prefixed elements. Every sync is answered at once, as a
/// browser does that draws in no time; a picture is what came between two syncs.
/// </summary>
internal sealed class GuacdViewer : IViewer
{
    private const string A = "97";
    private static readonly HashSet<string> Drawing = ["img", "blob", "rect", "cfill", "copy", "transfer", "png", "jpeg"];
    private readonly Guacd _guacd;
    private readonly NetworkStream _stream;
    private readonly SemaphoreSlim _news = new(0);
    private byte[] _buffer = new byte[1 << 16];
    private int _from;
    private int _filled;
    private Task _reading = Task.CompletedTask;
    private int _frames;
    private long _bytes;

    private GuacdViewer(Guacd guacd, NetworkStream stream) => (_guacd, _stream) = (guacd, stream);

    public int Frames => Volatile.Read(ref _frames);

    public long FrameBytes => Volatile.Read(ref _bytes);

    public static async Task<GuacdViewer> OpenAsync(Guacd guacd, int port, XrdpDesktop desktop, CancellationToken ct)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, port), ct);
        var viewer = new GuacdViewer(guacd, new NetworkStream(socket, ownsSocket: true));
        await viewer.HandshakeAsync(desktop, ct);
        viewer._reading = viewer.ReadAsync();
        if (await viewer.FrameAfterAsync(0, TimeSpan.FromSeconds(20))) return viewer;
        await viewer.DisposeAsync();
        throw new InvalidOperationException("guacd showed no picture.");
    }

    public double CpuSeconds() => _guacd.CpuSeconds();

    public double Megabytes() => _guacd.Megabytes();

    public Task KeyAsync(bool down) => SayAsync("key", A, down ? "1" : "0");

    public async Task<bool> FrameAfterAsync(int frames, TimeSpan patience)
    {
        using var deadline = new CancellationTokenSource(patience);
        try
        {
            while (Frames <= frames) await _news.WaitAsync(deadline.Token);
            return true;
        }
        catch (OperationCanceledException) { return false; }
    }

    public async ValueTask DisposeAsync()
    {
        _stream.Dispose();
        await _reading;
        _news.Dispose();
    }

    private async Task HandshakeAsync(XrdpDesktop desktop, CancellationToken ct)
    {
        var settings = new Dictionary<string, string>
        {
            ["hostname"] = "127.0.0.1", ["port"] = desktop.Port.ToString(CultureInfo.InvariantCulture), ["username"] = desktop.UserName, ["password"] = desktop.Password,
            ["width"] = "1024", ["height"] = "768", ["dpi"] = "96", ["color-depth"] = "32", ["security"] = "tls", ["ignore-cert"] = "true",
        };
        await SayAsync("select", "rdp");
        var wanted = await NextAsync(ct);
        await SayAsync("size", "1024", "768", "96");
        await SayAsync("audio");
        await SayAsync("video");
        await SayAsync("image", "image/png", "image/jpeg", "image/webp");
        await SayAsync("timezone", "Europe/Lisbon");
        await SayAsync(["connect", .. wanted.Skip(1).Select(a => a.StartsWith("VERSION_", StringComparison.Ordinal) ? a : settings.GetValueOrDefault(a, ""))]);
        while ((await NextAsync(ct))[0] is not "ready" and var other)
            if (other == "error") throw new InvalidOperationException("guacd refused the connection.");
    }

    private async Task ReadAsync()
    {
        var drawn = false;
        try
        {
            while (true)
            {
                var instruction = await NextAsync(CancellationToken.None);
                drawn |= Drawing.Contains(instruction[0]);
                if (instruction[0] != "sync") continue;
                await SayAsync("sync", instruction[1]);
                if (!drawn) continue;
                drawn = false;
                Interlocked.Increment(ref _frames);
                _news.Release();
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or EndOfStreamException)
        {
            // The measurement is over.
        }
    }

    /// <summary>The next instruction; elements that are not ASCII do not occur in what is looked at.</summary>
    private async Task<List<string>> NextAsync(CancellationToken ct)
    {
        var elements = new List<string>();
        while (true)
        {
            int dot;
            while ((dot = _buffer.AsSpan(_from, _filled - _from).IndexOf((byte)'.')) < 0) await FillAsync(ct);
            var length = int.Parse(_buffer.AsSpan(_from, dot), CultureInfo.InvariantCulture);
            while (_filled - _from < dot + length + 2) await FillAsync(ct);
            // Only short elements are ever looked at.
            elements.Add(length > 256 ? "" : Encoding.UTF8.GetString(_buffer, _from + dot + 1, length));
            var end = _buffer[_from + dot + 1 + length];
            _from += dot + length + 2;
            if (end == ';') return elements;
        }
    }

    private async Task FillAsync(CancellationToken ct)
    {
        if (_from > 0)
        {
            _buffer.AsSpan(_from, _filled - _from).CopyTo(_buffer);
            (_filled, _from) = (_filled - _from, 0);
        }
        if (_filled == _buffer.Length) Array.Resize(ref _buffer, _buffer.Length * 2);
        var read = await _stream.ReadAsync(_buffer.AsMemory(_filled), ct);
        if (read == 0) throw new EndOfStreamException("guacd closed the connection.");
        _filled += read;
        Interlocked.Add(ref _bytes, read);
    }

    private Task SayAsync(params string[] elements) =>
        _stream.WriteAsync(Encoding.UTF8.GetBytes(string.Join(',', elements.Select(e => $"{e.Length}.{e}")) + ";")).AsTask();
}
