using System.Net;
using System.Net.Sockets;
using Google.Protobuf.Collections;
using Grpc.Core;
using Montalegre.Vdi.Broker.Administration;
using Montalegre.Vdi.Broker.Hosting;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Endpoints;

/// <summary>The gRPC and REST face of groups of endpoints.</summary>
internal sealed class EndpointGroupsService(EndpointGroupStore groups, GrantRole roles, TimeProvider time) : EndpointGroups.EndpointGroupsBase
{
    private const int MostNetworks = 32;
    private const int LongestNetwork = 50;

    public override async Task<ListEndpointGroupsResponse> List(ListEndpointGroupsRequest request, ServerCallContext context) =>
        new() { Groups = { (await groups.AllAsync(context.CancellationToken)).Select(From) } };

    public override async Task<EndpointGroup> Make(MakeEndpointGroupRequest request, ServerCallContext context)
    {
        var group = Guid.CreateVersion7(time.GetUtcNow());
        if (!await groups.MakeAsync(group, Fields.Name(request.Name), Fields.Description(request.Description), Networks(request.Networks), context.Caller())) throw Refusal.Refused(RefusalReason.NameTaken, "name");
        return await OneAsync(group, context.CancellationToken);
    }

    public override async Task<EndpointGroup> Change(ChangeEndpointGroupRequest request, ServerCallContext context)
    {
        var (group, networks) = (Ids.Parse(request.EndpointGroupId, "endpoint_group_id"), Networks(request.Networks));
        if (!(await OneAsync(group, context.CancellationToken)).Networks.SequenceEqual(networks) && await roles.ProblemOfNetworksAsync(group, context.Caller(), context.CancellationToken) is { } no)
            throw Refusal.Refused(no.Reason, no.Detail);
        if (await groups.ChangeAsync(group, Fields.Name(request.Name), Fields.Description(request.Description), networks, context.Caller()) is { } reason)
            throw Refusal.Refused(reason, reason is RefusalReason.NameTaken ? "name" : "endpoint_group_id");
        return await OneAsync(group, context.CancellationToken);
    }

    public override async Task<DeleteEndpointGroupResponse> Delete(DeleteEndpointGroupRequest request, ServerCallContext context)
    {
        var group = Ids.Parse(request.EndpointGroupId, "endpoint_group_id");
        if (await groups.DeleteAsync(group, context.Caller())) return new();
        throw Refusal.Refused(RefusalReason.EndpointsInUse, (await OneAsync(group, context.CancellationToken)).Name);
    }

    private async Task<EndpointGroup> OneAsync(Guid group, CancellationToken ct) =>
        (await groups.AllAsync(ct)).FirstOrDefault(row => row.EndpointGroupId == group) is { } row ? From(row) : throw Refusal.Refused(RefusalReason.NotFound, "endpoint_group_id");

    // As the database writes them, each once.
    private static string[] Networks(RepeatedField<string> texts) =>
        texts.Count is 0 or > MostNetworks ? throw Refusal.Refused(RefusalReason.InvalidField, $"networks: 1 to {MostNetworks}") : [.. texts.Select(Network).Distinct()];

    private static string Network(string text)
    {
        var whole = text.Trim();
        if (!whole.Contains('/', StringComparison.Ordinal) && IPAddress.TryParse(whole, out var alone)) whole = $"{alone}/{(alone.AddressFamily is AddressFamily.InterNetwork ? 32 : 128)}";
        if (whole.Length > LongestNetwork || whole.Contains('%', StringComparison.Ordinal) || !IPNetwork.TryParse(whole, out var network) || network.BaseAddress.IsIPv4MappedToIPv6)
            throw Refusal.Refused(RefusalReason.InvalidField, "networks: an address, or a network such as 10.20.0.0/16 or 2001:db8:4::/48");
        return network.ToString();
    }

    private static EndpointGroup From(EndpointGroupRow row) => new()
    {
        EndpointGroupId = row.EndpointGroupId.ToString(), Name = row.Name, Description = row.Description, Networks = { row.Networks }, Sessions = (uint)row.Sessions, Grants = (uint)row.Grants,
    };
}
