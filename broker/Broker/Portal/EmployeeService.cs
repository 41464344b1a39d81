using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Montalegre.Vdi.Broker.Assistance;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Broker.Identity.SecondFactor;
using Montalegre.Vdi.Broker.Hosting;
using Montalegre.Vdi.Broker.Launch;
using Montalegre.Vdi.Broker.Machines;
using Montalegre.Vdi.Broker.Sessions;
using Montalegre.Vdi.Contracts.Common.V1;
using Montalegre.Vdi.Contracts.Gateway.V1;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Portal;

/// <summary>The gRPC and REST face of everything an employee can do.</summary>
internal sealed class EmployeeService(
    SignInUser signIn, SignOutUser signOut, LaunchDesktop launch, LaunchStore store, GatewayDoors doors, LogOffSession logOff, SourceAddress sources,
    RestartOwnMachine restart, ContentStore content, OwnSignIns signIns, OwnAssistances assistances, RemoveCard removeCard, ReturnCard returnCard) : Employee.EmployeeBase
{
    public override async Task<SignInResponse> SignIn(SignInRequest request, ServerCallContext context)
    {
        var outcome = await signIn.RunAsync(request.UserName, request.PasswordUtf8.IsEmpty ? request.Password : request.PasswordUtf8.ToStringUtf8(), request.NewPassword, Audience.Employee, sources.Of(context, request.ClientAddress), request.AsksSecondStep ? request.ClientName : null, context.CancellationToken);
        if (outcome is SignInOutcome.SignedIn now) await signIns.NameAsync(now.Token, request.ClientName);
        return outcome switch
        {
            SignInOutcome.SignedIn ok => new() { SignedIn = new() {
                Token = ok.Token, UserId = ok.User.Id.ToString(), UserName = ok.User.UserName, DisplayName = ok.User.DisplayName,
                ExpiresAt = Timestamp.FromDateTimeOffset(ok.ExpiresAt), Language = "pt-PT" } },
            SignInOutcome.SecondStep step => new() { SecondStep = step.ToMessage() },
            SignInOutcome.Refused no => new() { Refused = no.Reason.ToContract(no.Detail) },
            _ => throw new InvalidOperationException($"Sign-in answered {outcome}."),
        };
    }

    public override async Task<SignOutResponse> SignOut(SignOutRequest request, ServerCallContext context)
    {
        await signOut.RunAsync(context.Caller());
        return new();
    }

    public override async Task<ListDesktopsResponse> ListDesktops(ListDesktopsRequest request, ServerCallContext context)
    {
        var rows = await store.DesktopsAsync(context.Caller().User, Convert.FromHexString(context.Caller().SignIn));
        var pools = rows.ToDictionary(r => r.PoolId);
        var applications = await store.ApplicationsAsync(context.Caller().User);   // of a pool that came or went in between none is shown
        return new()
        {
            Desktops = { rows.Select(DesktopCard.From) },
            Applications = { applications.Where(a => pools.ContainsKey(a.PoolId)).Select(a => DesktopCard.From(a, pools[a.PoolId])) },
        };
    }

    public override async Task<OwnApplicationIcon> GetApplicationIcon(GetOwnApplicationIconRequest request, ServerCallContext context) =>
        Guid.TryParse(request.ApplicationId, out var application) && await content.IconAsync(context.Caller().User.Value, application) is { } png
            ? new() { Png = UnsafeByteOperations.UnsafeWrap(png) } : throw Refusal.Refused(RefusalReason.NotFound, "icon");

    public override async Task Launch(LaunchRequest request, IServerStreamWriter<LaunchProgress> responseStream, ServerCallContext context)
    {
        if (!Guid.TryParse(request.PoolId, out var pool)) throw Refusal.Refused(RefusalReason.PoolUnknown, "pool_id");
        if (!Guid.TryParse(request.RequestId, out var id)) throw Refusal.Refused(RefusalReason.InvalidField, "request_id must be a UUID");
        var order = new LaunchOrder(new(id), context.Caller().User, new(pool), request.ClientAddress is "" ? null : request.ClientAddress, request.ForFile) { Application = ApplicationOf(request.ApplicationId), SignIn = Convert.FromHexString(context.Caller().SignIn) };
        await foreach (var news in launch.RunAsync(order, context.CancellationToken))
            await responseStream.WriteAsync(await ToContractAsync(news), context.CancellationToken);
    }

    public override async Task<LeaveQueueResponse> LeaveQueue(LeaveQueueRequest request, ServerCallContext context)
    {
        if (!Guid.TryParse(request.PoolId, out var pool)) throw Refusal.Refused(RefusalReason.PoolUnknown, "pool_id");
        return new() { Left = await launch.GiveUpAsync(context.Caller().User, new(pool)) };
    }

    public override async Task<EmployeeLogOffResponse> LogOff(EmployeeLogOffRequest request, ServerCallContext context)
    {
        var caller = context.Caller();
        if (!Guid.TryParse(request.SessionId, out var session)) throw Refusal.Refused(RefusalReason.NotFound, "session_id");
        var refused = await logOff.RunAsync(new(session), new(caller.UserName, caller.SourceAddress, caller.User), context.CancellationToken);
        return refused is { } reason ? new() { Refused = reason.ToContract() } : new();
    }

    public override async Task<CardRemovedResponse> CardRemoved(CardRemovedRequest request, ServerCallContext context)
    {
        var done = await removeCard.RunAsync(context.Caller(), context.CancellationToken);
        return new() { Locked = (uint)done.Locked, Disconnected = (uint)done.Disconnected, Failed = (uint)done.Failed, ReturnKey = done.ReturnKey ?? "" };
    }

    public override async Task<CardReturnedResponse> CardReturned(CardReturnedRequest request, ServerCallContext context)
    {
        var (unlocked, failed, refused) = await returnCard.RunAsync(context.Caller(), request.ReturnKey, context.CancellationToken);
        if (refused is { } reason) throw Refusal.Refused(reason, reason is RefusalReason.InvalidField ? "return_key" : "");
        return new() { Unlocked = (uint)unlocked, Failed = (uint)failed };
    }

    public override async Task<EmployeeRestartResponse> Restart(EmployeeRestartRequest request, ServerCallContext context)
    {
        if (!Guid.TryParse(request.SessionId, out var session)) throw Refusal.Refused(RefusalReason.NotFound, "session_id");
        return await restart.RunAsync(new(session), context.Caller(), context.CancellationToken) is { } reason ? new() { Refused = reason.ToContract() } : new();
    }

    public override async Task<GetContentResponse> GetContent(GetContentRequest request, ServerCallContext context)
    {
        var (announcements, links) = (await content.AnnouncementsAsync(shown: true), await content.LinksAsync());
        return new()
        {
            Announcements = { announcements.Select(a => new PortalAnnouncement { TextPt = a.TextPt, TextEn = a.TextEn, Urgent = a.Urgent }) },
            Links = { links.Select(l => new PortalLink { NamePt = l.NamePt, NameEn = l.NameEn, DescriptionPt = l.DescriptionPt, DescriptionEn = l.DescriptionEn, Address = l.Address }) },
        };
    }

    public override async Task<SetFavouriteResponse> SetFavourite(SetFavouriteRequest request, ServerCallContext context)
    {
        if (!Guid.TryParse(request.PoolId, out var pool)) throw Refusal.Refused(RefusalReason.PoolUnknown, "pool_id");
        if (ApplicationOf(request.ApplicationId) is { } application) await content.SetApplicationFavouriteAsync(context.Caller().User.Value, application, request.Favourite);
        else await content.SetFavouriteAsync(context.Caller().User.Value, pool, request.Favourite);
        return new();
    }

    public override async Task<ListSignInsResponse> ListSignIns(ListSignInsRequest request, ServerCallContext context) => new()
    {
        SignIns =
        {
            (await signIns.ListAsync(context.Caller())).Select(s => new Contracts.Gateway.V1.OwnSignIn
            {
                SignInId = s.SignInId.ToString(), Since = Utc(s.CreatedAt), ExpiresAt = Utc(s.ExpiresAt), SourceAddress = s.SourceAddress, ClientName = s.Client,
                Console = s.Audience == "administrator", ThisOne = s.IsThis,
            }),
        },
    };

    public override async Task<EndSignInsResponse> EndSignIns(EndSignInsRequest request, ServerCallContext context) =>
        new() { Ended = (uint)await signIns.EndAsync(context.Caller(), Ids.ParseOrNone(request.SignInId, "sign_in_id")) };

    public override async Task<ListOwnAssistancesResponse> ListAssistances(ListOwnAssistancesRequest request, ServerCallContext context) => new()
    {
        Assistances =
        {
            (await assistances.ListAsync(context.Caller())).Select(a => new OwnAssistance
            {
                AssistanceId = a.AssistanceId.ToString(), Desktop = a.Desktop, Who = a.Who, Control = a.Control, Reason = a.Reason, State = StateOf(a),
                AskedAt = Utc(a.AskedAt), AnsweredAt = Utc(a.AnsweredAt), BeganAt = Utc(a.BeganAt), EndedAt = Utc(a.EndedAt),
            }),
        },
    };

    private static Guid? ApplicationOf(string id) =>
        id is "" ? null : Guid.TryParse(id, out var application) ? application : throw Refusal.Refused(RefusalReason.ApplicationUnknown, "application_id");

    private static OwnAssistanceState StateOf(OwnAssistanceRow row) => row.State switch
    {
        "asked" => OwnAssistanceState.Asked,
        "granted" => OwnAssistanceState.Granted,
        "watching" => OwnAssistanceState.Watching,
        "denied" => OwnAssistanceState.Denied,
        "expired" => OwnAssistanceState.NoAnswer,
        _ => row.BeganAt is null ? OwnAssistanceState.NotSeen : OwnAssistanceState.Seen,
    };

    private static Timestamp? Utc(DateTime? at) => at is { } known ? Utc(known) : null;

    private static Timestamp Utc(DateTime at) => Timestamp.FromDateTime(DateTime.SpecifyKind(at, DateTimeKind.Utc));

    private async Task<LaunchProgress> ToContractAsync(LaunchNews news) => news switch
    {
        LaunchNews.Waiting wait => new() { Waiting = new() {
            Reason = wait.Notice.Reason.ToContract(),
            Queue = new() { Place = (uint)wait.Notice.Place, EstimatedSeconds = (uint)Math.Ceiling(wait.Notice.Estimate?.TotalSeconds ?? 0) },
            Since = Timestamp.FromDateTimeOffset(wait.Since) } },
        LaunchNews.Ready ready => new() { Ready = new() {
            SessionId = ready.Session.ToString(), Ticket = ready.Ticket, ExpiresAt = Timestamp.FromDateTimeOffset(ready.ExpiresAt),
            MachineName = ready.MachineName, Reconnection = ready.Reconnection, Gateways = { await doors.FindAsync() } } },
        LaunchNews.Refused no => new() { Refused = no.Reason.ToContract(no.Detail) },
        _ => throw new InvalidOperationException($"A launch said {news}."),
    };
}
