using System.Collections.Concurrent;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Montalegre.Vdi.Contracts.Common.V1;
using Montalegre.Vdi.Contracts.Gateway.V1;
using Montalegre.Vdi.Contracts.Identity.V1;

namespace Montalegre.Vdi.Gateway.Tests.Portal;

/// <summary>A broker of one person, Maria, whose desktops and answers a test sets by hand.</summary>
internal sealed class FakeBroker : Employee.EmployeeBase
{
    public const string Password = "uma palavra-passe comprida";
    public const string Pool = "0197f000-0000-7000-8000-000000000001";
    public const string Session = "0197f000-0000-7000-8000-0000000000aa";
    private readonly ConcurrentDictionary<string, string> _tokens = new();
    private readonly ConcurrentDictionary<string, string> _steps = new();
    private int _tickets;

    public ConcurrentQueue<SignInRequest> SignIns { get; } = new();
    public ConcurrentQueue<LaunchRequest> Launches { get; } = new();
    public ConcurrentQueue<string> LoggedOff { get; } = new();
    public ConcurrentQueue<string> Tickets { get; } = new();
    public List<Desktop> Desktops { get; set; } = [Ready()];
    public List<Desktop> Applications { get; set; } = [];
    public Reason? Refusal { get; set; }
    public RpcException? SignInStatus { get; set; }
    public bool Away { get; set; }

    /// <summary>Tickets as an RDP door accepts them, where one is in the test.</summary>
    public Func<string>? NewTicket { get; set; }

    public string Gateway { get; set; } = "rdp.example.pt:3389";

    /// <summary>While this is not completed a launch waits at place 3.</summary>
    public TaskCompletionSource MachineIsReady { get; set; } = Completed();

    public static Desktop Ready(string name = "Secretaria") => new()
    {
        PoolId = Pool, Name = name, Description = "Ambiente geral com correio e documentos.", State = DesktopState.Ready,
    };

    public static Desktop InSession(DesktopState state) => new(Ready())
    {
        State = state, SessionId = Session, MachineName = "secretaria-07", ClientName = "PORTATIL-12",
        SessionSince = Timestamp.FromDateTimeOffset(DateTimeOffset.UtcNow.AddMinutes(-42)),
    };

    public void ForgetEveryone() => _tokens.Clear();

    public override Task<SignInResponse> SignIn(SignInRequest request, ServerCallContext context)
    {
        StayHome();
        if (SignInStatus is not null) throw SignInStatus;
        SignIns.Enqueue(request);
        if (request.Password != Password && request.PasswordUtf8.ToStringUtf8() != Password)
            return Task.FromResult(new SignInResponse { Refused = new Reason { Code = ReasonCode.SignInFailed, Reference = "B-7Q2K" } });
        if (!HasApp && !HasPasskey && !MustEnrol) return Task.FromResult(new SignInResponse { SignedIn = Enter(request.UserName) });
        return Task.FromResult(request.AsksSecondStep ? new SignInResponse { SecondStep = Step(request.UserName) } : new SignInResponse { Refused = new Reason { Code = ReasonCode.SecondFactorNeeded } });
    }

    /// <summary>The person has an authenticator app.</summary>
    public bool HasApp { get; set; }

    public bool HasPasskey { get; set; }

    /// <summary>The person has none and must have one.</summary>
    public bool MustEnrol { get; set; }

    /// <summary>Every sign-in is too old to change factors with.</summary>
    public bool Stale { get; set; }

    /// <summary>Sign-ins that have not ended.</summary>
    public int SignedIn => _tokens.Count;

    public PendingStep Step(string user)
    {
        _steps[$"step-{user}"] = user;
        return new() { Step = $"step-{user}", MustEnrol = MustEnrol, UserName = user, HasApp = HasApp, HasPasskey = HasPasskey, ExpiresAt = Timestamp.FromDateTimeOffset(DateTimeOffset.UtcNow.AddMinutes(10)) };
    }

    public string? PersonOf(string step) => _steps.GetValueOrDefault(step);

    public void ForgetSteps() => _steps.Clear();

    public SignedIn Enter(string user)
    {
        var token = Guid.NewGuid().ToString("N");
        _tokens[token] = user;
        return new()
        {
            Token = token, UserId = user, UserName = user, DisplayName = "Maria Gonçalves", Language = "pt-PT", ExpiresAt = Timestamp.FromDateTimeOffset(DateTimeOffset.UtcNow.AddHours(8)),
        };
    }

    public override Task<SignOutResponse> SignOut(SignOutRequest request, ServerCallContext context)
    {
        _tokens.TryRemove(Token(context), out _);
        return Task.FromResult(new SignOutResponse());
    }

    /// <summary>The picture of every application that has one.</summary>
    public byte[] Icon { get; set; } = [];

    public override Task<OwnApplicationIcon> GetApplicationIcon(GetOwnApplicationIconRequest request, ServerCallContext context)
    {
        Check(context);
        return Applications.Any(a => a.ApplicationId == request.ApplicationId && a.ApplicationIcon.Length > 0)
            ? Task.FromResult(new OwnApplicationIcon { Png = Google.Protobuf.ByteString.CopyFrom(Icon) })
            : throw FakeSecondStep.Refuse(StatusCode.NotFound, ReasonCode.NotFound);
    }

