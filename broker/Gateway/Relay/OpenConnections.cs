using System.Collections.Concurrent;

namespace Montalegre.Vdi.Gateway.Relay;

/// <summary>All relays that run in this gateway. It is memory only: what a restart loses here, clients bring back.</summary>
internal sealed class OpenConnections
{
    private readonly ConcurrentDictionary<string, OpenConnection> _open = new(StringComparer.Ordinal);

    public int Count => _open.Count;

    public IReadOnlyCollection<OpenConnection> All => [.. _open.Values];

    /// <summary>False when the broker handed out a connection id that is open already.</summary>
    public bool Add(OpenConnection connection) => _open.TryAdd(connection.ConnectionId, connection);

    public void Remove(OpenConnection connection) => _open.TryRemove(new(connection.ConnectionId, connection));

    /// <summary>An open connection; null when it is gone.</summary>
    public OpenConnection? Find(string connectionId) => _open.GetValueOrDefault(connectionId);

    /// <summary>Closes one connection on the broker's order; false when it is gone already.</summary>
    public async Task<bool> EndAsync(string connectionId, RelayEnd end)
    {
        if (!_open.TryGetValue(connectionId, out var connection)) return false;
        await connection.Carrier.EndAsync(end);
        return true;
    }

    public Task EndAllAsync(RelayEnd end) => Task.WhenAll(All.Select(c => c.Carrier.EndAsync(end)));
}
