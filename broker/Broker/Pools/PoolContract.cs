using Montalegre.Vdi.Broker.Hosting;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Contracts.Common.V1;
using Montalegre.Vdi.Domain;
using Contract = Montalegre.Vdi.Contracts.Admin.V1;
using BlockedFeatures = Montalegre.Vdi.Broker.Hosting.BlockedFeatures;
using DomainKind = Montalegre.Vdi.Domain.PoolKind;

namespace Montalegre.Vdi.Broker.Pools;

/// <summary>Rows and requests of this slice as the public contract says them. Bad input is refused by field.</summary>
internal static class PoolContract
{
    private const int LargestPool = 5000;

    public static Pool From(PoolRow row)
    {
        var pool = new Pool
        {
            PoolId = row.PoolId.ToString(), Name = row.Name, Description = row.Description, Size = (uint)row.Size, Enabled = row.Enabled,
            Kind = row.Kind switch { "floating" => Contract.PoolKind.Floating, "dedicated" => Contract.PoolKind.Dedicated, "multi_session" => Contract.PoolKind.MultiSession, _ => Contract.PoolKind.Manual },
            ImageVersionId = row.ImageVersionId?.ToString() ?? "", ImageName = row.ImageName ?? "", Cpus = (uint)row.Cpus, MemoryMib = (uint)row.MemoryMib,
            Placement = row.Placement == "depth" ? Contract.Placement.Depth : Contract.Placement.Breadth, MostPerHost = (uint)(row.MostPerHost ?? 0), MachineNamePattern = row.MachineNamePattern,
            Machines = (uint)row.Machines, Available = (uint)row.Available, InUse = (uint)row.InUse, Provisioning = (uint)row.Provisioning,
            Faulted = (uint)row.Faulted, Waiting = (uint)row.Waiting, Sessions = (uint)row.Sessions,
            RdGatewayEndToEnd = row.RdGatewayEndToEnd, SessionRules = PoolRules.Show(row), Sharing = PoolSharing.Show(row), Seats = (uint)row.Seats, Instant = row.Instant, SiteId = row.SiteId?.ToString() ?? "", SiteName = row.SiteName ?? "",
        };
        foreach (var host in row.Hosts.Split('\n', StringSplitOptions.RemoveEmptyEntries)) pool.Hosts.Add(new PoolHost { HostId = host[..36], Name = host[37..] });
        if (row.Kind != "manual") pool.Spare = row switch { { Spare: null } => new() { Everything = true }, { SparePercent: true } => new() { Percent = (uint)row.Spare }, _ => new() { Machines = (uint)row.Spare } };
        BlockedFeatures.Fill(pool.BlockedFeatures, row.BlockedFeatures);
        if (Enum.TryParse<ReasonCode>(row.Trouble, out var code)) pool.Trouble = new Reason { Code = code, Detail = row.TroubleDetail ?? "" };
        return pool;
    }

    public static NewPool Read(CreatePoolRequest request, PoolId id)
    {
        var kind = request.Kind switch
        {
            Contract.PoolKind.Floating => DomainKind.Floating,
            Contract.PoolKind.Dedicated => DomainKind.Dedicated,
            Contract.PoolKind.Manual => DomainKind.Manual,
            Contract.PoolKind.MultiSession => DomainKind.MultiSession,
            _ => throw Refusal.Refused(RefusalReason.InvalidField, "kind: FLOATING, DEDICATED, MANUAL or MULTI_SESSION"),
        };
        var made = kind != DomainKind.Manual;
        if (made && MachineNamePattern.Parse(request.MachineNamePattern) is null)
            throw Refusal.Refused(RefusalReason.InvalidField, "machine_name_pattern: for example balcao-{n:00}");
        return new(id, Fields.Name(request.Name), Fields.Description(request.Description), kind, made ? Size(request.Size) : 0,
            made ? new ImageVersionId(Ids.Parse(request.ImageVersionId, "image_version_id")) : null,
            Within(request.Cpus == 0 ? 1 : request.Cpus, 1, 64, "cpus"), Within(request.MemoryMib == 0 ? 1024 : request.MemoryMib, 128, 1048576, "memory_mib"),
            made ? request.MachineNamePattern : "",
            BlockedFeatures.Names(request.BlockedFeatures), request.RdGatewayEndToEnd, made && request.Spare is { } spare ? Spare(spare) : new(null, false),
            made ? new(Hosts(request.HostIds), Order(request.Placement) ?? PlacementOrder.Breadth, MostPerHost(request.MostPerHost)) : new([], PlacementOrder.Breadth, null),
            PoolRules.Read(request.SessionRules).For(kind), PoolSharing.Read(request.Sharing).For(kind)) { Site = Ids.ParseOrNone(request.SiteId, "site_id") };
    }

    public static PoolEdit Read(UpdatePoolRequest request) => new(
        request.HasName ? Fields.Name(request.Name) : null, request.HasDescription ? Fields.Description(request.Description) : null,
        request.HasSize ? Size(request.Size) : null, request.HasEnabled ? request.Enabled : null,
        request.BlockedFeatures is { } blocked ? BlockedFeatures.Names(blocked.Features) : null,
        request.HasRdGatewayEndToEnd ? request.RdGatewayEndToEnd : null, request.Spare is { } spare ? Spare(spare) : null,
        Order(request.Placement), request.HasMostPerHost ? MostPerHost(request.MostPerHost) ?? 0 : null, request.Hosts is { } hosts ? Hosts(hosts.HostIds) : null) { Instant = request.HasInstant ? request.Instant : null, Rules = PoolRules.Read(request.SessionRules), Sharing = PoolSharing.Read(request.Sharing) };

    private static SpareSetting Spare(Contract.Spare spare) => spare.WantedCase switch
    {
        Contract.Spare.WantedOneofCase.Machines => new(Size(spare.Machines, "spare.machines"), false),
        Contract.Spare.WantedOneofCase.Percent when spare.Percent <= 100 => new((int)spare.Percent, true),
        Contract.Spare.WantedOneofCase.Percent => throw Refusal.Refused(RefusalReason.InvalidField, "spare.percent: 0 to 100"),
        _ => new(null, false),
    };

    private static List<HostId> Hosts(IEnumerable<string> ids) =>
        ids.Select(id => new HostId(Ids.Parse(id, "host_ids"))).Distinct().ToList() is { Count: > 0 } hosts ? hosts : throw Refusal.Refused(RefusalReason.InvalidField, "host_ids: at least one host");

    private static PlacementOrder? Order(Contract.Placement placement) => placement switch
    {
        Contract.Placement.Breadth => PlacementOrder.Breadth,
        Contract.Placement.Depth => PlacementOrder.Depth,
        _ => null,
    };

    private static int? MostPerHost(uint most) => most == 0 ? null : Size(most, "most_per_host");

    private static int Size(uint size, string field = "size") =>
        size <= LargestPool ? (int)size : throw Refusal.Refused(RefusalReason.InvalidField, $"{field}: at most {LargestPool}");

    private static int Within(uint value, uint least, uint most, string field) =>
        value >= least && value <= most ? (int)value : throw Refusal.Refused(RefusalReason.InvalidField, $"{field}: {least} to {most}");
}
