using System.Net;
using Grpc.Core;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Contracts.Common.V1;

namespace Montalegre.Vdi.AdminUi.Tests.Fakes;

/// <summary>Groups of endpoints of the fake broker.</summary>
internal sealed class FakeEndpointGroups(FakeWorld world) : EndpointGroups.EndpointGroupsBase
{
    public override Task<ListEndpointGroupsResponse> List(ListEndpointGroupsRequest request, ServerCallContext context)
    {
        world.Demand(context);
        return Task.FromResult(new ListEndpointGroupsResponse { Groups = { world.Endpoints.Select(With) } });
    }

    public override Task<EndpointGroup> Make(MakeEndpointGroupRequest request, ServerCallContext context)
    {
        world.Demand(context);
        DemandNetworks(request.Networks);
        var group = new EndpointGroup { EndpointGroupId = $"ends-{request.Name}", Name = request.Name, Description = request.Description, Networks = { request.Networks }, Sessions = 3 };
        world.Endpoints.Add(group);
        return Task.FromResult(With(group));
    }

    public override Task<EndpointGroup> Change(ChangeEndpointGroupRequest request, ServerCallContext context)
    {
        world.Demand(context);
        DemandNetworks(request.Networks);
        var group = world.Endpoints.Single(g => g.EndpointGroupId == request.EndpointGroupId);
        (group.Name, group.Description) = (request.Name, request.Description);
        group.Networks.Clear();
        group.Networks.Add(request.Networks);
        return Task.FromResult(With(group));
    }

    public override Task<DeleteEndpointGroupResponse> Delete(DeleteEndpointGroupRequest request, ServerCallContext context)
    {
        world.Demand(context);
        var group = With(world.Endpoints.Single(g => g.EndpointGroupId == request.EndpointGroupId));
        if (group.Grants > 0) throw FakeWorld.Refuse(StatusCode.FailedPrecondition, ReasonCode.EndpointsInUse, group.Name);
        world.Endpoints.RemoveAll(g => g.EndpointGroupId == request.EndpointGroupId);
        return Task.FromResult(new DeleteEndpointGroupResponse());
    }

    private static void DemandNetworks(IEnumerable<string> networks)
    {
        if (!networks.All(n => IPNetwork.TryParse(n, out _))) throw FakeWorld.Refuse(StatusCode.InvalidArgument, ReasonCode.InvalidField, "networks: an address, or a network such as 10.20.0.0/16 or 2001:db8:4::/48");
    }

    private EndpointGroup With(EndpointGroup group) => new(group) { Grants = (uint)world.Grants.Count(g => g.ScopeEndpointGroupId == group.EndpointGroupId) };
}
