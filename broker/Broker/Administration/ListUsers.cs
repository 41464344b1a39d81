using Montalegre.Vdi.Broker.Identity;

namespace Montalegre.Vdi.Broker.Administration;

/// <summary>All users by name.</summary>
internal sealed class ListUsers(UserStore users)
{
    public Task<IReadOnlyList<Person>> RunAsync(CancellationToken ct) => users.ListAsync(ct);
}
