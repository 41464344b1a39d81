using System.Collections.Concurrent;
using Dapper;
using Montalegre.Vdi.Domain;
using Npgsql;

namespace Montalegre.Vdi.Broker.Hypervisors;

/// <summary>The hosts of this installation, each with its one connection and worker. A host is added while running.</summary>
internal sealed class HypervisorDirectory(NpgsqlDataSource database, Func<HypervisorHost, IHypervisor> connect) : IAsyncDisposable
{
    private readonly ConcurrentDictionary<HostId, IHypervisor> _hosts = new();

    /// <summary>Every host known now.</summary>
    public IReadOnlyCollection<IHypervisor> All => (IReadOnlyCollection<IHypervisor>)_hosts.Values;

    /// <summary>One host.</summary>
    /// <exception cref="HypervisorUnavailableException">The host is not recorded, or not read yet.</exception>
    public IHypervisor For(HostId host) =>
        _hosts.TryGetValue(host, out var found) ? found : throw new HypervisorUnavailableException($"Host {host} is not known to this broker; it is read again shortly.");

    /// <summary>Reads the records again: connects to hosts that are new, lets go of those that were removed.</summary>
    public async Task RefreshAsync(CancellationToken ct)
    {
        var known = _hosts.Keys.ToList();
        await using var connection = await database.OpenConnectionAsync(ct);
        var rows = (await connection.QueryAsync<(Guid Id, string Name, string Uri, string StoragePath, Guid Installation)>(new CommandDefinition("""
            select host_id, name, uri, storage_path, authority_id from host cross join authority
            """, cancellationToken: ct))).AsList();
        foreach (var row in rows)
            _hosts.GetOrAdd(new(row.Id), id => connect(new(id, row.Name, row.Uri, row.StoragePath, row.Installation)));
        // Known before the records were read and not in them: removed, here or on another node.
        foreach (var gone in known.Except(rows.Select(row => new HostId(row.Id)))) await ForgetAsync(gone);
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
}
