using Grpc.Core;
using Montalegre.Vdi.Broker.Tests.Identity;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Contracts.Identity.V1;
using Montalegre.Vdi.Rig.OpenId;

namespace Montalegre.Vdi.Broker.Tests.OpenId;

/// <summary>People sign in with a real provider, through the broker's API.</summary>
public sealed class ProviderSignInTests(OidcBroker broker) : IClassFixture<OidcBroker>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Person_comes_in_with_name_and_mapped_groups_and_is_known_by_the_subject()
    {
        var provider = await broker.SaveAsync();

        var first = await broker.EnterAsync(provider, "ana");
        Assert.Equal(("ana.silva", "Ana Silva", "/desktops"), (first.SignedIn.UserName, first.SignedIn.DisplayName, first.Back));
        Assert.Equal(["Urbanismo"], await broker.GroupsOfAsync("ana.silva"));
        Assert.Empty((await broker.Portal.ListDesktopsAsync(new(), TestApi.With(first.SignedIn.Token))).Desktops);

        // The claim that names the account says something else now: it is the same person still, with the same account.
        var renamed = broker.Settings();
        (renamed.NameClaim, renamed.DisplayNameClaim) = ("sub", "preferred_username");
        renamed.Groups.RemoveAt(0);
        var again = await broker.EnterAsync(await broker.SaveAsync(renamed), "ana");
        Assert.Equal((first.SignedIn.UserId, "ana.silva", "Ana.Silva@camara.pt"), (again.SignedIn.UserId, again.SignedIn.UserName, again.SignedIn.DisplayName));
        Assert.Empty(await broker.GroupsOfAsync("ana.silva"));
        Assert.Equal(1, await broker.ScalarAsync<int>("select count(*)::int from app_user where oidc_subject = 'ana'"));
        Assert.True((await broker.Providers.ListAsync(new(), broker.Administrator)).Providers.Single(p => p.ProviderId == provider.ProviderId).People >= 1);
        Assert.Equal("IN_DIRECTORY", await OidcBroker.RefusedAsync(async () => await new Users.UsersClient(broker.Broker.Api()).SetPasswordAsync(new() { UserName = "ana.silva", Password = TestApi.Password }, broker.Administrator)));
    }

    [Fact]
    public async Task What_a_browser_brings_back_is_good_once_and_only_from_that_browser()
    {
        var provider = await broker.SaveAsync();
        using var browser = new ProviderBrowser(broker.Provider);
        var begun = await broker.BeginAsync(provider);
        var other = await broker.BeginAsync(provider);
        var back = await browser.GoAsync(begun.Address, "rui");

        Assert.Equal("STEP_EXPIRED", await OidcBroker.RefusedAsync(() => broker.FinishAsync(back, other.Browser)));
        Assert.Equal("STEP_EXPIRED", await OidcBroker.RefusedAsync(() => broker.FinishAsync(back, "")));
        Assert.Equal("rui", (await broker.FinishAsync(back, begun.Browser)).SignedIn.UserName);
        Assert.Equal("STEP_EXPIRED", await OidcBroker.RefusedAsync(() => broker.FinishAsync(back, begun.Browser)));

        // A second window of the same browser does not undo the first.
        var (one, two) = (await broker.BeginAsync(provider, browser: begun.Browser), await broker.BeginAsync(provider, browser: begun.Browser));
        Assert.Equal((begun.Browser, begun.Browser), (one.Browser, two.Browser));
        Assert.NotNull((await broker.FinishAsync(await browser.GoAsync(two.Address, "rui"), two.Browser)).SignedIn);
        Assert.NotNull((await broker.FinishAsync(await browser.GoAsync(one.Address, "rui"), one.Browser)).SignedIn);
    }

    [Fact]
    public async Task Code_of_another_sign_in_and_another_providers_answer_are_refused()
    {
        var provider = await broker.SaveAsync();
        using var browser = new ProviderBrowser(broker.Provider);
        var (mine, stolen) = (await broker.BeginAsync(provider), await broker.BeginAsync(provider));
        var back = new Dictionary<string, string>(await browser.GoAsync(mine.Address, "rui")) { ["code"] = (await browser.GoAsync(stolen.Address, "rui"))["code"] };
        Assert.Equal("PROVIDER_REFUSED", await OidcBroker.RefusedAsync(() => broker.FinishAsync(back, mine.Browser)));   // PKCE: the code is another verifier's

        var third = await broker.BeginAsync(provider);
        var mixed = new Dictionary<string, string>(await browser.GoAsync(third.Address, "rui")) { ["iss"] = "https://elsewhere.test" };
        Assert.Equal("PROVIDER_REFUSED", await OidcBroker.RefusedAsync(() => broker.FinishAsync(mixed, third.Browser)));

        var refused = await broker.BeginAsync(provider);
        var state = refused.Address.Split("state=")[1].Split('&')[0];
        Assert.Equal("PROVIDER_REFUSED", await OidcBroker.RefusedAsync(() => broker.FinishAsync(new Dictionary<string, string> { ["state"] = state, ["error"] = "access_denied" }, refused.Browser)));
        Assert.True(await broker.ScalarAsync<int>("select count(*)::int from audit_event where action = 'sign_in.failed' and outcome = 'PROVIDER_REFUSED'") >= 3);
    }

    [Fact]
    public async Task Nobody_becomes_somebody_else_and_who_may_not_come_in_is_told_why()
    {
        var provider = await broker.SaveAsync();
        await broker.LocalAsync("local.user");

        Assert.Equal("NOT_KNOWN_HERE", await OidcBroker.RefusedAsync(() => broker.EnterAsync(provider, "local.user")));
        Assert.Equal("NOT_KNOWN_HERE", await OidcBroker.RefusedAsync(() => broker.EnterAsync(provider, "root.admin", console: true)));
        Assert.Equal("NOT_KNOWN_HERE", await OidcBroker.RefusedAsync(() => broker.EnterAsync(provider, "odd")));
        Assert.Equal("NOT_KNOWN_HERE", await OidcBroker.RefusedAsync(() => broker.EnterAsync(provider, "root")));
        Assert.Equal("CLAIM_MISSING", await OidcBroker.RefusedAsync(() => broker.EnterAsync(provider, "nameless")));

        var mapped = broker.Settings();
        mapped.OnlyMapped = true;
        await broker.SaveAsync(mapped);
        Assert.Equal("NOT_KNOWN_HERE", await OidcBroker.RefusedAsync(() => broker.EnterAsync(provider, "someone")));
        Assert.NotNull((await broker.EnterAsync(provider, "ana")).SignedIn);

        await broker.SaveAsync();
        Assert.NotNull((await broker.EnterAsync(provider, "leaver")).SignedIn);
        await new Users.UsersClient(broker.Broker.Api()).SetEnabledAsync(new() { UserName = "leaver", Enabled = false }, broker.Administrator);
        Assert.Equal("ACCOUNT_DISABLED", await OidcBroker.RefusedAsync(() => broker.EnterAsync(provider, "leaver")));
    }

    [Fact]
    public async Task Administrator_gives_a_second_factor_unless_the_provider_is_trusted_to_have_asked_for_one()
    {
        var provider = await broker.SaveAsync();
        Assert.Equal("NOT_ALLOWED", await OidcBroker.RefusedAsync(() => broker.EnterAsync(provider, "sure", console: true)));
        await broker.EnterAsync(provider, "sure");
        await new Roles.RolesClient(broker.Broker.Api()).GrantAsync(new() { UserName = "sure", Role = "administrator" }, broker.Administrator);

        // amr says mfa, but nobody said that this is to be believed.
        var half = await broker.EnterAsync(provider, "sure", console: true);
        Assert.Equal((FinishProviderSignInResponse.OutcomeOneofCase.SecondStep, true), (half.OutcomeCase, half.SecondStep?.MustEnrol));
        Assert.Equal(FinishProviderSignInResponse.OutcomeOneofCase.SecondStep, (await broker.EnterAsync(provider, "sure")).OutcomeCase);

        var trusting = broker.Settings();
        trusting.SecondFactorValues.Add("mfa");
        await broker.SaveAsync(trusting);
        var whole = await broker.EnterAsync(provider, "sure", console: true);
        Assert.NotEmpty((await broker.Providers.ListAsync(new(), TestApi.With(whole.SignedIn.Token))).Providers);
        Assert.Equal(1, await broker.ScalarAsync<int>("select count(*)::int from sign_in where user_id = @user and audience = 'administrator' and second_factor", new { user = Guid.Parse(whole.SignedIn.UserId) }));
    }

    [Fact]
    public async Task Class_of_sign_in_is_asked_for_and_believed_where_an_administrator_named_it()
    {
        var provider = await broker.SaveAsync();
        await broker.EnterAsync(provider, "card");
        await new Roles.RolesClient(broker.Broker.Api()).GrantAsync(new() { UserName = "card", Role = "administrator" }, broker.Administrator);
        Assert.DoesNotContain("acr_values", (await broker.BeginAsync(provider, console: true)).Address, StringComparison.Ordinal);
        Assert.Equal(FinishProviderSignInResponse.OutcomeOneofCase.SecondStep, (await broker.EnterAsync(provider, "card", console: true)).OutcomeCase);

        var trusting = broker.Settings();
        trusting.SecondFactorValues.Add(["urn:montalegre:other", "urn:montalegre:card"]);
        provider = await broker.SaveAsync(trusting);
        Assert.Contains("acr_values=urn%3Amontalegre%3Aother%20urn%3Amontalegre%3Acard", (await broker.BeginAsync(provider, console: true)).Address, StringComparison.Ordinal);
        var whole = await broker.EnterAsync(provider, "card", console: true);
        Assert.NotEmpty((await broker.Providers.ListAsync(new(), TestApi.With(whole.SignedIn.Token))).Providers);

        // The portal does not ask for it, and the provider does not say it: the person gives the factor here.
        Assert.Equal(FinishProviderSignInResponse.OutcomeOneofCase.SecondStep, (await broker.EnterAsync(provider, "card")).OutcomeCase);

        // Another class than the one the provider reaches is not enough.
        trusting.SecondFactorValues.Remove("urn:montalegre:card");
        Assert.Equal(FinishProviderSignInResponse.OutcomeOneofCase.SecondStep, (await broker.EnterAsync(await broker.SaveAsync(trusting), "card", console: true)).OutcomeCase);
        await broker.SaveAsync();
    }

    [Fact]
    public async Task What_a_provider_says_about_itself_is_named_and_so_is_what_fails()
    {
        var said = await broker.Providers.TestAsync(new() { Provider = broker.Settings() }, broker.Administrator);
        Assert.Equal(("", OidcStep.Unspecified, $"{broker.Provider.Issuer}/.well-known/openid-configuration"), (said.Problem, said.FailedStep, said.Document));
        Assert.All([said.AuthorizationEndpoint, said.TokenEndpoint, said.UserinfoEndpoint], address => Assert.StartsWith(broker.Provider.Issuer, address, StringComparison.Ordinal));
        Assert.Equal((int)said.Keys, said.KeyNames.Count);
        Assert.True(said.SignsOut && said.TellsSignOuts && said.Keys > 0);

        async Task<OidcStep> FailedAsync(Action<OidcProvider> change)
        {
            var settings = broker.Settings();
            change(settings);
            var failed = await broker.Providers.TestAsync(new() { Provider = settings }, broker.Administrator);
            Assert.NotEmpty(failed.Problem);
            return failed.FailedStep;
        }
        Assert.Equal(OidcStep.Certificate, await FailedAsync(p => p.Authorities = ""));
        Assert.Equal(OidcStep.Connect, await FailedAsync(p => p.Issuer = "https://localhost:1"));
        Assert.Equal(OidcStep.Document, await FailedAsync(p => p.Issuer += "/elsewhere"));
        Assert.Equal(OidcStep.Issuer, await FailedAsync(p => p.Issuer += "/"));
        Assert.Equal(OidcStep.Scopes, await FailedAsync(p => p.Scopes.Add("unheard-of")));
    }

    [Fact]
    public async Task Who_has_to_show_again_that_it_is_him_is_asked_by_the_provider()
    {
        var provider = await broker.SaveAsync();
        using var browser = new ProviderBrowser(broker.Provider);
        await broker.EnterAsync(provider, "rui", with: browser);

        var begun = await broker.BeginAsync(provider, fresh: true);
        Assert.Contains("prompt=login", begun.Address, StringComparison.Ordinal);
        // Somebody else signs in there now: the provider did ask.
        Assert.Equal("berta", (await broker.FinishAsync(await browser.GoAsync(begun.Address, "berta"), begun.Browser)).SignedIn.UserName);
    }

    [Fact]
    public async Task Provider_that_is_away_is_named_and_answers_again_later()
    {
        await using var away = await OpenIdProvider.StartAsync([new(OidcBroker.Face)]);
        var settings = broker.Settings();
        (settings.Name, settings.Issuer, settings.Authorities) = ("Away", away.Issuer, away.Authority);
        var provider = await broker.SaveAsync(settings);
        using var browser = new ProviderBrowser(away);
        var begun = await broker.BeginAsync(provider);
        var back = await browser.GoAsync(begun.Address, "rui");
        await away.StopAsync();

        Assert.Equal("PROVIDER_UNREACHABLE", await OidcBroker.RefusedAsync(() => broker.FinishAsync(back, begun.Browser)));
        Assert.NotEqual("", (await broker.Providers.TestAsync(new() { Provider = settings }, broker.Administrator)).Problem);

        await away.RunAsync();
        Assert.Equal("", (await broker.Providers.TestAsync(new() { Provider = settings }, broker.Administrator)).Problem);
        await broker.Providers.RemoveAsync(new() { ProviderId = provider.ProviderId }, broker.Administrator);
    }

    [Fact]
    public async Task Secret_stays_with_the_provider_it_was_entered_for_and_is_nowhere_plain()
    {
        var provider = await broker.SaveAsync();
        provider.DisplayNameClaim = "name";
        await broker.Providers.SaveAsync(new() { Provider = provider }, broker.Administrator);
        await broker.EnterAsync(provider, "rui");

        provider.ClientId = "another";
        Assert.Equal("INVALID_FIELD", await OidcBroker.RefusedAsync(async () => await broker.Providers.SaveAsync(new() { Provider = provider }, broker.Administrator)));
        Assert.Equal(0, await broker.ScalarAsync<int>("select count(*)::int from oidc_provider where position(convert_to(@secret, 'UTF8') in client_secret) > 0", new { secret = OpenIdProvider.Secret }));
        Assert.Equal(0, await broker.ScalarAsync<int>("select count(*)::int from oidc_session where position(convert_to('eyJ', 'UTF8') in id_token) > 0"));
    }

    [Theory]
    [InlineData("http://portal.camara.test/sign-in/back")]
    [InlineData("https://portal.camara.test/elsewhere")]
    [InlineData("https://me@portal.camara.test/sign-in/back")]
    [InlineData("https://portal.camara.test/sign-in/back?next=1")]
    [InlineData("")]
    public async Task Way_back_is_a_page_of_ours(string address)
    {
        var provider = await broker.SaveAsync();
        Assert.Equal("INVALID_FIELD", await OidcBroker.RefusedAsync(async () => await broker.SignIn.BeginAsync(new() { ProviderId = provider.ProviderId, RedirectUri = address }, cancellationToken: Ct)));
    }

    [Fact]
    public async Task Who_goes_with_a_removed_provider_is_disabled_and_signed_out()
    {
        await using var second = await OpenIdProvider.StartAsync([new(OidcBroker.Face)]);
        var settings = broker.Settings();
        (settings.Name, settings.Issuer, settings.Authorities) = ("Second", second.Issuer, second.Authority);
        var provider = await broker.SaveAsync(settings);
        using var browser = new ProviderBrowser(second);
        var entered = await broker.EnterAsync(provider, "guest.user", with: browser);

        await broker.Providers.RemoveAsync(new() { ProviderId = provider.ProviderId }, broker.Administrator);

        Assert.False(await broker.ScalarAsync<bool>("select enabled from app_user where user_name = 'guest.user'"));
        Assert.Equal(0, await broker.ScalarAsync<int>("select count(*)::int from sign_in where user_id = @user", new { user = Guid.Parse(entered.SignedIn.UserId) }));
        Assert.DoesNotContain((await broker.SignIn.ListAsync(new(), cancellationToken: Ct)).Providers, p => p.Name == "Second");
    }

    [Fact]
    public async Task People_of_a_removed_provider_come_back_when_the_same_issuer_names_them_again()
    {
        await using var second = await OpenIdProvider.StartAsync([new(OidcBroker.Face), new(OidcBroker.Face, "another")]);
        var users = new Users.UsersClient(broker.Broker.Api());
        var settings = broker.Settings();
        (settings.Name, settings.Issuer, settings.Authorities) = ("Third", second.Issuer, second.Authority);
        var provider = await broker.SaveAsync(settings);
        Task<FinishProviderSignInResponse> EnterAsync(string name) => broker.EnterAsync(provider, name, with: new ProviderBrowser(second));
        var before = await EnterAsync("back.again");
        foreach (var name in new[] { "kept.out", "kept.out.later", "own.password" }) await EnterAsync(name);
        await users.SetEnabledAsync(new() { UserName = "kept.out" }, broker.Administrator);
        await broker.Providers.RemoveAsync(new() { ProviderId = provider.ProviderId }, broker.Administrator);
        // Decided after the removal: that one stays out, and this one is ours now.
        await users.SetEnabledAsync(new() { UserName = "kept.out.later" }, broker.Administrator);
        await users.SetPasswordAsync(new() { UserName = "own.password", Password = TestApi.Password }, broker.Administrator);

        // By another client of the same issuer.
        (settings.ProviderId, settings.ClientId) = ("", "another");
        provider = await broker.Providers.SaveAsync(new() { Provider = settings, ClientSecret = OpenIdProvider.Secret }, broker.Administrator);
        var ended = await Task.WhenAll(EnterAsync("back.again"), EnterAsync("back.again"));
        Assert.All(ended, after => Assert.Equal(before.SignedIn.UserId, after.SignedIn.UserId));
        Assert.Equal("ACCOUNT_DISABLED", await OidcBroker.RefusedAsync(() => EnterAsync("kept.out")));
        Assert.Equal("ACCOUNT_DISABLED", await OidcBroker.RefusedAsync(() => EnterAsync("kept.out.later")));
        Assert.Equal("NOT_KNOWN_HERE", await OidcBroker.RefusedAsync(() => EnterAsync("own.password")));
        Assert.Equal(1, await broker.ScalarAsync<int>("select count(*)::int from audit_event where action = 'user.return' and object_id = @id", new { id = Guid.Parse(before.SignedIn.UserId) }));

        // Another issuer's subject of that name is somebody else.
        Assert.Equal("NOT_KNOWN_HERE", await OidcBroker.RefusedAsync(async () => await broker.EnterAsync(await broker.SaveAsync(), "back.again")));
        await broker.Providers.RemoveAsync(new() { ProviderId = provider.ProviderId }, broker.Administrator);
    }

    [Fact]
    public async Task Watch_that_has_nothing_to_say_ends_with_its_sign_in()
    {
        var own = TestApi.With(await TestFactor.AdministratorAsync(broker.Services, "root.admin", TestApi.Password));
        using var watch = new Contracts.Admin.V1.Pools.PoolsClient(broker.Broker.Api()).Watch(new(), own);
        Assert.True(await watch.ResponseStream.MoveNext(Ct));

        await broker.Console.SignOutAsync(new(), own);

        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        patience.CancelAfter(TimeSpan.FromSeconds(60));
        await Assert.ThrowsAsync<RpcException>(async () => { while (await watch.ResponseStream.MoveNext(patience.Token)) { } });
        Assert.False(patience.IsCancellationRequested, "the watch outlived its sign-in");
    }
}
