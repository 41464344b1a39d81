using Grpc.Core;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Contracts.Admin.V1;

namespace Montalegre.Vdi.Broker.Administration;

/// <summary>The gRPC face of local users.</summary>
internal sealed class UsersService(ListUsers list, CreateUser create, SetPassword setPassword, SetUserEnabled setEnabled) : Users.UsersBase
{
    public override async Task<ListUsersResponse> List(ListUsersRequest request, ServerCallContext context) =>
        new() { Users = { (await list.RunAsync(context.CancellationToken)).Select(user => user.ToMessage()) } };

    public override async Task<User> Create(CreateUserRequest request, ServerCallContext context) =>
        (await create.RunAsync(request.UserName, request.DisplayName, request.Password, request.Administrator, context.Caller())).ToMessage();

    public override async Task<User> SetPassword(SetPasswordRequest request, ServerCallContext context) =>
        (await setPassword.RunAsync(request.UserName, request.Password, context.Caller())).ToMessage();

    public override async Task<User> SetEnabled(SetEnabledRequest request, ServerCallContext context) =>
        (await setEnabled.RunAsync(request.UserName, request.Enabled, context.Caller(), context.CancellationToken)).ToMessage();
}
