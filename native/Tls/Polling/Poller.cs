using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Montalegre.Vdi.Tls.Polling;

/// <summary>
/// A thread that waits in epoll for its share of the sockets and tells them what happened. There is one a core, for the life
/// of the process.
/// </summary>
internal sealed unsafe class Poller
{
    private const int EventsAtOnce = 256;
    private const ulong DoorbellKey = ulong.MaxValue;

    // struct epoll_event is packed on x86-64 only.
    private static readonly int EventLength = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 12 : 16;
    private static readonly int KeyOffset = EventLength - sizeof(ulong);
    private static readonly Poller[] All = [.. Enumerable.Range(0, Environment.ProcessorCount).Select(i => new Poller(i))];

    private readonly int _epoll;
    private readonly int _doorbell;
    private readonly Thread _thread;
    private readonly Lock _gate = new();
    private readonly Stack<int> _free = new();
    private readonly Queue<Readiness> _turns = new();
    private PolledSocket?[] _sockets = new PolledSocket?[64];
    private uint _generation;
    private int _count;

    private Poller(int number)
    {
        _epoll = Checked(LinuxApi.EpollCreate(LinuxApi.CloseOnExec), "epoll_create1");
        _doorbell = Checked(LinuxApi.EventDescriptor(0, LinuxApi.CloseOnExec | LinuxApi.NonBlocking), "eventfd");
        var bell = stackalloc byte[EventLength];
        Fill(bell, LinuxApi.In, DoorbellKey);
        Checked(LinuxApi.EpollControl(_epoll, LinuxApi.Add, _doorbell, bell), "epoll_ctl");
        for (var slot = _sockets.Length - 1; slot >= 0; slot--) _free.Push(slot);
        _thread = new Thread(Loop) { IsBackground = true, Name = $"Sockets {number}" };
        _thread.Start();
    }

    /// <summary>The one with the fewest sockets. Turns would not do: of a relay's two sockets one moves to the other's thread.</summary>
    public static Poller LeastBusy() => All.MinBy(p => Volatile.Read(ref p._count))!;

    /// <summary>Begins to tell the socket what happens to it, until <see cref="Remove"/>.</summary>
    public void Add(PolledSocket socket)
    {
        lock (_gate)
        {
            if (_free.Count == 0) Grow();
            var slot = _free.Pop();
            socket.Key = (ulong)++_generation << 32 | (uint)slot;
            Volatile.Write(ref _sockets[slot], socket);
            _count++;
        }
        var pollEvent = stackalloc byte[EventLength];
        Fill(pollEvent, LinuxApi.In | LinuxApi.Out | LinuxApi.PeerClosed | LinuxApi.EdgeTriggered, socket.Key);
        if (LinuxApi.EpollControl(_epoll, LinuxApi.Add, socket.Descriptor, pollEvent) == 0) return;
        var failure = LinuxApi.Failure("epoll_ctl failed", Marshal.GetLastPInvokeError());
        Forget(socket);
        throw failure;
    }

    public void Remove(PolledSocket socket)
    {
        // Closed by somebody else: then the kernel has removed it already.
        if (!socket.Descriptor.IsClosed) _ = LinuxApi.EpollControl(_epoll, LinuxApi.Delete, socket.Descriptor, null);
        Forget(socket);
    }

    /// <summary>Signals <see cref="SocketEvents.Turn"/> once the other sockets had theirs.</summary>
    public void Queue(Readiness readiness)
    {
        lock (_gate) _turns.Enqueue(readiness);
        if (Thread.CurrentThread == _thread) return;
        var one = 1UL;
        _ = LinuxApi.Write(_doorbell, (byte*)&one, sizeof(ulong));     // full means that it rings already
    }

    private void Loop()
    {
        var events = stackalloc byte[EventsAtOnce * EventLength];
        while (true)
        {
            var turns = TurnsWaiting();
            var count = LinuxApi.EpollWait(_epoll, events, EventsAtOnce, turns == 0 ? -1 : 0);
            if (count < 0 && Marshal.GetLastPInvokeError() is var errno and not LinuxApi.Interrupted) throw LinuxApi.Failure("epoll_wait failed", errno);
            for (var i = 0; i < count; i++) Tell(events + i * EventLength);
            for (; turns > 0; turns--) NextTurn().Signal(SocketEvents.Turn);
        }
    }

    private void Tell(byte* pollEvent)
    {
        var what = BinaryPrimitives.ReadUInt32LittleEndian(new(pollEvent, sizeof(uint)));
        var key = BinaryPrimitives.ReadUInt64LittleEndian(new(pollEvent + KeyOffset, sizeof(ulong)));
        if (key == DoorbellKey)
        {
            ulong rung;
            _ = LinuxApi.Read(_doorbell, (byte*)&rung, sizeof(ulong));
            return;
        }
        // An event fetched before its socket was removed may find the slot taken by another: the generation tells.
        if (Volatile.Read(ref Volatile.Read(ref _sockets)[(uint)key]) is { } socket && socket.Key == key) socket.Signal(Events(what));
    }

    private static SocketEvents Events(uint what)
    {
        if ((what & (LinuxApi.Error | LinuxApi.HangUp)) != 0) return SocketEvents.Readable | SocketEvents.Writable;
        return ((what & (LinuxApi.In | LinuxApi.PeerClosed)) != 0 ? SocketEvents.Readable : 0) | ((what & LinuxApi.Out) != 0 ? SocketEvents.Writable : 0);
    }

    private int TurnsWaiting()
    {
        lock (_gate) return _turns.Count;
    }

    private Readiness NextTurn()
    {
        lock (_gate) return _turns.Dequeue();
    }

    private void Forget(PolledSocket socket)
    {
        lock (_gate)
        {
            var slot = (int)(uint)socket.Key;
            if (_sockets[slot] != socket) return;
            Volatile.Write(ref _sockets[slot], null);
            _count--;
            _free.Push(slot);
        }
    }

    private void Grow()
    {
        var larger = new PolledSocket?[_sockets.Length * 2];
        _sockets.CopyTo(larger, 0);
        for (var slot = larger.Length - 1; slot >= _sockets.Length; slot--) _free.Push(slot);
        Volatile.Write(ref _sockets, larger);
    }

    private static void Fill(byte* pollEvent, uint events, ulong key)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(new(pollEvent, sizeof(uint)), events);
        BinaryPrimitives.WriteUInt64LittleEndian(new(pollEvent + KeyOffset, sizeof(ulong)), key);
    }

    private static int Checked(int result, string function) =>
        result >= 0 ? result : throw LinuxApi.Failure($"{function} failed", Marshal.GetLastPInvokeError());
}
