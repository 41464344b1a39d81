using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Montalegre.Vdi.Agent.Linux;

namespace Montalegre.Vdi.Agent.Tests;

public sealed class PamTests
{
    private static readonly byte[] Authenticate =
    [
        0x01,                         // version
        0x01,                         // kind = authenticate
        0x03, 0x00,                   // user length
        (byte)'a', (byte)'n', (byte)'a',
        0x02, 0x00,                   // secret length
        (byte)'p', (byte)'w',
    ];

    private static readonly byte[] Opened =
    [
        0x01,                         // version
        0x02,                         // kind = session opened
        0x03, 0x00,                   // user length
        (byte)'a', (byte)'n', (byte)'a',
        0x10, 0x27, 0x00, 0x00,       // leader = 10000
        0x01, 0x00, (byte)'t',        // tty
        0x00, 0x00,                   // remote host, empty
    ];

    private static byte[] Frame(int kind, byte[] user, byte[]? secret = null)
    {
        var frame = new List<byte> { 1, (byte)kind };
        foreach (var part in new[] { user, secret })
        {
            if (part is null) continue;
            frame.Add((byte)part.Length);
            frame.Add((byte)(part.Length >> 8));
            frame.AddRange(part);
        }
        return [.. frame];
    }

    [Fact]
    public void Frames_read_as_the_protocol_says()
    {
        Assert.Equal(PamFrameStatus.Complete, PamFrame.TryRead(Authenticate, out var asked));
        Assert.Equal((PamKind.Authenticate, "ana"), (asked.Kind, asked.User));
        Assert.Equal("pw", Encoding.UTF8.GetString(asked.Secret));
        Assert.Equal(PamFrameStatus.Complete, PamFrame.TryRead(Opened, out var opened));
        Assert.Equal((PamKind.SessionOpened, "ana", 10000), (opened.Kind, opened.User, opened.Leader));
    }

    [Fact]
    public void Every_truncation_asks_for_more_and_every_surplus_is_malformed()
    {
        foreach (var whole in new[] { Authenticate, Opened })
        {
            for (var length = 0; length < whole.Length; length++) Assert.Equal(PamFrameStatus.NeedMoreBytes, PamFrame.TryRead(whole.AsSpan(0, length), out _));
            Assert.Equal(PamFrameStatus.Malformed, PamFrame.TryRead([.. whole, 0], out _));
        }
    }

    [Fact]
    public void Hostile_frames_are_malformed_before_anything_is_kept()
    {
        byte[] name = "ana"u8.ToArray();
        byte[][] hostile =
        [
            [0x02], [0x01, 0x00], [0x01, 0x04],
            Frame(1, [], "pw"u8.ToArray()),
            Frame(1, name, []),
            Frame(1, new byte[257], "pw"u8.ToArray()),
            Frame(1, name, new byte[513]),
            Frame(1, [0xFF, 0xFE], "pw"u8.ToArray()),
            Frame(1, [(byte)'a', 0], "pw"u8.ToArray()),
            [.. Frame(2, name), 0, 0, 0, 0, 0, 0, 0, 0],
            [.. Frame(2, name), 0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0],
            [.. Frame(2, name), 1, 0, 0, 0, 0xFF, 0xFF],
        ];
        foreach (var frame in hostile) Assert.Equal(PamFrameStatus.Malformed, PamFrame.TryRead(frame, out _));
    }

