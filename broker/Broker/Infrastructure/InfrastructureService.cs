using System.Text.RegularExpressions;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Montalegre.Vdi.Broker.Gateways;
using Montalegre.Vdi.Broker.Hosting;
using Montalegre.Vdi.Broker.Hypervisors;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Broker.Images;
using Montalegre.Vdi.Broker.Sites;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Domain;
using Montalegre.Vdi.Native.Libvirt;
using Contract = Montalegre.Vdi.Contracts.Admin.V1;

namespace Montalegre.Vdi.Broker.Infrastructure;

/// <summary>The gRPC and REST face of hosts, images and gateways.</summary>
internal sealed partial class InfrastructureService(
    HostStore hosts, HypervisorDirectory hypervisors, TestHost test, PublishImage publish, RetireImage retire, DescribeImages images,
    CreateGatewayToken gatewayTokens, GatewayStore gateways, SetSite places, TimeProvider time)
    : Contract.Infrastructure.InfrastructureBase
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);   // a hung host must not hold up the page that would show it

    public override async Task<Contract.Host> AddHost(AddHostRequest request, ServerCallContext context)
    {
        var name = Fields.Name(request.Name);
        Check(request);
        if (!Path.IsPathFullyQualified(request.StoragePath)) throw Refusal.Refused(RefusalReason.InvalidField, "storage_path: an absolute path on the host");
        var (caller, storage) = (context.Caller(), SharedStorage(request.SharedStorage));
        var site = Ids.ParseOrNone(request.AtSiteId, "at_site_id");
        if (site is { } at) await places.CheckAsync(null, at, Permission.HostsManage, caller, context.CancellationToken);
        var id = new HostId(Guid.CreateVersion7(time.GetUtcNow()));
        if (await hosts.AddAsync(id, name, request.Uri, request.Network, request.StoragePath, storage, site, caller.UserName, caller.SourceAddress) is { } reason)
            throw Refusal.Refused(reason, reason switch { RefusalReason.NameTaken => "name", RefusalReason.NotFound => "at_site_id", _ => "shared_storage" });
        await hypervisors.RefreshAsync(context.CancellationToken);
        return await OneAsync(id, context.CancellationToken);
    }

    public override async Task<FenceHostResponse> FenceHost(FenceHostRequest request, ServerCallContext context)
    {
        var (host, caller) = (new HostId(Ids.Parse(request.HostId, "host_id")), context.Caller());
        if (await hosts.FactsAsync(host, context.CancellationToken) is not { } facts) throw Refusal.Refused(RefusalReason.NotFound, "host");
        if (HostRecovery.WhyNotFenced(facts) is { } reason) throw Refusal.Refused(reason, "host");
        if (await hosts.FenceAsync(host, caller.UserName, caller.SourceAddress) is not { } fenced) throw Refusal.Refused(RefusalReason.HostNotLost, "host");
        return new() { Machines = (uint)fenced.Machines, Waiting = (uint)fenced.Waiting, Sessions = (uint)fenced.Sessions };
    }

    public override async Task<Contract.Host> SetHostStorage(SetHostStorageRequest request, ServerCallContext context)
    {
        var (host, caller) = (new HostId(Ids.Parse(request.HostId, "host_id")), context.Caller());
        // The storage, and when it lets go, is also that of hosts elsewhere.
        if (!caller.Rights.Everywhere(Permission.HostsManage)) throw Refusal.Refused(RefusalReason.PermissionMissing, $"{Permission.HostsManage.Name()} (*)");
        var storage = SharedStorage(request.SharedStorage);
        if (request.TakeoverMinutes is 1 or > 1440) throw Refusal.Refused(RefusalReason.InvalidField, "takeover_minutes: 2 to 1440, or 0 for never");
        TimeSpan? takeover = storage is null || request.TakeoverMinutes == 0 ? null : TimeSpan.FromMinutes(request.TakeoverMinutes);
        if (await hosts.SetStorageAsync(host, storage, takeover, caller.UserName, caller.SourceAddress) is { } reason) throw Refusal.Refused(reason, reason == RefusalReason.NotFound ? "host" : "shared_storage");
        await hypervisors.RefreshAsync(context.CancellationToken);
        return await OneAsync(host, context.CancellationToken);
    }

    public override async Task<Contract.Host> SetHostSite(SetHostSiteRequest request, ServerCallContext context)
    {
        var host = new HostId(Ids.Parse(request.HostId, "host_id"));
        await places.MoveHostAsync(host, Ids.ParseOrNone(request.SiteId, "site_id"), context.Caller(), context.CancellationToken);
        return await OneAsync(host, context.CancellationToken);
    }

    private static string? SharedStorage(string name) => name.Trim() switch
    {
        "" => null,
        { Length: <= 80 } given => given,
        _ => throw Refusal.Refused(RefusalReason.InvalidField, "shared_storage: at most 80 characters"),
    };

    private async Task<Contract.Host> OneAsync(HostId host, CancellationToken ct) =>
        await DescribeAsync((await hosts.AllAsync(PoolScope.Everything, ct)).FirstOrDefault(row => row.HostId == host.Value) ?? throw Refusal.Refused(RefusalReason.NotFound, "host"), ct);

    public override Task<Contract.Host> TestHost(AddHostRequest request, ServerCallContext context)
    {
        Check(request);
        return test.RunAsync(request, context.Caller(), context.CancellationToken);
    }

    private static void Check(AddHostRequest request)
    {
        if (!LibvirtUri().IsMatch(request.Uri)) throw Refusal.Refused(RefusalReason.InvalidField, "uri: a libvirt URI, for example qemu+tls://host/system");
        // libvirt would run that program here, as the broker.
        if (request.Uri.Contains("command=", StringComparison.OrdinalIgnoreCase)) throw Refusal.Refused(RefusalReason.InvalidField, "uri: the option command= is not allowed");
        if (!NetworkMode().IsMatch(request.Network)) throw Refusal.Refused(RefusalReason.InvalidField, "network: user, network:<name> or bridge:<name>");
    }

    public override async Task<RemoveHostResponse> RemoveHost(RemoveHostRequest request, ServerCallContext context)
    {
        var host = new HostId(Ids.Parse(request.HostId, "host_id"));
        var caller = context.Caller();
        if (await hosts.RemoveAsync(host, caller.UserName, caller.SourceAddress) is { } reason) throw Refusal.Refused(reason, "host");
        await hypervisors.ForgetAsync(host);
        return new();
    }

    public override async Task<SetHostStateResponse> SetHostState(SetHostStateRequest request, ServerCallContext context)
    {
        var host = new HostId(Ids.Parse(request.HostId, "host_id"));
        var state = request.State switch
        {
            Contract.HostState.InService => Domain.HostState.InService,
            Contract.HostState.Draining => Domain.HostState.Draining,
            Contract.HostState.Maintenance => Domain.HostState.Maintenance,
            _ => throw Refusal.Refused(RefusalReason.InvalidField, "state: IN_SERVICE, DRAINING or MAINTENANCE"),
        };
        var caller = context.Caller();
        if (await hosts.SetStateAsync(host, state, caller.UserName, caller.SourceAddress) is not { } change) throw Refusal.Refused(RefusalReason.NotFound, "host");
        return new() { Machines = (uint)change.Machines, Sessions = (uint)change.Sessions };
    }

    public override async Task<ListForeignMachinesResponse> ListForeignMachines(ListForeignMachinesRequest request, ServerCallContext context)
    {
        var host = new HostId(Ids.Parse(request.HostId, "host_id"));
        try
        {
            var found = await hypervisors.For(host).ListForeignAsync(context.CancellationToken);
            return new() { Machines = { found.Select(d => new ForeignMachine { DomainUuid = d.Domain.ToString(), Name = d.Name, Power = d.Power == Domain.PowerState.On ? Contract.PowerState.On : Contract.PowerState.Off }) } };
        }
        catch (Exception e) when (e is HypervisorUnavailableException or LibvirtException) { throw Refusal.Refused(RefusalReason.HostUnavailable, e.Message); }
    }

    public override async Task<ListHostsResponse> ListHosts(ListHostsRequest request, ServerCallContext context)
    {
        var rows = await hosts.AllAsync(context.Scope(), context.CancellationToken);
        return new() { Hosts = { await Task.WhenAll(rows.Select(r => DescribeAsync(r, context.CancellationToken))) } };
    }

    public override async Task<ImageVersion> PublishImage(PublishImageRequest request, ServerCallContext context)
    {
        return await publish.RunAsync(request.Name.Trim(), request.Path, context.Caller(), context.CancellationToken) switch
        {
            PublishOutcome.Published done => await OneImageAsync(done.Id, context.CancellationToken),
            PublishOutcome.Refused no => throw Refusal.Refused(no.Reason, no.Detail),
            var other => throw new InvalidOperationException($"Publishing answered {other}."),
        };
    }

    public override async Task<ImageVersion> RetireImage(RetireImageRequest request, ServerCallContext context)
    {
        var image = new ImageVersionId(Ids.Parse(request.ImageVersionId, "image_version_id"));
        if (await retire.RunAsync(image, context.Caller()) is { } reason) throw Refusal.Refused(reason, "image");
        return await OneImageAsync(image, context.CancellationToken);
    }

    private async Task<ImageVersion> OneImageAsync(ImageVersionId image, CancellationToken ct) =>
        await images.OneAsync(image, ct) ?? throw Refusal.Refused(RefusalReason.NotFound, "image");

    public override async Task<ListImagesResponse> ListImages(ListImagesRequest request, ServerCallContext context) =>
        new() { Images = { await images.AllAsync(context.Scope(), context.CancellationToken) } };

    public override async Task<CreateGatewayTokenResponse> CreateGatewayToken(CreateGatewayTokenRequest request, ServerCallContext context)
    {
        var name = Fields.Name(request.Name);
        if (!DoorAddress().IsMatch(request.RdpAddress)) throw Refusal.Refused(RefusalReason.InvalidField, "rdp_address: host:port that clients can reach");
        var token = await gatewayTokens.RunAsync(name, request.RdpAddress, context.Caller().UserName);
        return new() { JoinToken = token.Token, ExpiresAt = Timestamp.FromDateTimeOffset(token.ExpiresAt) };
    }

    public override async Task<ListGatewaysResponse> ListGateways(ListGatewaysRequest request, ServerCallContext context) =>
        new()
        {
            Gateways = { (await gateways.ListAsync(context.CancellationToken)).Select(g => new GatewayNode
                { GatewayId = g.GatewayId.ToString(), Name = g.Name, RdpAddress = g.RdpAddress, Connected = g.Connected, Connections = (uint)g.Connections }) },
        };

    // A host that does not answer is shown with its error; the list never fails for it.
    private async Task<Contract.Host> DescribeAsync(HostRow row, CancellationToken ct)
    {
        var host = new Contract.Host { HostId = row.HostId.ToString(), Name = row.Name, Uri = row.Uri, Network = row.Network, StoragePath = row.StoragePath,
            State = row.State switch { "draining" => Contract.HostState.Draining, "maintenance" => Contract.HostState.Maintenance, _ => Contract.HostState.InService },
            SharedStorage = row.SharedStorage ?? "", TakeoverMinutes = (uint)(row.TakeoverMinutes ?? 0), Strays = (uint)row.Strays, SiteId = row.SiteId?.ToString() ?? "", SiteName = row.SiteName ?? "" };
        if (row is { Lost: true, SilentSince: { } silent }) host.LostSince = Timestamp.FromDateTime(silent);
        if (row.FencedAt is { } fenced) host.FencedAt = Timestamp.FromDateTime(fenced);
        try
        {
            var load = await hypervisors.For(new(row.HostId)).LoadAsync(ct).WaitAsync(Patience, time, ct);
            (host.Connected, host.Cpus, host.MemoryMib, host.FreeMemoryMib) = (true, (uint)load.Cpus, (ulong)load.MemoryMib, (ulong)load.FreeMemoryMib);
            if (load.CpuPressure is { } pressure) host.CpuPressure = pressure;
        }
        catch (TimeoutException) { host.Error = $"no answer within {Patience.TotalSeconds:0} s"; }
        catch (Exception e) when (!ct.IsCancellationRequested) { host.Error = e.Message; }
        return host;
    }

    [GeneratedRegex("^(qemu|test)(\\+(tls|ssh|unix|tcp))?://[A-Za-z0-9@._:\\[\\]-]*/[A-Za-z0-9/_.?&=%-]*$")]
    private static partial Regex LibvirtUri();

    [GeneratedRegex("^(user|(network|bridge):[A-Za-z0-9._-]{1,60})$")]
    private static partial Regex NetworkMode();

    [GeneratedRegex("^([A-Za-z0-9.-]{1,253}|\\[[0-9A-Fa-f:]{2,45}\\]):[0-9]{1,5}$")]
    private static partial Regex DoorAddress();
}
