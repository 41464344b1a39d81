using System.Threading.Tasks.Sources;

namespace Montalegre.Vdi.Tls.Polling;

/// <summary>What may happen to a socket, as bits.</summary>
[Flags]
internal enum SocketEvents
{
    None = 0,
    Readable = 1,
    Writable = 2,
    Turn = 4,           // others had theirs; ours again
    All = 7,
}

/// <summary>
/// Lets one operation at a time wait for events of a socket. An event that comes while nobody waits is kept, so that none is
/// lost between a call that would block and the wait for it. It promises nothing: whoever wakes tries again.
/// </summary>
internal sealed class Readiness : IValueTaskSource
{
    // _state: what happened, in the low bits; what is waited for, above; whether the socket is closed.
    private const int WaitShift = 3;
    private const int Closed = 1 << 6;

    private ManualResetValueTaskSourceCore<bool> _core;
    private int _state;

    /// <summary>Whoever waits goes on in the polling thread itself, so it must never block. Off at first.</summary>
    public bool Inline { get; set; }

    /// <summary>Called before a try, so that only later events count.</summary>
    public void Forget() => Interlocked.And(ref _state, ~(int)SocketEvents.All);

    public ValueTask WaitAsync(SocketEvents events)
    {
        if (Volatile.Read(ref _state) >> WaitShift is not 0 and not (Closed >> WaitShift)) throw new InvalidOperationException("Another operation waits already.");
        _core.Reset();
        _core.RunContinuationsAsynchronously = !Inline;
        while (true)
        {
            var state = Volatile.Read(ref _state);
            if ((state & ((int)events | Closed)) != 0) return ValueTask.CompletedTask;
            if (Interlocked.CompareExchange(ref _state, state | ((int)events << WaitShift), state) == state) return new(this, _core.Version);
        }
    }

    public void Signal(SocketEvents events)
    {
        while (true)
        {
            var state = Volatile.Read(ref _state);
            var wakes = (state >> WaitShift & (int)events) != 0;
            var next = wakes ? state & Closed : state | (int)events;
            if (Interlocked.CompareExchange(ref _state, next, state) != state) continue;
            if (wakes) _core.SetResult(true);
            return;
        }
    }

    /// <summary>Wakes whoever waits, now and in future.</summary>
    public void Close()
    {
        Interlocked.Or(ref _state, Closed);
        Signal(SocketEvents.All);
    }

    void IValueTaskSource.GetResult(short token) => _core.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _core.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);
}
