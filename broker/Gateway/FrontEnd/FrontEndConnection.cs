using System.Buffers;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Montalegre.Vdi.Protocol.FrontEnd;
using Montalegre.Vdi.Protocol.Negotiation;
using Montalegre.Vdi.Protocol.SignIns;
using Montalegre.Vdi.Protocol.Wire;

namespace Montalegre.Vdi.Gateway.FrontEnd;

/// <summary>Drives <see cref="FrontEndSequence"/> over a client's TLS stream: this gateway itself is the RDP server the person sees.</summary>
/// <remarks>One caller reads at a time; showing a page beside is allowed.</remarks>
internal sealed class FrontEndConnection(Stream stream, SecurityProtocols requested) : IAsyncDisposable
{
    private const int OutputLength = 64 * 1024;

    private readonly FrontEndSequence _sequence = new(requested);
    private readonly byte[] _received = ArrayPool<byte>.Shared.Rent(FrontEndSequence.LongestFrame);
    private readonly byte[] _reply = ArrayPool<byte>.Shared.Rent(FrontEndSequence.LongestOutput);
    private readonly SemaphoreSlim _writing = new(1, 1);
    private readonly Dictionary<int, int> _shown = [];
    private int _filled;

    // A caller that stops waiting leaves the read going: a TLS stream whose read was cancelled may be of no use any more.
    private Task<int>? _reading;

    /// <summary>True from the moment the client shows pages.</summary>
    public bool IsActive { get; private set; }

    /// <summary>What the person typed, to be disposed by the caller; null when the client left before.</summary>
    public async Task<TypedSignIn?> ReadSignInAsync(CancellationToken ct) =>
        await UntilAsync(FrontEndStep.SignInRead, ct) ? _sequence.TakeSignIn() : null;

    /// <summary>Brings the client so far that it shows pages; false when it left before.</summary>
    public async Task<bool> ActivateAsync(CancellationToken ct)
    {
        await WriteAsync((ref w) => _sequence.WriteActivation(ref w), ct);
        return IsActive = await UntilAsync(FrontEndStep.Active, ct);
    }

    /// <summary>Answers when a key or a button was pressed (true) or the client left (false).</summary>
    public Task<bool> PressedAsync(CancellationToken ct) => UntilAsync(FrontEndStep.Input, ct);

    /// <summary>Sends what differs from the page before.</summary>
    public async Task ShowAsync(Page page, CancellationToken ct)
    {
        var (width, height) = _sequence.Screen;
        using var card = PageDrawing.Draw(page, width, height);
        var output = ArrayPool<byte>.Shared.Rent(OutputLength);
        await _writing.WaitAsync(ct);
        try
        {
            var filled = 0;
            for (var top = 0; top < height; top += FrontEndSequence.LongestSide)
            {
                for (var left = 0; left < width; left += FrontEndSequence.LongestSide)
                {
                    var square = new ScreenRectangle(left, top, Math.Min(FrontEndSequence.LongestSide, width - left), Math.Min(FrontEndSequence.LongestSide, height - top));
                    filled += WriteSquare(card, square, output.AsSpan(filled));
                    if (filled + FrontEndSequence.LongestOutput <= output.Length) continue;
                    await stream.WriteAsync(output.AsMemory(0, filled), ct);
                    filled = 0;
                }
            }
            if (filled > 0) await stream.WriteAsync(output.AsMemory(0, filled), ct);
        }
        finally
        {
            _writing.Release();
            ArrayPool<byte>.Shared.Return(output);
        }
    }

    /// <summary>Sends the client back to this address with a ticket, and waits until it has closed this connection.</summary>
    public async Task RedirectAsync(string ticket, CancellationToken ct)
    {
        await WriteAsync((ref w) => _sequence.WriteRedirection(ref w, ticket), ct);
        await UntilAsync(FrontEndStep.Left, ct);
    }

