using System.Globalization;
using System.Security.Claims;
using Grpc.Core;
using Grpc.Core.Interceptors;
using Montalegre.Vdi.AdminUi.Hosting;
using Montalegre.Vdi.AdminUi.SignIn;
using Montalegre.Vdi.Contracts.Admin.V1;

namespace Montalegre.Vdi.AdminUi.Live;

/// <summary>The broker as one signed-in administrator may use it: one for each circuit, gone with it.</summary>
internal sealed class Broker(BrokerChannel channel, LiveFeeds feeds) : IDisposable
{
    private LiveFeed? _feed;
    private bool _ended;
    private CallInvoker? _calls;
    private volatile HeldRights? _rights;

    /// <summary>A call was refused for want of a permission.</summary>
    public event Action Refused = () => { };

    public bool Begun => _calls is not null;
    public string Token { get; private set; } = "";
    public string UserName { get; private set; } = "";
    public string DisplayName { get; private set; } = "";
    public DateTimeOffset ExpiresAt { get; private set; }

    public Administrators.AdministratorsClient Administrators => new(Calls);
    public Pools.PoolsClient Pools => new(Calls);
    public Machines.MachinesClient Machines => new(Calls);
    public Sessions.SessionsClient Sessions => new(Calls);
    public Infrastructure.InfrastructureClient Infrastructure => new(Calls);
    public Contracts.Admin.V1.Images.ImagesClient Images => new(Calls);
    public Users.UsersClient Users => new(Calls);
    public Groups.GroupsClient Groups => new(Calls);
    public Sites.SitesClient Sites => new(Calls);
    public EndpointGroups.EndpointGroupsClient EndpointGroups => new(Calls);
    public Directories.DirectoriesClient Directories => new(Calls);
    public CertificateAuthorities.CertificateAuthoritiesClient CertificateAuthorities => new(Calls);
    public OidcProviders.OidcProvidersClient Providers => new(Calls);
    public Reports.ReportsClient Reports => new(Calls);
    public Roles.RolesClient Roles => new(Calls);
    public Contracts.Identity.V1.Factors.FactorsClient Factors => new(Calls);
    public ApiKeys.ApiKeysClient ApiKeys => new(Calls);
    public BreakGlass.BreakGlassClient BreakGlass => new(Calls);
    public SavedViews.SavedViewsClient SavedViews => new(Calls);
    public UserNotes.UserNotesClient UserNotes => new(Calls);
    public Audit.AuditClient Audit => new(Calls);
    public Assistances.AssistancesClient Assistances => new(Calls);
    public Power.PowerClient Power => new(Calls);
    public Rollouts.RolloutsClient Rollouts => new(Calls);
    public Applications.ApplicationsClient Applications => new(Calls);
    public PortalContent.PortalContentClient PortalContent => new(Calls);
    public Contracts.Admin.V1.Alerts.AlertsClient Alerts => new(Calls);
    public Contracts.Admin.V1.Settings.SettingsClient Settings => new(Calls);
    public Launches.LaunchesClient Launches => new(Calls);
    public Contracts.Admin.V1.Tasks.TasksClient Tasks => new(Calls);

    /// <summary>The live lists; the first use in a circuit starts them or joins those of the same sign-in.</summary>
    public LiveFeed Live
    {
        get
        {
            // A page may still draw while its circuit goes; joining then would start watches that nobody ever leaves.
            if (_feed is null) ObjectDisposedException.ThrowIf(_ended, this);
            return _feed ??= feeds.Join(Token, Calls);
        }
    }

    public void Begin(ClaimsPrincipal user)
    {
        if (Begun || user.FindFirstValue(ConsoleCookies.TokenClaim) is not { } token) return;
        Token = token;
        UserName = user.Identity?.Name ?? "";
        DisplayName = user.FindFirstValue(ConsoleCookies.DisplayNameClaim) is { Length: > 0 } shown ? shown : UserName;
        ExpiresAt = DateTimeOffset.TryParse(user.FindFirstValue(ConsoleCookies.ExpiresClaim), CultureInfo.InvariantCulture, out var at) ? at : DateTimeOffset.MaxValue;
        _calls = channel.Channel.Intercept(metadata =>
        {
            metadata.Add("authorization", "Bearer " + token);
            return metadata;
        }).Intercept(new RefusalWatch(() => Refused()));
    }

    /// <summary>Whether the caller holds the permission for that pool; without one, on everything. True as long as the broker has not said.</summary>
    public bool May(string permission, string pool = "") => _rights?.May(permission, pool) ?? true;

    public bool MayOverPeople(string permission) => _rights?.MayOverPeople(permission) ?? true;

    /// <summary>May act on something of that pool that a person uses; the broker decides again whose it is.</summary>
    public bool MayOn(string permission, string pool) => May(permission, pool) || MayOverPeople(permission);

    public bool MayOverGroup(string permission, string group) => _rights?.MayOverGroup(permission, group) ?? true;

    public bool MayAtSite(string permission, string site) => _rights?.MayAtSite(permission, site) ?? true;

    /// <summary>On everything, or at some site: what is made there, or is there, is enough.</summary>
    public bool MayAtSomeSite(string permission) => May(permission) || _rights!.AtSomeSite(permission);

    public bool MaySomewhere(string permission) => _rights?.MaySomewhere(permission) ?? true;

    /// <summary>Asks what the caller may do; true when that is not what was known. A broker that cannot answer changes nothing.</summary>
    public async Task<bool> LearnRightsAsync()
    {
        try
        {
            var now = new HeldRights(await Roles.MineAsync(new()));
            var changed = _rights is not { } before || !now.Same(before);
            _rights = now;
            return changed;
        }
        catch (RpcException)
        {
            return false;
        }
    }

    private CallInvoker Calls => _calls ?? throw new InvalidOperationException("The broker was used before the sign-in of the circuit was read.");

    public void Dispose()
    {
        if (_ended) return;
        _ended = true;
        if (_feed is not null) feeds.Leave(_feed);
    }
}
