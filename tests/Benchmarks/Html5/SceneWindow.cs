using System.Buffers.Binary;
using System.Net.Sockets;

namespace Montalegre.Vdi.Benchmarks.Html5;

/// <summary>Draws the measured scenes on an X display: the core protocol over its unix socket, little-endian, no library.</summary>
internal sealed class SceneWindow : IDisposable
{
    private const int Width = 1024, Height = 768;
    private const int StripRows = 60;
    private readonly NetworkStream _stream;
    private readonly uint _window;
    private readonly uint _gc;
    private readonly byte[] _photo = new byte[(640 + 256) * (480 + 256) * 4];
    private readonly byte[] _line = new byte[600 * 16 * 4];
    private readonly Random _random = new(42);

    private SceneWindow(NetworkStream stream, uint ids, uint root)
    {
        (_stream, _window, _gc) = (stream, ids | 1, ids | 2);
        Send(1, 24, [_window, root, 0, Word(Width, Height), Word(0, 1), 0, 0x2 | 0x200 | 0x800, 0x2266CC, 1, 1]);      // CreateWindow: background, override-redirect, KeyPress
        Send(55, 0, [_gc, _window, 0]);                                                                                // CreateGC
        Send(8, 0, [_window]);                                                                                         // MapWindow
        Send(42, 1, [_window, 0]);                                                                                     // SetInputFocus
        for (var y = 0; y < 480 + 256; y++)
            for (var x = 0; x < 640 + 256; x++)
            {
                var at = ((y * (640 + 256)) + x) * 4;
                (_photo[at], _photo[at + 1], _photo[at + 2]) = ((byte)(128 + (100 * Math.Sin(x / 37.0)) + _random.Next(4)), (byte)(128 + (100 * Math.Cos(y / 29.0)) + _random.Next(4)), (byte)(((x + y) / 5) + _random.Next(4)));
            }
    }

    public static async Task<SceneWindow> OpenAsync(int display)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint($"/tmp/.X11-unix/X{display}"));
        var stream = new NetworkStream(socket, ownsSocket: true);
        await stream.WriteAsync(new byte[] { (byte)'l', 0, 11, 0, 0, 0, 0, 0, 0, 0, 0, 0 });
        var head = new byte[8];
        await stream.ReadExactlyAsync(head);
        var rest = new byte[BinaryPrimitives.ReadUInt16LittleEndian(head.AsSpan(6)) * 4];
        await stream.ReadExactlyAsync(rest);
        if (head[0] != 1) throw new InvalidOperationException($"The display refused: {System.Text.Encoding.ASCII.GetString(rest)}");
        var vendor = BinaryPrimitives.ReadUInt16LittleEndian(rest.AsSpan(16));
        var screens = 32 + ((vendor + 3) & ~3) + (rest[21] * 8);
        return new(stream, BinaryPrimitives.ReadUInt32LittleEndian(rest.AsSpan(4)), BinaryPrimitives.ReadUInt32LittleEndian(rest.AsSpan(screens)));
    }

    /// <summary>A photo-like picture of 640 x 480 that pans.</summary>
    public void Photo(int frame)
    {
        var (dx, dy) = (frame * 3 % 256, frame * 2 % 256);
        var strip = new byte[640 * StripRows * 4];
        for (var top = 0; top < 480; top += StripRows)
        {
            for (var y = 0; y < StripRows; y++)
                _photo.AsSpan((((top + y + dy) * (640 + 256)) + dx) * 4, 640 * 4).CopyTo(strip.AsSpan(y * 640 * 4));
            Put(strip, 640, StripRows, 100, 100 + top);
        }
    }

    /// <summary>600 x 400 of text that scrolls up by a line.</summary>
    public void Text(int frame)
    {
        Send(62, 0, [_window, _window, _gc, Word(200, 216), Word(200, 200), Word(600, 384)]);       // CopyArea
        Array.Fill(_line, (byte)0xF8);
        for (var letter = 0; letter < 70; letter++)
        {
            if (_random.Next(6) == 0) continue;
            for (var stroke = 0; stroke < 14; stroke++)
            {
                var (x, y) = (4 + (letter * 8) + _random.Next(6), 3 + _random.Next(10));
                _line.AsSpan(((y * 600) + x) * 4, 4).Fill((byte)(_random.Next(5) * 40));
            }
        }
        Put(_line, 600, 16, 200, 584);
    }

    /// <summary>A block of 400 x 300 in one colour that moves.</summary>
    public void Flat(int frame)
    {
        var before = 50 + ((frame - 1) * 8 % 500);
        Fill(0x2266CC, before, 200, 400, 300);
        Fill(0x33AA44, 50 + (frame * 8 % 500), 200, 400, 300);
    }

    public void Fill(uint colour, int x, int y, int w, int h)
    {
        Send(56, 0, [_gc, 4, colour]);                                                              // ChangeGC: foreground
        Send(70, 0, [_window, _gc, Word(x, y), Word(w, h)]);                                        // PolyFillRectangle
    }

    /// <summary>Paints a rectangle of 400 x 300 anew for each key that arrives, until the display closes.</summary>
    public async Task AnswerKeysAsync(CancellationToken ct)
    {
        var message = new byte[32];
        var colour = 0u;
        try
        {
            while (true)
            {
                await _stream.ReadExactlyAsync(message, ct);
                if ((message[0] & 0x7F) == 2) Fill(0x101010 + (++colour * 0x9E3779 & 0xEFEFEF), 300, 200, 400, 300);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or ObjectDisposedException)
        {
            // The measurement is over.
        }
    }

    public void Dispose() => _stream.Dispose();

    private static uint Word(int low, int high) => (ushort)low | ((uint)high << 16);

    private void Put(byte[] pixels, int width, int height, int x, int y)
    {
        var request = new byte[24 + pixels.Length];
        Header(request, 72, 2, request.Length / 4);                                                 // PutImage, ZPixmap
        foreach (var (at, value) in new[] { (4, _window), (8, _gc), (12, Word(width, height)), (16, Word(x, y)), (20, 0x1800u) })
            BinaryPrimitives.WriteUInt32LittleEndian(request.AsSpan(at), value);
        pixels.CopyTo(request, 24);
        _stream.Write(request);
    }

    private void Send(byte opcode, byte data, uint[] words)
    {
        var request = new byte[4 + (words.Length * 4)];
        Header(request, opcode, data, words.Length + 1);
        for (var i = 0; i < words.Length; i++) BinaryPrimitives.WriteUInt32LittleEndian(request.AsSpan(4 + (i * 4)), words[i]);
        _stream.Write(request);
    }

    private static void Header(byte[] request, byte opcode, byte data, int length)
    {
        (request[0], request[1]) = (opcode, data);
        BinaryPrimitives.WriteUInt16LittleEndian(request.AsSpan(2), (ushort)length);
    }
}
