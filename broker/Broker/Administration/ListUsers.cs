using Montalegre.Vdi.Broker.Identity;

namespace Montalegre.Vdi.Broker.Administration;

/// <summary>Users by name.</summary>
internal sealed class ListUsers(UserStore users)
{
    public Task<IReadOnlyList<Person>> RunAsync(PoolScope scope, CancellationToken ct) => users.ListAsync(scope, ct);
}