    /// <summary>Says why and goodbye, and waits until the client has closed.</summary>
    public async Task EndAsync(ErrorInfoCode code, CancellationToken ct)
    {
        await WriteAsync((ref w) => _sequence.WriteEnd(ref w, code), ct);
        await UntilAsync(FrontEndStep.Left, ct);
    }

    public async ValueTask DisposeAsync()
    {
        await stream.DisposeAsync();
        try { _ = await (_reading ?? Task.FromResult(0)); }
        catch (Exception e) when (e is IOException or ObjectDisposedException or InvalidOperationException) { /* ended by the line above */ }
        _sequence.Dispose();
        _writing.Dispose();
        CryptographicOperations.ZeroMemory(_received);          // it held a password
        ArrayPool<byte>.Shared.Return(_received);
        ArrayPool<byte>.Shared.Return(_reply);
    }

    private delegate void Writing(ref WireWriter w);

    private async Task WriteAsync(Writing write, CancellationToken ct)
    {
        await _writing.WaitAsync(ct);
        try { await stream.WriteAsync(_reply.AsMemory(0, Fill()), ct); }
        finally { _writing.Release(); }

        int Fill()
        {
            var w = new WireWriter(_reply, nameof(FrontEndSequence));
            write(ref w);
            return w.Written;
        }
    }

    /// <summary>Reads until a step of this kind; false when the client left instead.</summary>
    private async Task<bool> UntilAsync(FrontEndStep wanted, CancellationToken ct)
    {
        while (true)
        {
            var step = await NextAsync(ct);
            if (step == wanted) return true;
            if (step == FrontEndStep.Left) return false;
        }
    }

    private async ValueTask<FrontEndStep> NextAsync(CancellationToken ct)
    {
        while (true)
        {
            await _writing.WaitAsync(ct);
            try
            {
                var step = Step(out var length);
                if (length > 0) await stream.WriteAsync(_reply.AsMemory(0, length), ct);
                if (step != FrontEndStep.NeedMoreBytes) return step;
            }
            finally { _writing.Release(); }

            _reading ??= stream.ReadAsync(_received.AsMemory(_filled, FrontEndSequence.LongestFrame - _filled), CancellationToken.None).AsTask();
            var read = await _reading.WaitAsync(ct);
            _reading = null;
            if (read == 0) return FrontEndStep.Left;
            _filled += read;
        }
    }

    private FrontEndStep Step(out int length)
    {
        var w = new WireWriter(_reply, nameof(FrontEndSequence));
        var step = _sequence.Step(_received.AsSpan(0, _filled), ref w, out var consumed);
        length = w.Written;
        _received.AsSpan(consumed, _filled - consumed).CopyTo(_received);
        _filled -= consumed;
        return step;
    }

    /// <summary>Writes a square of the screen with the card in its middle, unless the client has it already.</summary>
    private int WriteSquare(Canvas card, ScreenRectangle square, Span<byte> output)
    {
        var (width, height) = _sequence.Screen;
        var (cardLeft, cardTop) = ((width - card.Width) / 2, (height - card.Height) / 3);
        Span<int> pixels = stackalloc int[FrontEndSequence.LongestSide * FrontEndSequence.LongestSide];
        pixels = pixels[..(square.Width * square.Height)];
        var i = 0;
        for (var y = square.Top - cardTop; y < square.Top - cardTop + square.Height; y++)
            for (var x = square.Left - cardLeft; x < square.Left - cardLeft + square.Width; x++)
                pixels[i++] = x >= 0 && y >= 0 && x < card.Width && y < card.Height ? card[x, y] : PageColors.Ground;

        var hash = new HashCode();
        hash.AddBytes(MemoryMarshal.AsBytes(pixels));
        var key = (square.Top * width) + square.Left;
        if (_shown.TryGetValue(key, out var before) && before == hash.ToHashCode()) return 0;
        _shown[key] = hash.ToHashCode();
        var w = new WireWriter(output, nameof(FrontEndSequence));
        _sequence.WritePicture(ref w, square, pixels);
        return w.Written;
    }
}
