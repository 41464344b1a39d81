using System.Buffers.Binary;
using System.Net.Sockets;
using System.Runtime.Versioning;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using Montalegre.Vdi.Agent.Hosting;

namespace Montalegre.Vdi.Agent.Linux;

/// <summary>What the PAM module asks and tells. Answers are yes or no within the module's ten seconds.</summary>
internal interface IPamListener
{
    bool Authenticate(string user, ReadOnlySpan<byte> secret);

    void SessionOpened(string user, int leader);

    void SessionClosed(string user, int leader);
}

/// <summary>
/// The agent's end of native/pam/PROTOCOL.md: one frame and one answer on each connection, only from root, bounded in
/// size, time and number.
/// </summary>
[UnsupportedOSPlatform("windows")]
internal sealed class PamServer(string path, IPamListener listener, TimeProvider time, ILogger log, uint peerUid = 0)
{
    private const int MostAtOnce = 32;
    private const int SolSocket = 1;
    private const int SoPeerCred = 17;
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(10);

    public async Task RunAsync(CancellationToken ct)
    {
        var directory = Path.GetDirectoryName(path)!;
        Directory.CreateDirectory(directory, Private | UnixFileMode.UserExecute);
        File.Delete(path);
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(path));
        File.SetUnixFileMode(path, Private);
        socket.Listen(MostAtOnce);
        // Never disposed: who is still being served as this ends gives a place back.
        var room = new SemaphoreSlim(MostAtOnce);
        while (true)
        {
            await room.WaitAsync(ct);
            var peer = await socket.AcceptAsync(ct);
            _ = ServeAsync(peer, ct).ContinueWith(_ => room.Release(), TaskScheduler.Default);
        }
    }

    private async Task ServeAsync(Socket peer, CancellationToken ct)
    {
        using (peer)
        {
            using var deadline = new CancellationTokenSource(Deadline, time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, deadline.Token);
            var buffer = new byte[PamFrame.LongestFrame + 1];
            try
            {
                if (UidOf(peer) != peerUid)
                {
                    log.PamPeerDropped("it is not root");
                    return;
                }

                var filled = 0;
                while (true)
                {
                    var read = await peer.ReceiveAsync(buffer.AsMemory(filled), either.Token);
                    if (read == 0) return;
                    filled += read;
                    if (Answer(buffer.AsSpan(0, filled)) is not { } answer) continue;
                    await peer.SendAsync(new[] { answer }, either.Token);
                    return;
                }
            }
            catch (Exception e) when (e is OperationCanceledException or SocketException)
            {
                if (!ct.IsCancellationRequested) log.PamPeerDropped(e is SocketException ? "it hung up" : "it was too slow");
            }
            finally
            {
                CryptographicOperations.ZeroMemory(buffer);
            }
        }
    }

    // Null: the frame is not whole yet. A malformed one is a no.
    private byte? Answer(ReadOnlySpan<byte> received)
    {
        switch (PamFrame.TryRead(received, out var frame))
        {
            case PamFrameStatus.NeedMoreBytes:
                return null;
            case PamFrameStatus.Malformed:
                log.PamPeerDropped("its frame is malformed");
                return 0;
        }

        switch (frame.Kind)
        {
            case PamKind.Authenticate:
                return listener.Authenticate(frame.User, frame.Secret) ? (byte)1 : (byte)0;
            case PamKind.SessionOpened:
                listener.SessionOpened(frame.User, frame.Leader);
                return 1;
            default:
                listener.SessionClosed(frame.User, frame.Leader);
                return 1;
        }
    }

    private static uint UidOf(Socket peer)
    {
        Span<byte> credentials = stackalloc byte[12];
        return peer.GetRawSocketOption(SolSocket, SoPeerCred, credentials) == 12 ? BinaryPrimitives.ReadUInt32LittleEndian(credentials[4..]) : uint.MaxValue;
    }
}
