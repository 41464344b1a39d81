using System.Buffers.Binary;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Montalegre.Vdi.Native.Linux;

namespace Montalegre.Vdi.Agent.Linux;

/// <summary>
/// The four X requests the agent needs, spoken here rather than through libX11: the X server belongs to the user, so
/// what it answers is not to be trusted by a library inside a root process, nor may it hold us up.
/// </summary>
internal sealed class X11Display : IDisposable
{
    private const int SolSocket = 1;
    private const int SoPeerCred = 17;
    private const uint SubstructureRedirect = 1 << 20;
    private const int LongestAuthority = 64 * 1024;
    private const int LongestSetup = 64 * 1024;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private readonly Socket _socket;
    private readonly uint _root;

    private X11Display(Socket socket, uint root)
    {
        _socket = socket;
        _root = root;
    }

    /// <summary>Opens the session's display; null when it is not there (yet), not the user's, or does not answer.</summary>
    public static async Task<X11Display?> TryOpenAsync(XrdpSession session, CancellationToken ct)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            using var deadline = Deadline(ct);
            var path = string.Create(CultureInfo.InvariantCulture, $"/tmp/.X11-unix/X{session.Display}");
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), deadline.Token);
            var file = UserFile.Read(Path.Combine(session.User.Home, ".Xauthority"), LongestAuthority);
            if (UidOf(socket) == session.User.Uid && file is not null && XAuthority.Cookie(file, session.Display) is { } cookie)
            {
                await socket.SendAsync(SetupRequest(cookie), deadline.Token);
                if (await ReadSetupAsync(socket, deadline.Token) is { } root) return new X11Display(socket, root);
            }
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException or EndOfStreamException && !ct.IsCancellationRequested)
        {
        }
        socket.Dispose();
        return null;
    }

    /// <summary>Time since the user's last input as the screen saver extension counts it; null when it cannot be had.</summary>
    public async Task<TimeSpan?> IdleAsync(CancellationToken ct)
    {
        const byte QueryExtension = 98;
        const byte QueryInfo = 1;
        var name = "MIT-SCREEN-SAVER"u8;
        var ask = new byte[8 + name.Length];
        ask[0] = QueryExtension;
        BinaryPrimitives.WriteUInt16LittleEndian(ask.AsSpan(2), (ushort)(ask.Length / 4));
        BinaryPrimitives.WriteUInt16LittleEndian(ask.AsSpan(4), (ushort)name.Length);
        name.CopyTo(ask.AsSpan(8));
        if (await AskAsync(ask, ct) is not { } extension || extension[8] == 0) return null;

        if (await AskAsync(AboutRoot(extension[9], QueryInfo), ct) is not { } info) return null;
        return TimeSpan.FromMilliseconds(BinaryPrimitives.ReadUInt32LittleEndian(info.AsSpan(16)));
    }

    /// <summary>True once a window manager has taken the root window: from then on the user sees a desktop.</summary>
    public async Task<bool> HasWindowManagerAsync(CancellationToken ct)
    {
        const byte GetWindowAttributes = 3;
        return await AskAsync(AboutRoot(GetWindowAttributes, 0), ct) is { Length: >= 44 } attributes
            && (BinaryPrimitives.ReadUInt32LittleEndian(attributes.AsSpan(32)) & SubstructureRedirect) != 0;
    }

    public void Dispose() => _socket.Dispose();

    private byte[] AboutRoot(byte major, byte minor)
    {
        var request = new byte[8];
        request[0] = major;
        request[1] = minor;
        request[2] = 2;
        BinaryPrimitives.WriteUInt32LittleEndian(request.AsSpan(4), _root);
        return request;
    }

    // One question at a time and no events asked for: the next reply is the answer.
    private async Task<byte[]?> AskAsync(byte[] request, CancellationToken ct)
    {
        const byte Error = 0;
        const byte Reply = 1;
        try
        {
            using var deadline = Deadline(ct);
            await _socket.SendAsync(request, deadline.Token);
            while (true)
            {
                var head = await ReceiveAsync(_socket, 32, deadline.Token);
                if (head[0] == Error) return null;
                if (head[0] != Reply) continue;
                var more = BinaryPrimitives.ReadUInt32LittleEndian(head.AsSpan(4));
                if (more > 1024) return null;
                return more == 0 ? head : [.. head, .. await ReceiveAsync(_socket, (int)more * 4, deadline.Token)];
            }
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException or EndOfStreamException && !ct.IsCancellationRequested)
        {
            return null;
        }
    }

    private static byte[] SetupRequest(byte[] cookie)
    {
        var name = Encoding.ASCII.GetBytes(XAuthority.CookieName);
        var request = new byte[12 + Padded(name.Length) + Padded(cookie.Length)];
        request[0] = (byte)'l';
        BinaryPrimitives.WriteUInt16LittleEndian(request.AsSpan(2), 11);
        BinaryPrimitives.WriteUInt16LittleEndian(request.AsSpan(6), (ushort)name.Length);
        BinaryPrimitives.WriteUInt16LittleEndian(request.AsSpan(8), (ushort)cookie.Length);
        name.CopyTo(request, 12);
        cookie.CopyTo(request, 12 + Padded(name.Length));
        return request;
    }

    private static async Task<uint?> ReadSetupAsync(Socket socket, CancellationToken ct)
    {
        var head = await ReceiveAsync(socket, 8, ct);
        var length = BinaryPrimitives.ReadUInt16LittleEndian(head.AsSpan(6)) * 4;
        if (head[0] != 1 || length is < 32 or > LongestSetup) return null;
        var setup = await ReceiveAsync(socket, length, ct);
        var vendor = BinaryPrimitives.ReadUInt16LittleEndian(setup.AsSpan(16));
        var formats = setup[21];
        var screen = 32 + Padded(vendor) + (8 * formats);
        return setup[20] > 0 && screen + 4 <= setup.Length ? BinaryPrimitives.ReadUInt32LittleEndian(setup.AsSpan(screen)) : null;
    }

    private static async Task<byte[]> ReceiveAsync(Socket socket, int count, CancellationToken ct)
    {
        var bytes = new byte[count];
        for (var filled = 0; filled < count;)
        {
            var read = await socket.ReceiveAsync(bytes.AsMemory(filled), ct);
            if (read == 0) throw new EndOfStreamException();
            filled += read;
        }
        return bytes;
    }

    private static CancellationTokenSource Deadline(CancellationToken ct)
    {
        var deadline = CancellationTokenSource.CreateLinkedTokenSource(ct);
        deadline.CancelAfter(Patience);
        return deadline;
    }

    private static int Padded(int length) => (length + 3) & ~3;

    private static uint UidOf(Socket peer)
    {
        Span<byte> credentials = stackalloc byte[12];
        return peer.GetRawSocketOption(SolSocket, SoPeerCred, credentials) == 12 ? BinaryPrimitives.ReadUInt32LittleEndian(credentials[4..]) : uint.MaxValue;
    }
}
