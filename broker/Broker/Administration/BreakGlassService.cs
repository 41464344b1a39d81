using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Montalegre.Vdi.Broker.Hosting;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Contracts.Identity.V1;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Administration;

/// <summary>The gRPC and REST face of emergency sign-ins: they are used, seen by everybody and ended here, never made.</summary>
internal sealed class BreakGlassService(BreakGlassStore store, CallerDirectory callers, SourceAddress source, ILogger<BreakGlassService> log) : BreakGlass.BreakGlassBase
{
    private static readonly TimeSpan SignInLifetime = TimeSpan.FromHours(1);

    public override async Task<StepDone> Use(UseBreakGlassRequest request, ServerCallContext context)
    {
        var address = source.Of(context, request.ClientAddress);
        var token = OpaqueToken.Make();
        // 256 random bits and a quarter of an hour: nothing to guess, so nobody is slowed down who mistypes in an emergency.
        if (!OpaqueToken.TryHash(request.Secret.Trim(), out var secret)
            || await store.UseAsync(secret, Guid.NewGuid(), token.Sha256, SignInLifetime, address) is not { } begun)
        {
            log.BreakGlassRefused(address);
            throw Refusal.Refused(RefusalReason.BreakGlassInvalid);
        }
        log.BreakGlassUsed(address);
        return new() { Token = token.Text, UserId = begun.User.ToString(), UserName = BreakGlassStore.Account, DisplayName = begun.DisplayName, ExpiresAt = At(begun.ExpiresAt) };
    }

    public override async Task<ListOpenEmergenciesResponse> ListOpen(ListOpenEmergenciesRequest request, ServerCallContext context)
    {
        var own = context.Caller().SignIn;
        return new()
        {
            Emergencies =
            {
                (await store.OpenAsync(context.CancellationToken)).Select(row => new Emergency
                {
                    EmergencyId = row.SignInId.ToString(), Reason = row.Reason, SourceAddress = row.SourceAddress, Since = At(row.CreatedAt), ExpiresAt = At(row.ExpiresAt),
                    Own = Convert.ToHexString(row.TokenSha256) == own,
                }),
            },
        };
    }

    public override async Task<EndEmergencyResponse> End(EndEmergencyRequest request, ServerCallContext context)
    {
        var ended = await store.EndAsync(Ids.Parse(request.EmergencyId, "emergency_id"), context.Caller()) ?? throw Refusal.Refused(RefusalReason.NotFound, "emergency_id");
        callers.Forget(Convert.ToHexString(ended));
        return new();
    }

    private static Timestamp At(DateTime utc) => Timestamp.FromDateTime(DateTime.SpecifyKind(utc, DateTimeKind.Utc));
}
