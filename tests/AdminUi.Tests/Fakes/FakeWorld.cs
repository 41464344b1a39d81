using System.Collections.Concurrent;
using System.Threading.Channels;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Montalegre.Vdi.Contracts;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Contracts.Common.V1;
using Montalegre.Vdi.Contracts.Identity.V1;

namespace Montalegre.Vdi.AdminUi.Tests.Fakes;

/// <summary>What the fake broker knows, and the calls that it was asked to do.</summary>
internal sealed class FakeWorld : IDisposable
{
    public const string Code = "123456";
    public const string SetUpToken = "set-up-token-0123456789";
    public const string JoinToken = "join-token-for-one-use-0123456789";
    public const string CommonPassword = "Password1234";
    public const string Password = "correct horse battery";
    private readonly Lock _lock = new();
    private readonly List<AssistanceCase> _cases = [];
    private readonly Dictionary<string, List<TaskLine>> _lines = new(StringComparer.Ordinal);
    private CancellationTokenSource _watches = new();

    public uint MostSessionsPerUser { get; set; }
    public FakeSettingValues Settings { get; } = new();
    public FakeList<Pool> Pools { get; } = new(p => p.PoolId);
    public FakeList<Machine> Machines { get; } = new(m => m.MachineId);
    /// <summary>Machines to which nothing can be done, and why.</summary>
    public ConcurrentDictionary<string, ReasonCode> RefusedMachines { get; } = new();
    public FakeList<Session> Sessions { get; } = new(s => s.SessionId);
    public FakeList<Alert> Alerts { get; } = new(a => a.AlertId);
    public FakeList<WorkTask> Tasks { get; } = new(t => t.TaskId);

    /// <summary>Why cancelling a task is refused; null: it is not.</summary>
    public ReasonCode? CancelRefused { get; set; }
    public List<Alert> ResolvedAlerts { get; } = [];
    public List<AlertSilence> Silences { get; } = [];
    public List<AlertRuleSetting> AlertRules { get; } = [];
    public List<AlertChannel> AlertChannels { get; } = [];
    public List<Host> Hosts { get; } = [];
    public List<ImageVersion> Images { get; } = [];
    public List<ImageImport> Imports { get; } = [];
    public MemoryStream Sent { get; } = new();
    public List<ForeignMachine> Foreign { get; } = [];
    public List<GatewayNode> Gateways { get; } = [];
    public List<User> Users { get; } = [];
    public List<Group> Groups { get; } = [];
    public List<Site> Sites { get; } = [];
    public List<EndpointGroup> Endpoints { get; } = [];
    public ConcurrentDictionary<string, List<User>> Members { get; } = new();
    public ConcurrentDictionary<string, List<Group>> EntitledGroups { get; } = new();
    public ConcurrentDictionary<(string User, string Page, string Name), SavedView> Views { get; } = new();
    public List<(string User, UserNote Note)> Notes { get; } = [];
    public List<Role> Roles { get; } = [];
    public List<RoleGrant> Grants { get; } =
        [new() { GrantId = "grant-0", UserName = "rita", DisplayName = "Rita Admin", Enabled = true, Role = "administrator", GrantedBy = "set-up", GrantedAt = DateTimeOffset.UtcNow.AddDays(-40).ToTimestamp() }];
    public List<LdapDirectory> Directories { get; } = [];
    public List<CertificateAuthority> CertificateAuthorities { get; } = [];
    public List<CertificateLink> CertificateLinks { get; } = [];

    /// <summary>What trying a directory says.</summary>
    public TestDirectoryResponse DirectoryTest { get; set; } = new() { Server = "dc1.cm-montalegre.pt:636", People = 214, Groups = 31 };
    public ConcurrentQueue<ReportCertificateRequest> ConsoleCertificates { get; } = new();
    public List<OidcProvider> Providers { get; } = [];

    /// <summary>What trying a provider says.</summary>
    public TestOidcProviderResponse ProviderTest { get; set; } = new();
    public IReadOnlyList<Emergency> Emergencies { get; set; } = [];
    public List<ApiKey> ApiKeys { get; } =
        [new() { ApiKeyId = "key-0", Name = "inventario", Role = "read_only", MadeBy = "rita", MakerDisplayName = "Rita Admin", MakerActive = true, CreatedAt = DateTimeOffset.UtcNow.AddDays(-9).ToTimestamp(), ExpiresAt = DateTimeOffset.UtcNow.AddDays(81).ToTimestamp(), LastUsedAt = DateTimeOffset.UtcNow.AddMinutes(-9).ToTimestamp(), LastUsedFrom = "10.0.4.7" }];
    public List<AuditEvent> Audit { get; } = [];

    /// <summary>Whether an export ends before its end.</summary>
    public bool ExportBreaks { get; set; }

