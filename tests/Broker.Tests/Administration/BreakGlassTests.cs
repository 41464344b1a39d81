using Dapper;
using Grpc.Core;
using Montalegre.Vdi.Broker.Administration;
using Montalegre.Vdi.Broker.Backups;
using Montalegre.Vdi.Broker.Hosting;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Broker.Tests.Identity;
using Montalegre.Vdi.Contracts.Admin.V1;
using Audience = Montalegre.Vdi.Broker.Identity.Audience;
using static Montalegre.Vdi.Broker.Tests.Identity.TestCalls;

namespace Montalegre.Vdi.Broker.Tests.Administration;

// Which emergencies are open is of the whole installation, so each test has a database of its own.
public sealed class BreakGlassTests(TestCluster cluster) : IAsyncLifetime
{
    private readonly TestDatabase _database = new(cluster);
    private TestApi _api = null!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private BreakGlass.BreakGlassClient Glass => new(_api.Calls);

    public async ValueTask InitializeAsync()
    {
        await _database.InitializeAsync();
        _api = await TestApi.StartAsync(_database);
    }

    public async ValueTask DisposeAsync()
    {
        await _api.DisposeAsync();
        await _database.DisposeAsync();
    }

    [Fact]
    public async Task Code_from_the_server_signs_in_once_as_administrator_when_nobody_else_can()
    {
        await _api.UserAsync("rosa", administrator: true);
        await ExecuteAsync("update app_user set enabled = false, password_hash = null");
        var secret = (await _api.Get<MakeBreakGlass>().RunAsync("Diretório em baixo", "broker")).Text;

        var signedIn = await Glass.UseAsync(new() { Secret = $" {secret}\n", ClientAddress = "10.0.4.7" }, cancellationToken: Ct);
        var emergency = TestApi.With(signedIn.Token);
        Assert.True((await new Users.UsersClient(_api.Calls).SetEnabledAsync(new() { UserName = "rosa", Enabled = true }, emergency)).Enabled);
        Assert.Equal(Permissions.All.Count, (await new Roles.RolesClient(_api.Calls).MineAsync(new(), emergency)).Permissions.Count(p => p.Everything));
        Assert.InRange((signedIn.ExpiresAt.ToDateTime() - DateTime.UtcNow).TotalMinutes, 55, 61);

        Assert.Equal("BREAK_GLASS_INVALID", await UseProblemAsync(secret));
        Assert.Equal("BREAK_GLASS_INVALID", await UseProblemAsync(OpaqueToken.Make().Text));
        Assert.Equal("BREAK_GLASS_INVALID", await UseProblemAsync(""));
        var late = (await _api.Get<MakeBreakGlass>().RunAsync("tarde", "broker")).Text;
        await ExecuteAsync("update break_glass set expires_at = now() - interval '1 second' where reason = 'tarde'");
        Assert.Equal("BREAK_GLASS_INVALID", await UseProblemAsync(late));
        Assert.Equal(["user.enable", "break_glass.use", "break_glass.make"],
            (await _api.Get<AuditStore>().ListAsync(0, 50, AuditAbout.Everything, PoolScope.Everything, Ct)).Where(e => e.Actor is BreakGlassStore.Account || e.Reference == "Diretório em baixo").Select(e => e.Action));
    }

    [Fact]
    public async Task Of_many_who_type_the_code_at_once_one_comes_in()
    {
        var secret = (await _api.Get<MakeBreakGlass>().RunAsync("x", "broker")).Text;
        var problems = await Task.WhenAll(Enumerable.Range(0, 16).Select(async _ =>
        {
            try { return (await Glass.UseAsync(new() { Secret = secret }, cancellationToken: Ct)).Token; }
            catch (RpcException e) { return e.Trailers.GetValue("reason"); }
        }));
        Assert.Single(problems, p => p != "BREAK_GLASS_INVALID");
        Assert.Single((await _api.Get<BreakGlassStore>().OpenAsync(Ct)));
    }

