using Grpc.Core;
using Montalegre.Vdi.Broker.Hosting;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Administration;

/// <summary>The gRPC face of local users.</summary>
internal sealed class UsersService(ListUsers list, CreateUser create, SetPassword setPassword, SetUserEnabled setEnabled, ResetFactors resetFactors, QuotaStore quotas) : Users.UsersBase
{
    private const int MostSessions = 1000;

    public override async Task<ListUsersResponse> List(ListUsersRequest request, ServerCallContext context) =>
        new() { Users = { (await list.RunAsync(context.Scope(), context.CancellationToken)).Select(user => user.ToMessage()) } };

    public override async Task<User> Create(CreateUserRequest request, ServerCallContext context) =>
        (await create.RunAsync(request.UserName, request.DisplayName, request.Password, request.Administrator, context.Caller())).ToMessage();

    public override async Task<User> SetPassword(SetPasswordRequest request, ServerCallContext context) =>
        (await setPassword.RunAsync(request.UserName, request.Password, context.Caller())).ToMessage();

    public override async Task<User> SetEnabled(SetEnabledRequest request, ServerCallContext context) =>
        (await setEnabled.RunAsync(request.UserName, request.Enabled, context.Caller(), context.CancellationToken)).ToMessage();

    public override async Task<User> ResetFactors(ResetFactorsRequest request, ServerCallContext context) =>
        (await resetFactors.RunAsync(request.UserName, context.Caller(), context.CancellationToken)).ToMessage();

    public override async Task<User> SetQuota(SetUserQuotaRequest request, ServerCallContext context)
    {
        int? most = request.HasMostSessions ? Bounded(request.MostSessions, "most_sessions") : null;
        var changed = await quotas.SetForAsync(UserNames.Normalise(request.UserName), most, context.Caller());
        return changed?.ToMessage() ?? throw Refusal.Refused(RefusalReason.NotFound, "user_name");
    }

    public override async Task<Quotas> GetQuotas(GetQuotasRequest request, ServerCallContext context) =>
        new() { MostSessionsPerUser = (uint)(await quotas.OfEverybodyAsync(context.CancellationToken) ?? 0) };

    public override async Task<Quotas> SetQuotas(Quotas request, ServerCallContext context)
    {
        var most = Bounded(request.MostSessionsPerUser, "most_sessions_per_user");
        await quotas.SetForEverybodyAsync(most == 0 ? null : most, context.Caller());
        return request;
    }

    private static int Bounded(uint sessions, string field) =>
        sessions <= MostSessions ? (int)sessions : throw Refusal.Refused(RefusalReason.InvalidField, $"{field}: 0 to {MostSessions}");
}