    public AuditVerification Verification { get; set; } = new() { Batches = 120, AllBatches = 120, Entries = 4312, Done = true, Head = new('a', 64) };
    public ConcurrentDictionary<string, List<LogonPhase>> Phases { get; } = new();
    public ConcurrentDictionary<string, List<User>> Entitled { get; } = new();
    public ConcurrentDictionary<string, List<WakeAddress>> WakeAddresses { get; } = new();
    public ConcurrentQueue<string> Calls { get; } = new();
    public ConcurrentDictionary<string, string> Tokens { get; } = new();
    public bool SetUpDone { get; set; } = true;
    public Rollout? Rollout { get; set; }

    public List<Application> Applications { get; } = [];

    public Google.Protobuf.ByteString Icon { get; set; } = Google.Protobuf.ByteString.Empty;

    public List<Announcement> Announcements { get; } =
        [new() { AnnouncementId = "a1", TextPt = "Guarde o trabalho antes das 18h00", TextEn = "Save your work before 18:00", Urgent = true, ShowsFrom = Google.Protobuf.WellKnownTypes.Timestamp.FromDateTimeOffset(DateTimeOffset.UtcNow.AddHours(-1)) }];
    public List<WebLink> Links { get; } = [new() { LinkId = "l1", NamePt = "Gestão documental", NameEn = "Documents", Address = "https://documentos.example.pt/", Position = 1 }];
    public System.Collections.Concurrent.ConcurrentDictionary<string, PowerSchedule> Schedules { get; } = new();

    public SpareSuggestion? Suggestion { get; set; }

    public System.Collections.Concurrent.ConcurrentDictionary<string, Calendar> Calendars { get; } = new() { ["c1"] = new() { CalendarId = "c1", Name = "Município", National = true } };
    public TimeSpan TokenLife { get; set; } = TimeSpan.FromHours(1);

    public CancellationToken Watching { get { lock (_lock) return _watches.Token; } }

    public void BreakWatches()
    {
        lock (_lock)
        {
            _watches.Cancel();
            _watches = new();
        }
    }

    /// <summary>Why asking to assist is refused; null: it is not.</summary>
    public ReasonCode? AskRefused { get; set; }

    /// <summary>What a list of assistances waits for on its way to the page.</summary>
    public Func<Task> CasesOnTheWay { get; set; } = () => Task.CompletedTask;

    /// <summary>The gateway whose pages show assistances; empty: they are over.</summary>
    public string OpensAt { get; set; } = "";

    public AssistanceCase[] CasesOf(string session) { lock (_lock) return [.. _cases.Where(c => c.SessionId == session).Reverse()]; }

    /// <summary>Adds or changes an assistance, which is a change of its session to whoever watches.</summary>
    public void Put(AssistanceCase changed)
    {
        lock (_lock)
        {
            _cases.RemoveAll(c => c.AssistanceId == changed.AssistanceId);
            _cases.Add(changed);
        }
        if (Sessions.Find(changed.SessionId)?.Clone() is not { } session) return;
        (session.Assistance, session.AssistanceAt) = (changed.State, DateTimeOffset.UtcNow.ToTimestamp());
        Sessions.Put(session);
    }

    /// <summary>Moves the assistance on; the newest where none is named.</summary>
    public AssistanceCase Move(string? id, AssistanceState state, string reason = "")
    {
        AssistanceCase moved;
        lock (_lock) moved = (id is null ? _cases[^1] : _cases.Single(c => c.AssistanceId == id)).Clone();
        var now = DateTimeOffset.UtcNow.ToTimestamp();
        (moved.State, moved.EndReason) = (state, reason);
        if (state == AssistanceState.Watching) moved.BeganAt = now;
        if (state is AssistanceState.Ended or AssistanceState.Denied or AssistanceState.Expired) moved.EndedAt = now;
        Put(moved);
        return moved;
    }

    public TaskLine[] LinesOf(string task) { lock (_lock) return [.. _lines.GetValueOrDefault(task) ?? []]; }

    /// <summary>Writes the next line of a task, which is a change of it to whoever watches.</summary>
    public WorkTask Tell(string id, TaskEvent happened, string step = "", Reason? trouble = null, TaskState? state = null)
    {
        var task = Tasks.Find(id)!.Clone();
        lock (_lock)
        {
            if (!_lines.TryGetValue(id, out var lines)) _lines[id] = lines = [];
            lines.Add(new() { Number = (uint)lines.Count + 1, At = DateTimeOffset.UtcNow.ToTimestamp(), Event = happened, Step = step.Length > 0 ? step : task.Step, Trouble = trouble });
            (task.LastLine, task.Lines, task.Trouble) = (lines[^1], lines[^1].Number, trouble);
        }
        if (step.Length > 0) task.Step = step;
        if (state is { } now)
        {
            task.State = now;
            if (now is TaskState.Done or TaskState.Failed or TaskState.Cancelled) (task.EndedAt, task.CanCancel) = (DateTimeOffset.UtcNow.ToTimestamp(), false);
        }
        Tasks.Put(task);
        return task;
    }