    [Fact]
    public void Random_bytes_never_throw_and_never_need_more_than_the_longest_frame()
    {
        var chance = new Random(1);
        var bytes = new byte[PamFrame.LongestFrame];
        for (var i = 0; i < 20_000; i++)
        {
            chance.NextBytes(bytes);
            bytes[0] = 1;
            bytes[1] = (byte)chance.Next(1, 4);
            BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(2), (ushort)chance.Next(0, 300));
            Assert.NotEqual(PamFrameStatus.NeedMoreBytes, PamFrame.TryRead(bytes, out _));
        }
    }

    [Fact]
    public async Task Server_answers_one_frame_and_hangs_up_and_leaves_hostile_peers_without_a_yes()
    {
        var listener = new Listener();
        await using var server = new Server(listener, (uint)Uid());
        Assert.Equal([1], await server.AskAsync(Authenticate));
        listener.SecretIsGood = false;
        Assert.Equal([0], await server.AskAsync(Authenticate));
        Assert.Equal([1], await server.AskAsync(Opened));
        Assert.Equal([0], await server.AskAsync([9, 9, 9]));
        Assert.Equal([0], await server.AskAsync([.. Authenticate, .. Authenticate]));
        Assert.Empty(await server.AskAsync(Authenticate[..5], thenShutDown: true));
        Assert.Equal(["opened ana 10000"], listener.Heard);
    }

    [Fact]
    public async Task Peer_that_sends_nothing_is_dropped_within_seconds_and_does_not_hold_up_others()
    {
        await using var server = new Server(new Listener(), (uint)Uid());
        var silent = Task.WhenAll(Enumerable.Range(0, 10).Select(_ => server.AskAsync([])));
        Assert.Equal([1], await server.AskAsync(Authenticate));
        await Deadline.UntilAsync(() =>
        {
            server.Time.Advance(TimeSpan.FromSeconds(10));     // for each from when the server came to it
            return silent.IsCompleted;
        });
        Assert.All(await silent, answer => Assert.Empty(answer));
    }

    [Fact]
    public async Task Peer_that_is_held_up_for_nine_seconds_in_its_frame_is_answered_all_the_same()
    {
        await using var server = new Server(new Listener(), (uint)Uid());
        using var peer = await server.ConnectAsync();
        await peer.SendAsync(Authenticate.AsMemory(0, 5), TestContext.Current.CancellationToken);
        Assert.Equal([1], await server.AskAsync(Authenticate));     // who came later is served: the first one's time has begun
        server.Time.Advance(TimeSpan.FromSeconds(9));
        await peer.SendAsync(Authenticate.AsMemory(5), TestContext.Current.CancellationToken);
        Assert.Equal([1], await Server.ReadAsync(peer));
    }

    [Fact]
    public async Task Peer_of_another_user_gets_no_answer()
    {
        var listener = new Listener();
        await using var server = new Server(listener, (uint)Uid() + 1);
        Assert.Empty(await server.AskAsync(Authenticate));
        Assert.Equal(0, listener.Asked);
    }

    private static int Uid() => int.Parse(File.ReadLines("/proc/self/status").First(l => l.StartsWith("Uid:", StringComparison.Ordinal)).Split('\t')[1], System.Globalization.CultureInfo.InvariantCulture);

    private sealed class Listener : IPamListener
    {
        public List<string> Heard { get; } = [];

        public int Asked { get; private set; }

        public bool SecretIsGood { get; set; } = true;

        public bool Authenticate(string user, ReadOnlySpan<byte> secret) => ++Asked > 0 && SecretIsGood && user == "ana" && secret.SequenceEqual("pw"u8);

        public void SessionOpened(string user, int leader) => Heard.Add($"opened {user} {leader}");

        public void SessionClosed(string user, int leader) => Heard.Add($"closed {user} {leader}");
    }

    private sealed class Server : IAsyncDisposable
    {
        private readonly CancellationTokenSource _stop = new();
        private readonly string _directory = Directory.CreateTempSubdirectory("pam").FullName;
        private readonly Task _running;

        public Server(IPamListener listener, uint uid)
        {
            Path = System.IO.Path.Combine(_directory, "pam.sock");
            _running = new PamServer(Path, listener, Time, NullLogger.Instance, uid).RunAsync(_stop.Token);
        }

        /// <summary>Stands still until moved, so that no peer is too slow by chance.</summary>
        public FakeTimeProvider Time { get; } = new();

        private string Path { get; }

        public async Task<Socket> ConnectAsync()
        {
            var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(Path));
            return socket;
        }

        public static async Task<byte[]> ReadAsync(Socket socket)
        {
            using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(90));
            var answer = new byte[16];
            var read = await socket.ReceiveAsync(answer, deadline.Token);
            return answer[..read];
        }

        public async Task<byte[]> AskAsync(byte[] frame, bool thenShutDown = false)
        {
            using var socket = await ConnectAsync();
            try
            {
                if (frame.Length > 0) await socket.SendAsync(frame);
                if (thenShutDown) socket.Shutdown(SocketShutdown.Send);
                return await ReadAsync(socket);
            }
            catch (SocketException)
            {
                return [];
            }
        }

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _running);
            _stop.Dispose();
            Directory.Delete(_directory, recursive: true);
        }
    }
}
