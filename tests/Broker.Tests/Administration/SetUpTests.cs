using Dapper;
using Montalegre.Vdi.Broker.Administration;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Broker.Tests.Identity;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Contracts.Identity.V1;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Tests.Administration;

// Every test here begins without an administrator, so each has a database of its own.
public sealed class SetUpTests(TestCluster cluster) : IAsyncLifetime
{
    private readonly TestDatabase _database = new(cluster);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => _database.InitializeAsync();

    public ValueTask DisposeAsync() => _database.DisposeAsync();

    [Fact]
    public async Task Set_up_token_lies_in_a_file_for_the_operator_alone_and_makes_the_first_administrator()
    {
        await using var api = await TestApi.StartAsync(_database);
        var token = await PrepareAsync(api);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(api.Get<SetUpToken>().File));
        var administrators = new Administrators.AdministratorsClient(api.Calls);
        Assert.False((await administrators.GetStatusAsync(new(), cancellationToken: Ct)).SetUpDone);

        var begun = await administrators.SetUpAsync(new() { Token = token, UserName = "Rosa", DisplayName = "Rosa Alves", Password = TestApi.Password }, cancellationToken: Ct);

        var steps = new SecondStep.SecondStepClient(api.Calls);
        var offered = await steps.EnrolTotpAsync(new() { Step = begun.SecondStep.Step }, cancellationToken: Ct);
        var code = TestFactor.Code(api.Services, OtpNet.Base32Encoding.ToBytes(offered.Secret));
        var done = await steps.ConfirmTotpAsync(new() { Step = begun.SecondStep.Step, Code = code }, cancellationToken: Ct);
        Assert.Equal((true, 10), (begun.SecondStep.MustEnrol, done.RecoveryCodes.Distinct().Count()));
        var users = await new Users.UsersClient(api.Calls).ListAsync(new(), TestApi.With(done.Token));
        Assert.Equal(("rosa", "Rosa Alves", true, true), Assert.Single(users.Users) is var u ? (u.UserName, u.DisplayName, u.Enabled, u.Administrator) : default);
        Assert.True((await administrators.GetStatusAsync(new(), cancellationToken: Ct)).SetUpDone);
        Assert.False(File.Exists(api.Get<SetUpToken>().File));
    }

    [Fact]
    public async Task Token_used_ten_times_at_once_makes_one_administrator()
    {
        await using var api = await TestApi.StartAsync(_database);
        var token = await PrepareAsync(api);

        var outcomes = await Task.WhenAll(Enumerable.Range(0, 10).Select(n => RunAsync(api, token, $"first{n}")));

        Assert.Single(outcomes, o => o is SignInOutcome.SecondStep);
        Assert.Equal(9, outcomes.Count(o => o is SignInOutcome.Refused { Reason: RefusalReason.SetUpLinkInvalid }));
        Assert.Equal(1, await CountAsync("select count(*) from app_user"));
    }

    [Fact]
    public async Task Tokens_of_two_nodes_used_at_once_make_one_administrator()
    {
        await using var one = await TestApi.StartAsync(_database);
        await using var two = await TestApi.StartAsync(_database);
        var tokens = new[] { await PrepareAsync(one), await PrepareAsync(two) };

        var outcomes = await Task.WhenAll(RunAsync(one, tokens[0], "first"), RunAsync(two, tokens[1], "second"));

        Assert.Single(outcomes, o => o is SignInOutcome.SecondStep);
        Assert.Equal(1, await CountAsync("select count(*) from app_user where administrator"));
    }

    [Fact]
    public async Task Wrong_used_and_expired_tokens_get_the_same_refusal()
    {
        await using var api = await TestApi.StartAsync(_database);
        var expired = await PrepareAsync(api);
        await using (var connection = await _database.DataSource.OpenConnectionAsync(Ct)) await connection.ExecuteAsync("update join_token set expires_at = now()");
        var refused = new SignInOutcome.Refused(RefusalReason.SetUpLinkInvalid);

        Assert.Equal(refused, await RunAsync(api, "", "x"));
        Assert.Equal(refused, await RunAsync(api, OpaqueToken.Make().Text, "x"));
        Assert.Equal(refused, await RunAsync(api, expired, "x"));
        var good = await PrepareAsync(api);
        Assert.IsType<SignInOutcome.SecondStep>(await RunAsync(api, good, "rosa"));
        Assert.Equal(refused, await RunAsync(api, good, "rui"));
    }

    [Fact]
    public async Task Bad_name_or_password_leaves_the_token_good()
    {
        await using var api = await TestApi.StartAsync(_database);
        await api.UserAsync("taken");
        var token = await PrepareAsync(api);

        Assert.Equal(new SignInOutcome.Refused(RefusalReason.InvalidField, "user_name"), await RunAsync(api, token, "root"));
        Assert.Equal(new SignInOutcome.Refused(RefusalReason.NameTaken, "taken"), await RunAsync(api, token, "taken"));
        var weak = await api.Get<SetUpFirstAdministrator>().RunAsync(token, "rosa", "", "short", "", Ct);
        Assert.Equal(new SignInOutcome.Refused(RefusalReason.PasswordTooWeak, "too_short"), weak);
        Assert.IsType<SignInOutcome.SecondStep>(await RunAsync(api, token, "rosa"));
    }

    private static Task<SignInOutcome> RunAsync(TestApi api, string token, string userName) =>
        api.Get<SetUpFirstAdministrator>().RunAsync(token, userName, "", TestApi.Password, "192.0.2.7", Ct);

    private static async Task<string> PrepareAsync(TestApi api)
    {
        await api.Get<SetUpToken>().PrepareAsync(Ct);
        return await File.ReadAllTextAsync(api.Get<SetUpToken>().File, Ct);
    }

    private async Task<long> CountAsync(string sql)
    {
        await using var connection = await _database.DataSource.OpenConnectionAsync(Ct);
        return await connection.QuerySingleAsync<long>(sql);
    }
}
