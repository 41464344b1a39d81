using Grpc.Core;
using Montalegre.Vdi.Broker.Administration;
using Montalegre.Vdi.Broker.Hosting;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Domain;
using Contract = Montalegre.Vdi.Contracts.Admin.V1;

namespace Montalegre.Vdi.Broker.Groups;

/// <summary>The gRPC and REST face of groups.</summary>
internal sealed class GroupsService(GroupStore store, GrantRole roles, TimeProvider time) : Contract.Groups.GroupsBase
{
    private const int LongestName = 256;
    private const int LongestDescription = 1000;
    private const int MostSessions = 100_000;

    public override async Task<ListGroupsResponse> List(ListGroupsRequest request, ServerCallContext context) =>
        new() { Groups = { (await store.ListAsync(UserNames.Normalise(request.UserName), context.CancellationToken)).Select(row => row.ToMessage()) } };

    public override async Task<Group> Create(CreateGroupRequest request, ServerCallContext context)
    {
        var id = Guid.CreateVersion7(time.GetUtcNow());
        var name = Name(request.Name);
        if (!await store.CreateAsync(id, name, Description(request.Description), context.Caller())) throw Refusal.Refused(RefusalReason.NameTaken, name);
        return await OneAsync(id, context.CancellationToken);
    }

    public override async Task<Group> Update(UpdateGroupRequest request, ServerCallContext context)
    {
        var id = Ids.Parse(request.GroupId, "group_id");
        if (request is { HasMostSessions: true, MostSessions: > MostSessions }) throw Refusal.Refused(RefusalReason.InvalidField, $"most_sessions: 0 to {MostSessions}");
        if (request.HasName) await OwnAsync(id, context.CancellationToken);
        var refused = await store.UpdateAsync(id, request.HasName ? Name(request.Name) : null, request.HasDescription ? Description(request.Description) : null,
            request.HasMostSessions ? (int)request.MostSessions : null, context.Caller());
        if (refused is { } reason) throw Refusal.Refused(reason, reason is RefusalReason.NameTaken ? request.Name : "group_id");
        return await OneAsync(id, context.CancellationToken);
    }

    public override async Task<DeleteGroupResponse> Delete(DeleteGroupRequest request, ServerCallContext context)
    {
        var id = Ids.Parse(request.GroupId, "group_id");
        await OwnAsync(id, context.CancellationToken);
        await MayChangeMembersAsync(id, context);
        await store.DeleteAsync(id, context.Caller());
        return new();
    }

    public override async Task<ListMembersResponse> ListMembers(ListMembersRequest request, ServerCallContext context)
    {
        var group = await OneAsync(Ids.Parse(request.GroupId, "group_id"), context.CancellationToken);
        return new() { Users = { (await store.MembersAsync(new(group.GroupId), context.CancellationToken)).Select(person => person.ToMessage()) } };
    }

    public override async Task<ListGroupPoolsResponse> ListPools(ListGroupPoolsRequest request, ServerCallContext context)
    {
        var group = await OneAsync(Ids.Parse(request.GroupId, "group_id"), context.CancellationToken);
        var pools = await store.PoolsAsync(new(group.GroupId), context.CancellationToken);
        return new() { Pools = { pools.Select(p => new GroupPool { PoolId = p.Pool.ToString(), Name = p.Name }) } };
    }

    public override Task<Group> AddMember(GroupMemberRequest request, ServerCallContext context) => SetMemberAsync(request, member: true, context);

    public override Task<Group> RemoveMember(GroupMemberRequest request, ServerCallContext context) => SetMemberAsync(request, member: false, context);

    private async Task<Group> SetMemberAsync(GroupMemberRequest request, bool member, ServerCallContext context)
    {
        var group = await OneAsync(Ids.Parse(request.GroupId, "group_id"), context.CancellationToken);
        await OwnAsync(new(group.GroupId), context.CancellationToken);
        await MayChangeMembersAsync(new(group.GroupId), context);
        if (!await store.SetMemberAsync(new(group.GroupId), UserNames.Normalise(request.UserName), member, context.Caller())) throw Refusal.Refused(RefusalReason.NotFound, "user_name");
        return await OneAsync(new(group.GroupId), context.CancellationToken);
    }

    private async Task<Group> OneAsync(Guid group, CancellationToken ct) =>
        (await store.FindAsync(group, ct))?.ToMessage() ?? throw Refusal.Refused(RefusalReason.NotFound, "group_id");

    // To put somebody into a group that holds a role is to give him the role.
    private async Task MayChangeMembersAsync(Guid group, ServerCallContext context)
    {
        if (await roles.ProblemOfMembershipAsync(group, context.Caller(), context.CancellationToken) is { } refused) throw Refusal.Refused(refused.Reason, refused.Detail);
    }

    private async Task OwnAsync(Guid group, CancellationToken ct)
    {
        if (await store.FindAsync(group, ct) is { Directory: { Length: > 0 } directory }) throw Refusal.Refused(RefusalReason.InDirectory, directory);
    }

    private static string Name(string typed) =>
        typed.Trim() is { Length: > 0 and <= LongestName } name && !name.Any(char.IsControl) ? name : throw Refusal.Refused(RefusalReason.InvalidField, $"name: 1 to {LongestName} characters");

    private static string Description(string typed) =>
        typed.Trim() is { Length: <= LongestDescription } text ? text : throw Refusal.Refused(RefusalReason.InvalidField, $"description: at most {LongestDescription} characters");
}
