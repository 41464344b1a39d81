using System.Buffers.Binary;
using System.Text;

namespace Montalegre.Vdi.Agent.Linux;

internal enum PamKind : byte
{
    Authenticate = 1,
    SessionOpened = 2,
    SessionClosed = 3,
}

internal enum PamFrameStatus
{
    Complete,
    NeedMoreBytes,
    Malformed,
}

/// <summary>One frame of native/pam/PROTOCOL.md. The secret stays a slice of the receive buffer, so that one wipe ends it.</summary>
internal readonly ref struct PamFrame
{
    /// <summary>The longest frame that the protocol allows: a session event; a longest secret is a little shorter.</summary>
    public const int LongestFrame = 2 + 2 + LongestName + 4 + 2 + LongestName + 2 + LongestName;

    private const int LongestName = 256;
    private const int LongestSecret = 512;
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public PamKind Kind { get; private init; }

    public string User { get; private init; }

    public ReadOnlySpan<byte> Secret { get; private init; }

    public int Leader { get; private init; }

    public static PamFrameStatus TryRead(ReadOnlySpan<byte> input, out PamFrame frame)
    {
        frame = default;
        if (input.Length > 0 && input[0] != 1) return PamFrameStatus.Malformed;
        if (input.Length > 1 && input[1] is < (byte)PamKind.Authenticate or > (byte)PamKind.SessionClosed) return PamFrameStatus.Malformed;
        if (input.Length < 2) return PamFrameStatus.NeedMoreBytes;
        var kind = (PamKind)input[1];
        var rest = input[2..];

        var status = TryTake(ref rest, 1, LongestName, out var user);
        if (status != PamFrameStatus.Complete) return status;
        var secret = input[..0];
        var leader = 0;
        if (kind == PamKind.Authenticate)
        {
            status = TryTake(ref rest, 1, LongestSecret, out secret);
            if (status != PamFrameStatus.Complete) return status;
        }
        else
        {
            if (rest.Length < 4) return PamFrameStatus.NeedMoreBytes;
            var pid = BinaryPrimitives.ReadUInt32LittleEndian(rest);
            if (pid is 0 or > int.MaxValue) return PamFrameStatus.Malformed;
            leader = (int)pid;
            rest = rest[4..];
            status = TryTake(ref rest, 0, LongestName, out var tty);
            if (status != PamFrameStatus.Complete) return status;
            status = TryTake(ref rest, 0, LongestName, out var host);
            if (status != PamFrameStatus.Complete) return status;
        }

        if (rest.Length > 0 || !TryDecode(user, out var name)) return PamFrameStatus.Malformed;
        frame = new PamFrame { Kind = kind, User = name, Secret = secret, Leader = leader };
        return PamFrameStatus.Complete;
    }

    private static PamFrameStatus TryTake(scoped ref ReadOnlySpan<byte> rest, int least, int most, out ReadOnlySpan<byte> taken)
    {
        taken = default;
        if (rest.Length < 2) return PamFrameStatus.NeedMoreBytes;
        var length = BinaryPrimitives.ReadUInt16LittleEndian(rest);
        if (length < least || length > most) return PamFrameStatus.Malformed;
        if (rest.Length < 2 + length) return PamFrameStatus.NeedMoreBytes;
        taken = rest.Slice(2, length);
        rest = rest[(2 + length)..];
        return PamFrameStatus.Complete;
    }

    private static bool TryDecode(ReadOnlySpan<byte> utf8, out string text)
    {
        text = "";
        if (utf8.Contains((byte)0)) return false;
        try
        {
            text = Strict.GetString(utf8);
            return true;
        }
        catch (DecoderFallbackException)
        {
            return false;
        }
    }
}
