using Dapper;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using Montalegre.Vdi.Broker.Administration;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Broker.Tests.Identity;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Contracts.Gateway.V1;
using Montalegre.Vdi.Contracts.Identity.V1;
using Montalegre.Vdi.Domain;
using Montalegre.Vdi.Rig.OpenId;

namespace Montalegre.Vdi.Broker.Tests.OpenId;

/// <summary>A whole broker, a real provider, and an administrator who sets one up with the other over the API.</summary>
public sealed class OidcBroker(TestCluster cluster) : IAsyncLifetime
{
    /// <summary>Where portal and console would be; no browser of these tests goes there.</summary>
    public const string Face = "https://portal.camara.test";

    private readonly TestBroker _broker = new(cluster) { Leads = false };

    /// <summary>Faces that a browser does go to.</summary>
    internal IReadOnlyList<OpenIdClient> Faces { get; init; } = [new(Face)];

    /// <summary>Further settings of the broker.</summary>
    internal IReadOnlyList<string> More { get; init; } = [];

    /// <summary>Authority of the faces' certificates.</summary>
    internal string Trusted { get; init; } = "";

    internal TestBroker Broker => _broker;

    internal OpenIdProvider Provider { get; private set; } = null!;

    internal OidcProviders.OidcProvidersClient Providers { get; private set; } = null!;

    internal ProviderSignIn.ProviderSignInClient SignIn { get; private set; } = null!;

    internal SecondStep.SecondStepClient Steps { get; private set; } = null!;

    internal Contracts.Admin.V1.Groups.GroupsClient Groups { get; private set; } = null!;

    internal Employee.EmployeeClient Portal { get; private set; } = null!;

    internal Administrators.AdministratorsClient Console { get; private set; } = null!;

    internal CallOptions Administrator { get; private set; }

    internal IServiceProvider Services => _broker.Services;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        Provider = await OpenIdProvider.StartAsync(Faces, claimsInIdToken: Trusted.Length > 0, trusted: Trusted, people: new Dictionary<string, object>
        {
            ["ana"] = new { preferred_username = "Ana.Silva@camara.pt", name = "Ana Silva", groups = new[] { "7c4-urbanismo", "nobody maps this" } },
            ["nameless"] = new { preferred_username = (string?)null },
            ["odd"] = new { preferred_username = "odd name!" },
            ["root"] = new { preferred_username = "root" },
            ["sure"] = new { amr = new[] { "pwd", "mfa" } },
            ["desk"] = new { amr = new[] { "pwd", "mfa" } },
            ["card"] = new { acr = "urn:montalegre:card" },
        });
        await _broker.StartAsync(["--OpenId:Patience=00:02:00", .. More]);
        var api = _broker.Api();
        (Providers, SignIn, Steps, Groups, Portal, Console) = (new(api), new(api), new(api), new(api), new(api), new(api));
        await LocalAsync("root.admin", administrator: true);
        Administrator = TestApi.With(await TestFactor.AdministratorAsync(Services, "root.admin", TestApi.Password));
    }

    public async ValueTask DisposeAsync()
    {
        await _broker.DisposeAsync();
        if (Provider is not null) await Provider.DisposeAsync();
    }

    /// <summary>The provider as it is usually set up.</summary>
    internal OidcProvider Settings() => new()
    {
        Name = "Autenticação da Câmara", Issuer = Provider.Issuer, ClientId = "montalegre", Authorities = Provider.Authority, Scopes = { "profile", "groups" },
        Groups = { new OidcGroup { Value = "7c4-urbanismo", Name = "Urbanismo" }, new OidcGroup { Value = "7c4-obras", Name = "Obras" } },
    };

    /// <summary>Saves it over what an earlier test saved.</summary>
    internal async Task<OidcProvider> SaveAsync(OidcProvider? settings = null)
    {
        settings ??= Settings();
        settings.ProviderId = (await Providers.ListAsync(new(), Administrator)).Providers.FirstOrDefault(p => p.Issuer == settings.Issuer)?.ProviderId ?? "";
        return await Providers.SaveAsync(new() { Provider = settings, ClientSecret = OpenIdProvider.Secret }, Administrator);
    }

    /// <summary>Begins for a browser that was not here before.</summary>
    internal async Task<BeginProviderSignInResponse> BeginAsync(OidcProvider provider, bool console = false, string browser = "", bool fresh = false) =>
        await SignIn.BeginAsync(new() { ProviderId = provider.ProviderId, Console = console, RedirectUri = $"{Face}/sign-in/back", Back = "/desktops", Browser = browser, Fresh = fresh, ClientAddress = "192.0.2.7" }, cancellationToken: Ct);

    internal Task<FinishProviderSignInResponse> FinishAsync(IReadOnlyDictionary<string, string> back, string browser) => SignIn.FinishAsync(new()
    {
        State = back.GetValueOrDefault("state", ""), Code = back.GetValueOrDefault("code", ""), Error = back.GetValueOrDefault("error", ""), Issuer = back.GetValueOrDefault("iss", ""),
        Browser = browser, ClientAddress = "192.0.2.7", ClientName = "Firefox",
    }, cancellationToken: Ct).ResponseAsync;

    /// <summary>The whole way.</summary>
    internal async Task<FinishProviderSignInResponse> EnterAsync(OidcProvider provider, string name, bool console = false, ProviderBrowser? with = null)
    {
        using var own = new ProviderBrowser(Provider);
        var begun = await BeginAsync(provider, console);
        return await FinishAsync(await (with ?? own).GoAsync(begun.Address, name), begun.Browser);
    }

    /// <summary>A user of the store's own.</summary>
    internal async Task LocalAsync(string name, bool administrator = false)
    {
        var hash = await Services.GetRequiredService<Passwords>().HashAsync(TestApi.Password);
        await Services.GetRequiredService<UserStore>().CreateAsync(new Person(new UserId(Guid.CreateVersion7()), name, name, true, administrator), hash!, TestApi.By);
    }

    internal async Task<IReadOnlyList<string>> GroupsOfAsync(string userName) =>
        [.. (await Groups.ListAsync(new() { UserName = userName }, Administrator)).Groups.Select(group => group.Name)];

    internal async Task<T> ScalarAsync<T>(string sql, object? values = null)
    {
        await using var connection = await _broker.Database.DataSource.OpenConnectionAsync(Ct);
        return (await connection.ExecuteScalarAsync<T>(sql, values))!;
    }

    /// <summary>Why a call was refused.</summary>
    internal static async Task<string> RefusedAsync(Func<Task> call) => (await Assert.ThrowsAsync<RpcException>(call)).Trailers.GetValue("reason") ?? "";
}
