using System.Collections.Concurrent;
using Google.Protobuf.WellKnownTypes;
using Montalegre.Vdi.Contracts.Agent.V1;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Agents;

/// <summary>All agent streams of this node, and the way to tell an agent to do something.</summary>
internal sealed class AgentDirectory(CommandEpoch epoch, TimeProvider time)
{
    // Bytes of an old stream may still be on the way when the new one says hello; later ones come from a second machine.
    private static readonly TimeSpan StillOnTheWay = TimeSpan.FromSeconds(2);

    private readonly ConcurrentDictionary<MachineId, AgentStream> _streams = new();
    private readonly ConcurrentDictionary<MachineId, long> _lost = new();
    private readonly ConcurrentDictionary<AgentStream, bool> _superseded = new();
    private readonly ConcurrentDictionary<MachineId, TaskCompletionSource> _awaited = new();

    /// <summary>Machines that were heard within a time.</summary>
    public IEnumerable<MachineId> HeardWithin(TimeSpan within) =>
        _streams.Values.Where(s => time.GetElapsedTime(s.LastHeard) < within).Select(s => s.Machine);

    /// <summary>Machines whose stream broke and that have not come back, with the time they were last heard.</summary>
    public IReadOnlyCollection<KeyValuePair<MachineId, long>> Lost => _lost.ToArray();

    /// <summary>True while the machine's agent has a stream to this node.</summary>
    public bool IsConnected(MachineId machine) => _streams.ContainsKey(machine);

    /// <summary>
    /// Waits until the machine's agent has a stream, at most a time: right after a broker was started again its agents
    /// are still on their way back.
    /// </summary>
    public async Task ConnectedAsync(MachineId machine, TimeSpan within, CancellationToken ct)
    {
        if (IsConnected(machine)) return;
        var awaited = _awaited.GetOrAdd(machine, static _ => new(TaskCreationOptions.RunContinuationsAsynchronously));
        // Asked again: it may have been admitted between the question and the wait.
        if (!IsConnected(machine)) await awaited.Task.WaitAsync(within, time, ct).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        ct.ThrowIfCancellationRequested();
    }

    /// <summary>
    /// Gives the command an id, the epoch and a lifetime (its own, else <paramref name="timeout"/>), sends it and waits
    /// for the agent's result.
    /// </summary>
    public async Task<CommandOutcome> SendAsync(MachineId machine, Command command, TimeSpan timeout, CancellationToken ct)
    {
        if (!_streams.TryGetValue(machine, out var stream)) return new CommandOutcome.NotConnected();
        command.CommandId = Guid.CreateVersion7(time.GetUtcNow()).ToString("D");
        command.Epoch = epoch.Current;
        command.Lifetime ??= Duration.FromTimeSpan(timeout);
        return await stream.AskAsync(command, timeout, ct);
    }

    /// <summary>
    /// The newest stream is the machine's. An older one of the same boot and address was a broken connection and is cut;
    /// any other may be a second machine with the same certificate, and is watched: a rebooted machine says nothing more.
    /// </summary>
    public void Admit(AgentStream stream)
    {
        AgentStream? older = null;
        _streams.AddOrUpdate(stream.Machine, stream, (_, was) =>
        {
            older = was;
            return stream;
        });
        _lost.TryRemove(stream.Machine, out _);
        if (_awaited.TryRemove(stream.Machine, out var awaited)) awaited.SetResult();
        if (older is null || older == stream) return;
        older.SupersededAt = time.GetTimestamp();
        if (older.BootId == stream.BootId && older.Address == stream.Address) older.Cut(null);
        else _superseded[older] = true;
    }

    /// <summary>Notes a message. False: the sender was superseded and yet speaks, so two machines hold one identity.</summary>
    public bool Heard(AgentStream stream)
    {
        var now = time.GetTimestamp();
        stream.LastHeard = now;
        return stream.SupersededAt is not { } at || time.GetElapsedTime(at, now) <= StillOnTheWay;
    }

    /// <summary>The stream is over. Its machine is lost unless a newer stream took its place.</summary>
    public void Leave(AgentStream stream)
    {
        _superseded.TryRemove(stream, out _);
        if (_streams.TryRemove(new(stream.Machine, stream))) _lost[stream.Machine] = stream.LastHeard;
    }

    /// <summary>Cuts every stream on which nothing came for a time: its agent has to come back with a hello.</summary>
    public void CutSilent(TimeSpan silence)
    {
        foreach (var stream in _streams.Values.Concat(_superseded.Keys).Where(s => time.GetElapsedTime(s.LastHeard) >= silence))
        {
            stream.Cut(RefusalReason.AgentSilent);
            _superseded.TryRemove(stream, out _);
        }
    }

    /// <summary>Where the machine's newest stream comes from.</summary>
    public string? AddressOf(MachineId machine) => _streams.TryGetValue(machine, out var stream) ? stream.Address : null;

    /// <summary>Cuts the machine's newest stream, if it has one.</summary>
    public void Cut(MachineId machine, RefusalReason because)
    {
        if (_streams.TryGetValue(machine, out var stream)) stream.Cut(because);
    }

    /// <summary>The machine's silence has been written; nothing is left to remember.</summary>
    public void Forget(MachineId machine) => _lost.TryRemove(machine, out _);
}