    [Fact]
    public async Task Whoever_is_signed_in_to_the_console_sees_it_and_who_manages_roles_ends_it_at_once()
    {
        await _api.UserAsync("rosa", administrator: true);
        await _api.UserAsync("ines");
        await _api.Get<GrantRole>().GiveAsync("ines", "read_only", null, dryRun: false, TestApi.By, Ct);
        var (boss, reader) = (TestApi.With(await _api.TokenAsync("rosa", Audience.Administrator)), TestApi.With(await _api.TokenAsync("ines", Audience.Administrator)));
        Assert.Empty((await Glass.ListOpenAsync(new(), reader)).Emergencies);
        var signedIn = await Glass.UseAsync(new() { Secret = (await _api.Get<MakeBreakGlass>().RunAsync("Ticket 4711", "broker")).Text, ClientAddress = "10.0.4.7" }, cancellationToken: Ct);
        var emergency = TestApi.With(signedIn.Token);

        var seen = Assert.Single((await Glass.ListOpenAsync(new(), reader)).Emergencies);
        Assert.Equal(("Ticket 4711", "10.0.4.7", false), (seen.Reason, seen.SourceAddress, seen.Own));
        Assert.True(Assert.Single((await Glass.ListOpenAsync(new(), emergency)).Emergencies).Own);
        Assert.Equal("PERMISSION_MISSING", await WhyNotAsync(async () => await Glass.EndAsync(new() { EmergencyId = seen.EmergencyId }, reader)));
        await Glass.EndAsync(new() { EmergencyId = seen.EmergencyId }, boss);
        Assert.Equal("SIGN_IN_EXPIRED", await WhyNotAsync(async () => await Glass.ListOpenAsync(new(), emergency)));
        Assert.Empty((await Glass.ListOpenAsync(new(), reader)).Emergencies);
        Assert.Equal("NOT_FOUND", await WhyNotAsync(async () => await Glass.EndAsync(new() { EmergencyId = seen.EmergencyId }, boss)));
    }

    [Fact]
    public async Task It_leaves_no_way_in_behind_and_nothing_that_listens_makes_one()
    {
        var signedIn = await Glass.UseAsync(new() { Secret = (await _api.Get<MakeBreakGlass>().RunAsync("x", "broker")).Text }, cancellationToken: Ct);
        var emergency = TestApi.With(signedIn.Token);

        Assert.Equal("NOT_ALLOWED", await WhyNotAsync(async () => await new ApiKeys.ApiKeysClient(_api.Calls).MakeAsync(new() { Name = "stays", Role = "administrator", Days = 1 }, emergency)));
        Assert.Equal("SIGN_IN_FAILED", await WhyNotAsync(async () => await new Administrators.AdministratorsClient(_api.Calls).SignInAsync(new() { UserName = BreakGlassStore.Account, Password = TestApi.Password }, cancellationToken: Ct)));
        Assert.False((await _api.Get<UserStore>().FindAsync(BreakGlassStore.Account, Ct))!.Administrator);
        Assert.Equal("INVALID_FIELD", await WhyNotAsync(async () => await new Users.UsersClient(_api.Calls).CreateAsync(new() { UserName = BreakGlassStore.Account, Password = TestApi.Password }, emergency)));
        Assert.Equal(["Use", "ListOpen", "End"], BreakGlassReflection.Descriptor.Services.Single().Methods.Select(m => m.Name));
        await new Administrators.AdministratorsClient(_api.Calls).SignOutAsync(new(), emergency);
        Assert.Empty(await _api.Get<BreakGlassStore>().OpenAsync(Ct));
    }

    [Fact]
    public async Task Program_of_the_broker_makes_one_with_a_reason_and_refuses_without()
    {
        string[] settings = [$"--Hosting:StateDirectory={Path.GetDirectoryName(_api.Get<SetUpToken>().File)}", $"--Storage:ConnectionString={_database.ConnectionString}", $"--Storage:OwnerConnectionString={_database.OwnerConnectionString}", "--Provisioning:EnrolmentUrl=https://127.0.0.1:1", "--Provisioning:ChannelUrl=https://127.0.0.1:2"];
        Assert.Equal(0, await DatabaseCommand.RunAsync(["break-glass", "--reason=AD em baixo", .. settings]));
        Assert.Equal(1, await DatabaseCommand.RunAsync(["break-glass", .. settings]));
        await Assert.ThrowsAsync<StartUpException>(() => _api.Get<MakeBreakGlass>().RunAsync(new('x', 201), "broker"));
        await using var connection = await _database.DataSource.OpenConnectionAsync(Ct);
        Assert.Equal("AD em baixo", await connection.QuerySingleAsync<string>("select reason from break_glass where expires_at between now() + interval '10 minutes' and now() + interval '15 minutes'"));
    }

    private async Task<string?> UseProblemAsync(string secret) => await WhyNotAsync(async () => await Glass.UseAsync(new() { Secret = secret }, cancellationToken: Ct));

    private async Task ExecuteAsync(string sql)
    {
        await using var connection = await _database.DataSource.OpenConnectionAsync(Ct);
        await connection.ExecuteAsync(sql);
    }
}
