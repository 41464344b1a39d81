using Grpc.Core;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Contracts.Common.V1;

namespace Montalegre.Vdi.AdminUi.Tests.Fakes;

/// <summary>Groups of the fake broker, with counts that follow their members.</summary>
internal sealed class FakeGroups(FakeWorld world) : Groups.GroupsBase
{
    public override Task<ListGroupsResponse> List(ListGroupsRequest request, ServerCallContext context)
    {
        world.Demand(context);
        return Task.FromResult(new ListGroupsResponse { Groups = { world.Groups.Where(g => request.UserName.Length == 0 || Members(g.GroupId).Any(u => u.UserName == request.UserName)) } });
    }

    public override Task<Group> Create(CreateGroupRequest request, ServerCallContext context)
    {
        world.Demand(context);
        if (world.Groups.Any(g => g.Name == request.Name)) throw FakeWorld.Refuse(StatusCode.AlreadyExists, ReasonCode.NameTaken, request.Name);
        var group = new Group { GroupId = "g-" + request.Name, Name = request.Name, Description = request.Description };
        world.Groups.Add(group);
        return Task.FromResult(group);
    }

    public override Task<Group> Update(UpdateGroupRequest request, ServerCallContext context)
    {
        var group = Find(request.GroupId, context);
        if (request.HasName) group.Name = request.Name;
        if (request.HasDescription) group.Description = request.Description;
        if (request.HasMostSessions) group.MostSessions = request.MostSessions;
        world.Calls.Enqueue($"update-group {request}");
        return Task.FromResult(group);
    }

    public override Task<DeleteGroupResponse> Delete(DeleteGroupRequest request, ServerCallContext context)
    {
        world.Groups.Remove(Find(request.GroupId, context));
        foreach (var entitled in world.EntitledGroups.Values) entitled.RemoveAll(g => g.GroupId == request.GroupId);
        return Task.FromResult(new DeleteGroupResponse());
    }

    public override Task<ListMembersResponse> ListMembers(ListMembersRequest request, ServerCallContext context) =>
        Task.FromResult(new ListMembersResponse { Users = { Members(Find(request.GroupId, context).GroupId) } });

    public override Task<ListGroupPoolsResponse> ListPools(ListGroupPoolsRequest request, ServerCallContext context)
    {
        var group = Find(request.GroupId, context);
        var pools = world.EntitledGroups.Where(e => e.Value.Contains(group)).Select(e => world.Pools.Find(e.Key)!);
        return Task.FromResult(new ListGroupPoolsResponse { Pools = { pools.Select(p => new GroupPool { PoolId = p.PoolId, Name = p.Name }) } });
    }

    public override Task<Group> AddMember(GroupMemberRequest request, ServerCallContext context)
    {
        var group = Find(request.GroupId, context);
        var user = world.Users.FirstOrDefault(u => u.UserName == request.UserName) ?? throw FakeWorld.Refuse(StatusCode.NotFound, ReasonCode.NotFound, "user_name");
        if (!Members(group.GroupId).Contains(user)) Members(group.GroupId).Add(user);
        group.Members = (uint)Members(group.GroupId).Count;
        return Task.FromResult(group);
    }

    public override Task<Group> RemoveMember(GroupMemberRequest request, ServerCallContext context)
    {
        var group = Find(request.GroupId, context);
        Members(group.GroupId).RemoveAll(u => u.UserName == request.UserName);
        group.Members = (uint)Members(group.GroupId).Count;
        return Task.FromResult(group);
    }

    private List<User> Members(string group) => world.Members.GetOrAdd(group, _ => []);

    private Group Find(string id, ServerCallContext context)
    {
        world.Demand(context);
        return world.Groups.FirstOrDefault(g => g.GroupId == id) ?? throw FakeWorld.Refuse(StatusCode.NotFound, ReasonCode.NotFound, "group_id");
    }
}
