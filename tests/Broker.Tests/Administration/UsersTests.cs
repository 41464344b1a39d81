using Grpc.Core;
using Montalegre.Vdi.Broker.Administration;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Broker.Tests.Identity;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Domain;
using Audience = Montalegre.Vdi.Broker.Identity.Audience;

namespace Montalegre.Vdi.Broker.Tests.Administration;

// Who is the last administrator depends on every row, so each test has a database of its own.
public sealed class UsersTests(TestCluster cluster) : IAsyncLifetime
{
    private readonly TestDatabase _database = new(cluster);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => _database.InitializeAsync();

    public ValueTask DisposeAsync() => _database.DisposeAsync();

    [Fact]
    public async Task Administrator_makes_a_user_who_signs_in_with_the_new_password_only()
    {
        await using var api = await TestApi.StartAsync(_database);
        await api.UserAsync("rosa", administrator: true);
        var with = TestApi.With(await api.TokenAsync("rosa", Audience.Administrator));
        var users = new Users.UsersClient(api.Calls);

        var created = await users.CreateAsync(new() { UserName = "Rui.Costa", Password = TestApi.Password }, with);
        var old = await api.TokenAsync("rui.costa", Audience.Employee);
        await users.SetPasswordAsync(new() { UserName = "rui.costa", Password = "cinco gatos amarelos" }, with);

        Assert.Equal(("rui.costa", "rui.costa", true, false), (created.UserName, created.DisplayName, created.Enabled, created.Administrator));
        Assert.Equal(2, (await users.ListAsync(new(), with)).Users.Count);
        Assert.Null(await api.Get<CallerDirectory>().FindAsync(old, Ct));
        var signIn = api.Get<SignInUser>();
        Assert.IsType<SignInOutcome.Refused>(await signIn.RunAsync("rui.costa", TestApi.Password, Audience.Employee, "", "", Ct));
        Assert.IsType<SignInOutcome.SignedIn>(await signIn.RunAsync("rui.costa", "cinco gatos amarelos", Audience.Employee, "", "", Ct));
        var audit = await new Audit.AuditClient(api.Calls).ListAsync(new() { ObjectId = created.UserId }, with);
        Assert.Equal(["sign_in.ok", "sign_in.failed", "user.set_password", "sign_in.ok", "user.create"], audit.Events.Select(e => e.Action));
        Assert.Equal(("rosa", "192.0.2.1"), (audit.Events[^1].Actor, audit.Events[^1].SourceAddress));
    }

    [Theory]
    [InlineData("root", TestApi.Password, "INVALID_FIELD", "user_name")]
    [InlineData("1abc", TestApi.Password, "INVALID_FIELD", "user_name")]
    [InlineData("a b", TestApi.Password, "INVALID_FIELD", "user_name")]
    [InlineData("abc\n", "tiny one", "PASSWORD_TOO_WEAK", "too_short")]
    [InlineData("abcdef", "Password1234", "PASSWORD_TOO_WEAK", "common")]
    [InlineData("abcdef", "aaaaaaaaaaaaaa", "PASSWORD_TOO_WEAK", "common")]
    [InlineData("abcdef", "my name is Abcdef", "PASSWORD_TOO_WEAK", "user_name")]
    [InlineData("rosa", TestApi.Password, "NAME_TAKEN", "rosa")]
    public async Task Bad_user_is_refused_with_the_field_that_is_wrong(string userName, string password, string reason, string detail)
    {
        await using var api = await TestApi.StartAsync(_database);
        await api.UserAsync("rosa", administrator: true);
        var with = TestApi.With(await api.TokenAsync("rosa", Audience.Administrator));

        var refused = await Assert.ThrowsAsync<RpcException>(async () => await new Users.UsersClient(api.Calls).CreateAsync(new() { UserName = userName, Password = password }, with));

        Assert.Equal((reason, detail), (refused.Trailers.GetValue("reason"), refused.Trailers.GetValue("reason-detail")));
        Assert.DoesNotContain(password, refused.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Last_enabled_administrator_stays_enabled_even_when_two_disable_each_other_at_once()
    {
        await using var api = await TestApi.StartAsync(_database);
        var setEnabled = api.Get<SetUserEnabled>();
        await api.UserAsync("rosa", administrator: true);
        await api.UserAsync("rui", administrator: true);
        await api.UserAsync("employee");

        for (var round = 0; round < 20; round++)
        {
            var both = await Task.WhenAll(setEnabled.RunAsync("rosa", false, TestApi.By, Ct), setEnabled.RunAsync("rui", false, TestApi.By, Ct));
            Assert.Single(both, o => o is UserOutcome.Done);
            Assert.Single(both, o => o is UserOutcome.Refused { Reason: RefusalReason.LastAdministrator });
            Assert.Single(await api.Get<ListUsers>().RunAsync(PoolScope.Everything, Ct), u => u.Administrator && u.Enabled);
            await setEnabled.RunAsync("rosa", true, TestApi.By, Ct);
            await setEnabled.RunAsync("rui", true, TestApi.By, Ct);
        }
        Assert.IsType<UserOutcome.Done>(await setEnabled.RunAsync("employee", false, TestApi.By, Ct));
        Assert.Equal(new UserOutcome.Refused(RefusalReason.NotFound, "user_name"), await setEnabled.RunAsync("nobody", false, TestApi.By, Ct));
    }

    [Fact]
    public async Task Audit_is_read_newest_first_page_by_page()
    {
        await using var api = await TestApi.StartAsync(_database);
        var store = api.Get<AuditStore>();
        for (var n = 0; n < 7; n++) await store.AppendAsync(new AuditEntry("broker", $"test.{n}", "test"));

        var first = await store.ListAsync(0, 4, AuditAbout.Everything, PoolScope.Everything, Ct);
        var second = await store.ListAsync(first[^1].AuditId, 4, AuditAbout.Everything, PoolScope.Everything, Ct);

        Assert.Equal(["test.6", "test.5", "test.4", "test.3"], first.Select(e => e.Action));
        Assert.Equal(["test.2", "test.1", "test.0"], second.Select(e => e.Action));
    }
}
