using Microsoft.Extensions.Options;
using Montalegre.Vdi.Broker.Agents;
using Montalegre.Vdi.Broker.Certificates;
using Montalegre.Vdi.Broker.Hypervisors;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Broker.Provisioning;
using Montalegre.Vdi.Broker.Sites;
using Montalegre.Vdi.Broker.Storage;
using Montalegre.Vdi.Domain;
using Montalegre.Vdi.Native.Libvirt;
using Npgsql;

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
            try
            {
                if (await AdoptAsync(host, machine, ct) is not { } domain) return new AddManualOutcome.Refused(RefusalReason.NotFound, "domain_uuid");
                name = domain;
            }
            catch (HypervisorUnavailableException e) { return new AddManualOutcome.Refused(RefusalReason.HostUnavailable, e.Message); }
            catch (ForeignMachineException) { return new AddManualOutcome.Refused(RefusalReason.InUse, "domain_uuid: another installation has it"); }
        }
        var (added, elsewhere) = ((bool?)false, (string?)null);
        try { added = await store.AddManualAsync(wanted.Pool, machine, name, wanted.Address, wanted.Port, wanted.Host, caller.UserName, caller.SourceAddress); }
        catch (PostgresException e) when (e.ConstraintName == SiteStore.Constraint) { elsewhere = e.MessageText; }
        if (added is not true)
        {
            // The mark goes again, unless the domain is a machine of ours: asked twice, it stays adopted.
            if (wanted is { Domain: not null, Host: { } from } && !await store.IsRecordedAsync(machine, ct)) await hosts.For(from).LetGoAsync(machine, lease.Epoch ?? 0, ct);
            if (elsewhere is not null) return new AddManualOutcome.Refused(RefusalReason.HostOfOtherSite, elsewhere);
            return added is null ? new AddManualOutcome.Refused(RefusalReason.NotFound, "pool_id: not a manual pool") : new AddManualOutcome.Refused(RefusalReason.NameTaken, name);
        }
        var token = await tokens.MakeAsync(machine, TokenLifetime);
        var document = options.Value.JoinDocument(machine, authority.Sha256, token.Token);
        return new AddManualOutcome.Added(machine, document.Format(), token.ExpiresAt);
    }

    // The domain's name; null when the host has no such domain.
    private async Task<string?> AdoptAsync(HostId host, MachineId machine, CancellationToken ct)
    {
        var hypervisor = hosts.For(host);
        try { await hypervisor.AdoptAsync(machine, lease.Epoch ?? 0, ct); }
        catch (LibvirtException e) when (e.Code == LibvirtError.NoDomain) { return null; }
        return (await hypervisor.FindAsync(machine, ct))?.Name;
    }
}
