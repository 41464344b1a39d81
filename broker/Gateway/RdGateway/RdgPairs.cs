using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;

namespace Montalegre.Vdi.Gateway.RdGateway;

/// <summary>The half of a pair that a client sends on, handed over to the half that waits for it.</summary>
internal sealed record RdgInput(Stream Stream, byte[] Early, TaskCompletionSource Over);

/// <summary>OUT connections that wait for their IN connection, MS-TSGU 3.3.5.1.</summary>
/// <remarks>
/// Until the cookie comes nobody has an identity, so the id, which is random, and the address are what joins two connections.
/// Each OUT takes exactly one IN, and one id waits at most once.
/// </remarks>
internal sealed class RdgPairs
{
    private readonly ConcurrentDictionary<Guid, Waiting> _waiting = new();

    /// <summary>How many wait; for tests.</summary>
    public int Count => _waiting.Count;

    /// <summary>Waits for the other half; null when it did not come in time, or the id waits already.</summary>
    public async Task<RdgInput?> WaitAsync(Guid id, IPAddress client, byte[]? proof, Func<Task> whenListedAsync, CancellationToken ct)
    {
        var waiting = new Waiting(client, proof);
        if (!_waiting.TryAdd(id, waiting)) return null;
        RdgInput? input = null;
        try
        {
            await whenListedAsync();
            return input = await waiting.Input.Task.WaitAsync(ct);
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested) { return null; }
        finally
        {
            _waiting.TryRemove(new(id, waiting));
            // A half that joined in the very moment we gave up must not wait for us for ever.
            if (input is null && !waiting.Input.TrySetCanceled(CancellationToken.None)) (await waiting.Input.Task).Over.TrySetResult();
        }
    }

    /// <summary>True when an OUT connection of this address waits under this id.</summary>
    public bool IsWaiting(Guid id, IPAddress client) => _waiting.TryGetValue(id, out var waiting) && waiting.Client.Equals(client);

    /// <summary>True when this is the proof the waiting connection brought, or it brought none.</summary>
    public bool IsProvedBy(Guid id, byte[]? proof) =>
        _waiting.TryGetValue(id, out var waiting)
        && (waiting.Proof is null || (proof is not null && CryptographicOperations.FixedTimeEquals(waiting.Proof, proof)));

    /// <summary>Hands the sending half over; false when nobody waits for it from here.</summary>
    public bool TryJoin(Guid id, IPAddress client, RdgInput input) =>
        _waiting.TryGetValue(id, out var waiting) && waiting.Client.Equals(client) && waiting.Input.TrySetResult(input);

    private sealed record Waiting(IPAddress Client, byte[]? Proof)
    {
        public TaskCompletionSource<RdgInput> Input { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
