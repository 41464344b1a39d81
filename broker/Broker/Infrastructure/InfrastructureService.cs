using System.Text.RegularExpressions;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Montalegre.Vdi.Broker.Gateways;
using Montalegre.Vdi.Broker.Hosting;
using Montalegre.Vdi.Broker.Hypervisors;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Broker.Images;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Domain;
using Contract = Montalegre.Vdi.Contracts.Admin.V1;

namespace Montalegre.Vdi.Broker.Infrastructure;

/// <summary>The gRPC and REST face of hosts, images and gateways.</summary>
internal sealed partial class InfrastructureService(
    HostStore hosts, HypervisorDirectory hypervisors, PublishImage publish, ImageStore images, CreateGatewayToken gatewayTokens, GatewayStore gateways, TimeProvider time)
    : Contract.Infrastructure.InfrastructureBase
{
    private static readonly TimeSpan ShownWithin = TimeSpan.FromSeconds(4);

    public override async Task<Contract.Host> AddHost(AddHostRequest request, ServerCallContext context)
    {
        if (request.Name.Trim() is not { Length: >= 1 and <= 80 } name) throw Refusal.Refused(RefusalReason.InvalidField, "name: 1 to 80 characters");
        if (!LibvirtUri().IsMatch(request.Uri)) throw Refusal.Refused(RefusalReason.InvalidField, "uri: a libvirt URI, for example qemu+tls://host/system");
        // libvirt would run that program here, as the broker.
        if (request.Uri.Contains("command=", StringComparison.OrdinalIgnoreCase)) throw Refusal.Refused(RefusalReason.InvalidField, "uri: the option command= is not allowed");
        if (!NetworkMode().IsMatch(request.Network)) throw Refusal.Refused(RefusalReason.InvalidField, "network: user, network:<name> or bridge:<name>");
        if (!Path.IsPathFullyQualified(request.StoragePath)) throw Refusal.Refused(RefusalReason.InvalidField, "storage_path: an absolute path on the host");
        var caller = context.Caller();
        var id = new HostId(Guid.CreateVersion7(time.GetUtcNow()));
        if (!await hosts.AddAsync(id, name, request.Uri, request.Network, request.StoragePath, caller.UserName, caller.SourceAddress))
            throw Refusal.Refused(RefusalReason.NameTaken, "name");
        await hypervisors.RefreshAsync(context.CancellationToken);
        return await DescribeAsync(new() { HostId = id.Value, Name = name, Uri = request.Uri, Network = request.Network, StoragePath = request.StoragePath }, context.CancellationToken);
    }

    public override async Task<RemoveHostResponse> RemoveHost(RemoveHostRequest request, ServerCallContext context)
    {
        var caller = context.Caller();
        if (await hosts.RemoveAsync(new(Ids.Parse(request.HostId, "host_id")), caller.UserName, caller.SourceAddress) is { } reason) throw Refusal.Refused(reason, "host_id");
        await hypervisors.RefreshAsync(context.CancellationToken);
        return new();
    }

    public override async Task<ListHostsResponse> ListHosts(ListHostsRequest request, ServerCallContext context)
    {
        var rows = await hosts.AllAsync(context.CancellationToken);
        return new() { Hosts = { await Task.WhenAll(rows.Select(r => DescribeAsync(r, context.CancellationToken))) } };
    }

    public override async Task<ImageVersion> PublishImage(PublishImageRequest request, ServerCallContext context)
    {
        return await publish.RunAsync(request.Name.Trim(), request.Path, context.Caller(), context.CancellationToken) switch
        {
            PublishOutcome.Published done => Describe((await images.OneAsync(done.Id, context.CancellationToken))!),
            PublishOutcome.Refused no => throw Refusal.Refused(no.Reason, no.Detail),
            var other => throw new InvalidOperationException($"Publishing answered {other}."),
        };
    }

    public override async Task<ListImagesResponse> ListImages(ListImagesRequest request, ServerCallContext context) =>
        new() { Images = { (await images.AllAsync(context.CancellationToken)).Select(Describe) } };

    public override async Task<CreateGatewayTokenResponse> CreateGatewayToken(CreateGatewayTokenRequest request, ServerCallContext context)
    {
        if (request.Name.Trim() is not { Length: >= 1 and <= 80 } name) throw Refusal.Refused(RefusalReason.InvalidField, "name: 1 to 80 characters");
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
        var host = new Contract.Host { HostId = row.HostId.ToString(), Name = row.Name, Uri = row.Uri, Network = row.Network, StoragePath = row.StoragePath };
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(ct);
        patience.CancelAfter(ShownWithin);
        try
        {
            var info = await hypervisors.For(new(row.HostId)).InfoAsync(patience.Token);
            (host.Connected, host.Cpus, host.MemoryMib) = (true, (uint)info.Cpus, (ulong)(info.MemoryBytes >> 20));
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested) { host.Error = $"Host {row.Name} does not answer."; }
        catch (Exception e) when (!ct.IsCancellationRequested) { host.Error = e.Message; }
        return host;
    }

    private static ImageVersion Describe(ImageRow row) => new()
    {
        ImageVersionId = row.ImageVersionId.ToString(), Name = row.Name, Number = (uint)row.Number, State = row.State, Error = row.Error ?? "",
        Sha256 = row.Sha256 is null ? "" : Convert.ToHexStringLower(row.Sha256), SizeBytes = (ulong)(row.SizeBytes ?? 0),
        PublishedAt = Timestamp.FromDateTime(DateTime.SpecifyKind(row.PublishedAt, DateTimeKind.Utc)),
    };

    [GeneratedRegex("^(qemu|test)(\\+(tls|ssh|unix|tcp))?://[A-Za-z0-9@._:\\[\\]-]*/[A-Za-z0-9/_.?&=%-]*$")]
    private static partial Regex LibvirtUri();

    [GeneratedRegex("^(user|(network|bridge):[A-Za-z0-9._-]{1,60})$")]
    private static partial Regex NetworkMode();

    [GeneratedRegex("^([A-Za-z0-9.-]{1,253}|\\[[0-9A-Fa-f:]{2,45}\\]):[0-9]{1,5}$")]
    private static partial Regex DoorAddress();
}