    public override Task<ListDesktopsResponse> ListDesktops(ListDesktopsRequest request, ServerCallContext context)
    {
        Check(context);
        return Task.FromResult(new ListDesktopsResponse { Desktops = { Desktops }, Applications = { Applications } });
    }

    public override async Task Launch(LaunchRequest request, IServerStreamWriter<LaunchProgress> responseStream, ServerCallContext context)
    {
        Check(context);
        Launches.Enqueue(request);
        if (Refusal is not null)
        {
            await responseStream.WriteAsync(new LaunchProgress { Refused = Refusal });
            return;
        }
        if (!MachineIsReady.Task.IsCompleted)
        {
            await responseStream.WriteAsync(new LaunchProgress
            {
                Waiting = new LaunchWaiting
                {
                    Reason = new Reason { Code = ReasonCode.PoolFull }, Queue = new QueuePlace { Place = 3, EstimatedSeconds = 150 },
                    Since = Timestamp.FromDateTimeOffset(DateTimeOffset.UtcNow),
                },
            });
            await MachineIsReady.Task.WaitAsync(context.CancellationToken);
        }
        var ticket = NewTicket?.Invoke() ?? $"ticket-{Interlocked.Increment(ref _tickets):D4}-{"x".PadRight(30, 'Y')}";
        Tickets.Enqueue(ticket);
        await responseStream.WriteAsync(new LaunchProgress
        {
            Ready = new LaunchReady
            {
                SessionId = Session, Ticket = ticket, MachineName = "secretaria-07", Gateways = { Gateway },
                ExpiresAt = Timestamp.FromDateTimeOffset(DateTimeOffset.UtcNow.AddSeconds(request.ForFile ? 60 : 30)),
            },
        });
    }

    public System.Collections.Concurrent.ConcurrentQueue<string> LeftQueues { get; } = new();

    public override Task<LeaveQueueResponse> LeaveQueue(LeaveQueueRequest request, ServerCallContext context)
    {
        LeftQueues.Enqueue(request.PoolId);
        return Task.FromResult(new LeaveQueueResponse { Left = true });
    }

    public override Task<EmployeeLogOffResponse> LogOff(EmployeeLogOffRequest request, ServerCallContext context)
    {
        Check(context);
        LoggedOff.Enqueue(request.SessionId);
        Desktops = [Ready()];
        return Task.FromResult(new EmployeeLogOffResponse());
    }

    public GetContentResponse Content { get; set; } = new();
    public bool ContentFails { get; set; }
    public List<OwnSignIn> Others { get; set; } = [];
    public ConcurrentQueue<string> Restarts { get; } = new();

    public override Task<GetContentResponse> GetContent(GetContentRequest request, ServerCallContext context)
    {
        Check(context);
        return ContentFails ? throw new RpcException(new Status(StatusCode.Unimplemented, "an older broker")) : Task.FromResult(Content);
    }

    public override Task<SetFavouriteResponse> SetFavourite(SetFavouriteRequest request, ServerCallContext context)
    {
        Check(context);
        foreach (var desktop in Desktops.Concat(Applications).Where(d => d.PoolId == request.PoolId && d.ApplicationId == request.ApplicationId)) desktop.Favourite = request.Favourite;
        return Task.FromResult(new SetFavouriteResponse());
    }

    public override Task<EmployeeRestartResponse> Restart(EmployeeRestartRequest request, ServerCallContext context)
    {
        Check(context);
        Restarts.Enqueue(request.SessionId);
        Desktops = [Ready()];
        return Task.FromResult(new EmployeeRestartResponse());
    }

    public List<OwnAssistance> Looks { get; } = [];

    public override Task<ListSignInsResponse> ListSignIns(ListSignInsRequest request, ServerCallContext context)
    {
        Check(context);
        var since = Timestamp.FromDateTimeOffset(DateTimeOffset.UtcNow.AddMinutes(-5));
        return Task.FromResult(new ListSignInsResponse
        {
            SignIns = { new OwnSignIn { SignInId = "this", Since = since, SourceAddress = "127.0.0.1", ClientName = SignIns.Last().ClientName, ThisOne = true }, Others },
        });
    }

    public override Task<ListOwnAssistancesResponse> ListAssistances(ListOwnAssistancesRequest request, ServerCallContext context)
    {
        Check(context);
        return Task.FromResult(new ListOwnAssistancesResponse { Assistances = { Looks } });
    }

    public override Task<EndSignInsResponse> EndSignIns(EndSignInsRequest request, ServerCallContext context)
    {
        Check(context);
        return Task.FromResult(new EndSignInsResponse { Ended = (uint)Others.RemoveAll(o => request.SignInId is "" || o.SignInId == request.SignInId) });
    }

    public static TaskCompletionSource Pending() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private static TaskCompletionSource Completed()
    {
        var done = Pending();
        done.SetResult();
        return done;
    }

    private static string Token(ServerCallContext context) =>
        context.RequestHeaders.GetValue("authorization")?.Replace("Bearer ", "", StringComparison.Ordinal) ?? "";

    internal void Check(ServerCallContext context)
    {
        StayHome();
        if (!_tokens.ContainsKey(Token(context))) throw new RpcException(new Status(StatusCode.Unauthenticated, "Sign in again."));
    }

    private void StayHome()
    {
        if (Away) throw new RpcException(new Status(StatusCode.Unavailable, "connection refused 10.0.0.7:5432"));
    }
}
