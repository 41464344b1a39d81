using System.Collections.Concurrent;
using Dapper;
using Montalegre.Vdi.Broker.Storage;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Hypervisors;

/// <summary>The hosts of this installation, each with its one connection and worker. A host is added while running.</summary>
internal sealed class HypervisorDirectory(Database database, Func<HypervisorHost, IHypervisor> connect) : IAsyncDisposable
{
    private readonly ConcurrentDictionary<HostId, IHypervisor> _hosts = new();
    private readonly ConcurrentDictionary<HostId, string?> _storages = new();
    private readonly SemaphoreSlim _reading = new(1);

    /// <summary>Every host known now.</summary>
    public IReadOnlyCollection<IHypervisor> All => (IReadOnlyCollection<IHypervisor>)_hosts.Values;

    /// <summary>One host.</summary>
    /// <exception cref="HypervisorUnavailableException">The host is not recorded, or not read yet.</exception>
    public IHypervisor For(HostId host) =>
        _hosts.TryGetValue(host, out var found) ? found : throw new HypervisorUnavailableException($"Host {host} is not known to this broker; it is read again shortly.");

    /// <summary>True when the two see the same folder.</summary>
    public bool ShareStorage(HostId one, HostId other) => _storages.GetValueOrDefault(one) is { } storage && storage == _storages.GetValueOrDefault(other);

    /// <summary>Reads the records again: hosts that are new are taken in, hosts whose record is gone are let go.</summary>
    public async Task RefreshAsync(CancellationToken ct)
    {
        // Records are read inside the turn: an older reading must not let go of a host that was added meanwhile.
        await _reading.WaitAsync(ct);
        try { await TakeInAsync(ct); }
        finally { _reading.Release(); }
    }

    /// <summary>Lets go of a host whose record is gone.</summary>
    public async Task ForgetAsync(HostId host)
    {
        if (_hosts.TryRemove(host, out var gone)) await gone.DisposeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var host in _hosts.Values) await host.DisposeAsync();
    }

    private async Task TakeInAsync(CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        var rows = await connection.QueryAsync<(Guid Id, string Name, string Uri, string StoragePath, Guid Installation, string? SharedStorage)>(new CommandDefinition("""
            select host_id, name, uri, storage_path, authority_id, shared_storage from host cross join authority
            """, cancellationToken: ct));
        var recorded = rows.ToList();
        // A host whose storage is now shared, or no longer, is let go and taken in anew.
        foreach (var gone in _hosts.Keys.Except(recorded.Where(row => !_hosts.ContainsKey(new(row.Id)) || _storages.GetValueOrDefault(new(row.Id)) == row.SharedStorage).Select(row => new HostId(row.Id))).ToList())
            await ForgetAsync(gone);
        foreach (var row in recorded.Where(row => !_hosts.ContainsKey(new(row.Id))))
        {
            _storages[new(row.Id)] = row.SharedStorage;
            _hosts[new(row.Id)] = connect(new(new(row.Id), row.Name, row.Uri, row.StoragePath, row.Installation) { SharedStorage = row.SharedStorage });
        }
    }
}
