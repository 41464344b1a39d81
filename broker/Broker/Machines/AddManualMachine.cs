using Microsoft.Extensions.Options;
using Montalegre.Vdi.Broker.Agents;
using Montalegre.Vdi.Broker.Certificates;
using Montalegre.Vdi.Broker.Hypervisors;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Broker.Provisioning;
using Montalegre.Vdi.Broker.Storage;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Machines;

/// <summary>An existing computer for a manual pool; with a domain id it is adopted from a host and keeps its name there.</summary>
internal sealed record ManualMachine(PoolId Pool, string Name, string? Address, int? Port, Guid? Domain, HostId? Host);

/// <summary>What came of adding one.</summary>
internal abstract record AddManualOutcome
{
    private AddManualOutcome() { }

    /// <summary>The join document holds a one-time token; it is shown once.</summary>
    public sealed record Added(MachineId Machine, string JoinDocument, DateTimeOffset ExpiresAt) : AddManualOutcome;

    public sealed record Refused(RefusalReason Reason, string Detail) : AddManualOutcome;
}

/// <summary>Takes an existing computer into a manual pool and makes the one-time document with which its agent joins.</summary>
internal sealed class AddManualMachine(
    MachineStore store, HypervisorDirectory hosts, JoinTokens tokens, CertificateAuthority authority, LeaseKeeper lease, IOptions<ProvisioningOptions> options, TimeProvider time)
{
    private static readonly TimeSpan TokenLifetime = TimeSpan.FromHours(4);   // somebody walks to the computer and installs the agent

    public async Task<AddManualOutcome> RunAsync(ManualMachine wanted, Caller caller, CancellationToken ct)
    {
        var machine = new MachineId(wanted.Domain ?? Guid.CreateVersion7(time.GetUtcNow()));
        var name = wanted.Name;
        if (wanted is { Domain: not null, Host: { } host })
        {
            var hypervisor = hosts.For(host);
            await hypervisor.AdoptAsync(machine, lease.Epoch ?? 0, ct);
            if (await hypervisor.FindAsync(machine, ct) is not { } domain) return new AddManualOutcome.Refused(RefusalReason.NotFound, "domain_uuid");
            name = domain.Name;
        }
        var added = await store.AddManualAsync(wanted.Pool, machine, name, wanted.Address, wanted.Port, wanted.Host, caller.UserName, caller.SourceAddress);
        if (added is null) return new AddManualOutcome.Refused(RefusalReason.NotFound, "pool_id: not a manual pool");
        if (added is false) return new AddManualOutcome.Refused(RefusalReason.NameTaken, name);
        var token = await tokens.MakeAsync(machine, TokenLifetime);
        var document = options.Value.JoinDocument(machine, authority.Sha256, token.Token);
        return new AddManualOutcome.Added(machine, document.Format(), token.ExpiresAt);
    }
}