    public void Dispose() => _watches.Dispose();

    /// <summary>Half a sign-in; its step is named after the person.</summary>
    public AdministratorSignInResponse Begin(string user, bool mustEnrol)
    {
        MustEnrol = mustEnrol;
        return new() { SecondStep = new() { Step = "step-" + user, MustEnrol = mustEnrol, UserName = user, ExpiresAt = DateTimeOffset.UtcNow.AddMinutes(10).ToTimestamp() } };
    }

    public StepDone Enter(string user)
    {
        var token = Guid.NewGuid().ToString("N");
        Tokens[token] = user;
        return new() { Token = token, UserId = "u-" + user, UserName = user, DisplayName = "Rita Admin", ExpiresAt = (DateTimeOffset.UtcNow + TokenLife).ToTimestamp() };
    }

    /// <summary>Whether who signs in has no second factor yet.</summary>
    public bool MustEnrol { get; set; }
    /// <summary>Whose sign-in a call carries; null when it has ended.</summary>
    public string? UserOf(ServerCallContext context) =>
        (context.RequestHeaders.GetValue("authorization") ?? "") is var header && header.StartsWith("Bearer ", StringComparison.Ordinal) ? Tokens.GetValueOrDefault(header["Bearer ".Length..]) : null;

    /// <summary>What somebody may do by all roles that were given to him, and where.</summary>
    public IReadOnlyList<HeldPermission> HeldBy(string user)
    {
        var held = Grants.Where(g => g.UserName == user).SelectMany(g => (FakeRights.BuiltIn.GetValueOrDefault(g.Role) ?? Roles.First(r => r.Name == g.Role).Permissions).Select(p => (Permission: p, g.ScopePoolId, g.ScopeGroupId, g.ScopeSiteId, g.ScopeEndpointGroupId)));
        return [.. held.GroupBy(h => h.Permission).Select(h => new HeldPermission { Permission = h.Key, Everything = h.Any(g => g.ScopePoolId.Length + g.ScopeGroupId.Length + g.ScopeSiteId.Length + g.ScopeEndpointGroupId.Length == 0), PoolIds = { h.Select(g => g.ScopePoolId).Where(p => p.Length > 0), h.SelectMany(g => Pools.All.Where(p => g.ScopeSiteId.Length > 0 && p.SiteId == g.ScopeSiteId).Select(p => p.PoolId)) }, SiteIds = { h.Select(g => g.ScopeSiteId).Where(s => s.Length > 0) }, EndpointGroupIds = { h.Select(g => g.ScopeEndpointGroupId).Where(e => e.Length > 0) }, GroupIds = { h.Select(g => g.ScopeGroupId).Where(g => g.Length > 0) } })];
    }

    public void Demand(ServerCallContext context)
    {
        var header = context.RequestHeaders.GetValue("authorization") ?? "";
        if (!header.StartsWith("Bearer ", StringComparison.Ordinal) || !Tokens.ContainsKey(header["Bearer ".Length..]))
            throw Refuse(StatusCode.Unauthenticated, ReasonCode.SignInExpired);
    }

    public static RpcException Refuse(StatusCode status, ReasonCode reason, string detail = "") =>
        new(new(status, "refused"), new Metadata { { "reason", ReasonTexts.Name(reason) }, { "reason-detail", detail } });
}

/// <summary>A list with watchers: each gets the rows as they are, then every change.</summary>
internal sealed class FakeList<T>(Func<T, string> key)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, T> _rows = new(StringComparer.Ordinal);
    private readonly List<Channel<(T[] Changed, string[] Removed)>> _watchers = [];

    public int Watchers { get { lock (_lock) return _watchers.Count; } }

    public T[] All { get { lock (_lock) return [.. _rows.Values]; } }

    public T? Find(string id) { lock (_lock) return _rows.GetValueOrDefault(id); }

    public void Put(params T[] rows)
    {
        lock (_lock)
        {
            foreach (var row in rows) _rows[key(row)] = row;
            foreach (var watcher in _watchers) watcher.Writer.TryWrite((rows, []));
        }
    }

    public void Remove(string id)
    {
        lock (_lock)
        {
            _rows.Remove(id);
            foreach (var watcher in _watchers) watcher.Writer.TryWrite(([], [id]));
        }
    }

    public async Task WatchAsync(Func<T[], Task> snapshot, Func<T[], string[], Task> changes, CancellationToken ct)
    {
        var mine = Channel.CreateUnbounded<(T[], string[])>();
        T[] now;
        lock (_lock)
        {
            now = [.. _rows.Values];
            _watchers.Add(mine);
        }
        try
        {
            await snapshot(now);
            await foreach (var (changed, removed) in mine.Reader.ReadAllAsync(ct)) await changes(changed, removed);
        }
        finally
        {
            lock (_lock) _watchers.Remove(mine);
        }
    }
}
