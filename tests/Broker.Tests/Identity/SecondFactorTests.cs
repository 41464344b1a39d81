using System.Globalization;
using System.Text.RegularExpressions;
using Dapper;
using Grpc.Core;
using Microsoft.Extensions.Time.Testing;
using Montalegre.Vdi.Broker.Administration;
using Montalegre.Vdi.Broker.Backups;
using Montalegre.Vdi.Broker.Certificates;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Broker.Identity.SecondFactor;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Contracts.Identity.V1;
using Montalegre.Vdi.Domain;
using OtpNet;
using QRCoder;
using static Montalegre.Vdi.Broker.Tests.Identity.TestCalls;

namespace Montalegre.Vdi.Broker.Tests.Identity;

public sealed class SecondFactorTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    private const string Source = "192.0.2.7";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    // RFC 6238 appendix B, SHA-1; the last six of its eight digits.
    [InlineData(59, "287082")]
    [InlineData(1111111109, "081804")]
    [InlineData(20000000000, "353130")]
    public void Codes_are_those_of_the_specification_and_one_step_around_them_is_taken(long seconds, string code)
    {
        var secret = "12345678901234567890"u8.ToArray();
        var at = DateTimeOffset.FromUnixTimeSeconds(seconds);

        Assert.Equal(seconds / 30, AuthenticatorApp.StepOf(secret, code, at));
        Assert.Equal(seconds / 30, AuthenticatorApp.StepOf(secret, code, at.AddSeconds(30)));
        Assert.Equal(seconds / 30, AuthenticatorApp.StepOf(secret, code, at.AddSeconds(-30)));
        Assert.Null(AuthenticatorApp.StepOf(secret, code, at.AddSeconds(90)));
        Assert.Null(AuthenticatorApp.StepOf(secret, "", at));
    }

    [Fact]
    public void Path_of_the_qr_code_draws_every_dark_module_and_no_other()
    {
        var uri = AuthenticatorApp.Uri("12345678901234567890"u8.ToArray(), "ana.silva");
        var (path, size) = QrPath.Of(uri);

        var drawn = from Match run in Regex.Matches(path, @"M(\d+) (\d+)h(\d+)v1H\1z")
                    let numbers = run.Groups.Values.Skip(1).Select(g => int.Parse(g.Value, CultureInfo.InvariantCulture)).ToArray()
                    from x in Enumerable.Range(numbers[0], numbers[2])
                    select (x, numbers[1]);
        using var code = QRCodeGenerator.GenerateQrCode(uri, QRCodeGenerator.ECCLevel.M);
        var dark = from y in Enumerable.Range(0, size) from x in Enumerable.Range(0, size) where code.ModuleMatrix[y][x] select (x, y);
        Assert.Equal(dark, drawn);
        Assert.StartsWith("otpauth://totp/", uri, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Administrator_without_a_factor_gets_an_enrolment_and_nothing_else()
    {
        await using var api = await TestApi.StartAsync(database);
        await api.UserAsync("alda", administrator: true);
        var step = await StepAsync(api, "alda", Audience.Administrator);

        Assert.True(step.MustEnrol);
        var refused = await Assert.ThrowsAsync<RpcException>(async () => await new Users.UsersClient(api.Calls).ListAsync(new(), TestApi.With(step.Token)));
        Assert.Equal("SIGN_IN_EXPIRED", refused.Trailers.GetValue("reason"));
        Assert.Equal(new StepOutcome.Refused(RefusalReason.SecondFactorNeeded), await ProveAsync(api, step, "123456"));
        Assert.Equal(new SignInOutcome.Refused(RefusalReason.SecondFactorNeeded), await api.Get<SignInUser>().RunAsync("alda", TestApi.Password, Audience.Employee, Source, null, Ct));
        Assert.Equal(0, await CountAsync("select count(*) from sign_in join app_user using (user_id) where user_name = 'alda'"));

        var secret = await TestFactor.OfferedAsync(api.Services, step);
        Assert.Equal(secret, await TestFactor.OfferedAsync(api.Services, step));
        Assert.Equal(new StepOutcome.Refused(RefusalReason.CodeWrong), await ProveAsync(api, step, "000000", enrol: true));
        var done = Assert.IsType<StepOutcome.SignedIn>(await ProveAsync(api, step, Spaced(TestFactor.Code(api.Services, secret)), enrol: true));
        Assert.Contains("alda", (await new Users.UsersClient(api.Calls).ListAsync(new(), TestApi.With(done.Token))).Users.Select(u => u.UserName));
        Assert.DoesNotContain(done.Token, done.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Administrators_token_without_second_factor_is_worth_nothing_whoever_wrote_it()
    {
        await using var api = await TestApi.StartAsync(database);
        await api.UserAsync("bela", administrator: true);
        var token = await api.TokenAsync("bela", Audience.Administrator);
        await ExecuteAsync("update sign_in set second_factor = false where user_id = (select user_id from app_user where user_name = 'bela')");

        Assert.Null(await api.Get<CallerDirectory>().FindAsync(token, Ct));
    }

    [Fact]
    public async Task Code_is_good_once_also_when_sixteen_use_it_at_once_and_an_older_one_is_not_good_after_it()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var api = await TestApi.StartAsync(database, time);
        await api.UserAsync("carlota", administrator: true);
        var secret = await EnrolAsync(api, "carlota");
        time.Advance(TimeSpan.FromSeconds(60));
        var code = TestFactor.Code(api.Services, secret);
        // As if on as many nodes: the proof itself, without the counters of this process.
        var accepted = (await api.Get<AppOffers>().CheckAsync(await IdOfAsync("carlota"), code))!.Value;
        var steps = new List<SignInOutcome.SecondStep>();
        for (var n = 0; n < 16; n++) steps.Add(await StepAsync(api, "carlota", Audience.Administrator));

        var user = await IdOfAsync("carlota");
        var ends = await Task.WhenAll(steps.Select(step => api.Get<StepStore>().CompleteAsync(Proof.OfApp(user, accepted), Hash(step.Token), OpaqueToken.Make().Sha256, "totp", Source)));

        Assert.Single(ends, end => end is not null);
        var unused = steps[Array.FindIndex(ends, end => end is null)];
        Assert.Equal(new StepOutcome.Refused(RefusalReason.CodeUsed), await ProveAsync(api, unused, code));
        Assert.Equal(new StepOutcome.Refused(RefusalReason.CodeUsed), await ProveAsync(api, unused, TestFactor.Code(api.Services, secret, steps: -1)));
        Assert.IsType<StepOutcome.SignedIn>(await ProveAsync(api, unused, TestFactor.Code(api.Services, secret, steps: 1)));
    }

    [Fact]
    public async Task Recovery_code_is_good_once_and_is_kept_hashed()
    {
        await using var api = await TestApi.StartAsync(database);
        await api.UserAsync("dulce", administrator: true);
        var step = await StepAsync(api, "dulce", Audience.Administrator);
        var secret = await TestFactor.OfferedAsync(api.Services, step);
        var codes = Assert.IsType<StepOutcome.SignedIn>(await ProveAsync(api, step, TestFactor.Code(api.Services, secret), enrol: true)).RecoveryCodes;

        Assert.Equal(10, codes.Distinct().Count());
        Assert.IsType<StepOutcome.SignedIn>(await ProveAsync(api, await StepAsync(api, "dulce", Audience.Administrator), codes[3].ToUpperInvariant()));
        Assert.Equal(new StepOutcome.Refused(RefusalReason.CodeWrong), await ProveAsync(api, await StepAsync(api, "dulce", Audience.Administrator), codes[3]));
        Assert.Equal(9, await CountAsync("select count(*) from recovery_code join app_user using (user_id) where user_name = 'dulce'"));
        await using var connection = await database.DataSource.OpenConnectionAsync(Ct);
        var rows = await connection.QueryAsync<string>("select totp::text from totp union all select recovery_code::text from recovery_code union all select audit_event::text || texts from audit_event join audit_open using (audit_id) union all select sign_in_step::text from sign_in_step");
        string[] secrets = [.. codes, .. codes.Select(RecoveryCode.Normalise), Base32Encoding.ToString(secret), Convert.ToHexString(secret), Convert.ToHexString(OpaqueBits(step.Token))];
        Assert.DoesNotContain(rows, row => secrets.Any(s => row.Contains(s, StringComparison.OrdinalIgnoreCase)));
    }

    [Fact]
    public async Task Right_password_buys_five_tries_and_a_right_code_after_them_does_not_help()
    {
        await using var api = await TestApi.StartAsync(database, null, ("Identity:FreeAttemptsPerAccount", "100"));
        await api.UserAsync("eva", administrator: true);
        var secret = await EnrolAsync(api, "eva");
        var step = await StepAsync(api, "eva", Audience.Administrator);

        for (var n = 0; n < StepStore.Tries; n++) Assert.Equal(new StepOutcome.Refused(RefusalReason.CodeWrong), await ProveAsync(api, step, "12345"));

        Assert.Equal(new StepOutcome.Refused(RefusalReason.StepExpired), await ProveAsync(api, step, TestFactor.Code(api.Services, secret, steps: 1)));
        Assert.Equal(StepStore.Tries, await CountAsync("select count(*) from audit_event join audit_open using (audit_id) where texts::text like '%\"actor\": \"eva\"%' and action = 'sign_in.failed' and outcome = 'CODE_WRONG'"));
    }

    [Fact]
    public async Task Wrong_codes_are_slowed_down_over_many_right_passwords_and_by_source()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var api = await TestApi.StartAsync(database, time, ("Identity:FreeAttemptsPerAccount", "3"));
        await api.UserAsync("flora", administrator: true);
        await EnrolAsync(api, "flora");
        for (var n = 0; n < 3; n++) await ProveAsync(api, await StepAsync(api, "flora", Audience.Administrator), "000000");

        var slowed = Assert.IsType<StepOutcome.Refused>(await ProveAsync(api, await StepAsync(api, "flora", Audience.Administrator), "000000", source: "198.51.100.1"));

        Assert.Equal(RefusalReason.SignInBusy, slowed.Reason);
    }

    [Fact]
    public async Task Step_is_worth_nothing_after_its_time_another_password_a_disabled_account_or_for_somebody_else()
    {
        await using var api = await TestApi.StartAsync(database);
        await api.UserAsync("gina", administrator: true);
        var secret = await EnrolAsync(api, "gina");
        async Task<RefusalReason> AfterAsync(Func<SignInOutcome.SecondStep, Task> what)
        {
            var step = await StepAsync(api, "gina", Audience.Administrator);
            await what(step);
            return Assert.IsType<StepOutcome.Refused>(await ProveAsync(api, step, TestFactor.Code(api.Services, secret, steps: 1))).Reason;
        }

        Assert.Equal(RefusalReason.StepExpired, await AfterAsync(_ => ExecuteAsync("update sign_in_step set expires_at = now()")));
        Assert.Equal(RefusalReason.StepExpired, await AfterAsync(async _ => await api.Get<UserStore>().SetPasswordAsync("gina", (await api.Get<Passwords>().HashAsync(TestApi.Password))!, TestApi.By)));
        Assert.Equal(RefusalReason.StepExpired, await AfterAsync(_ => ExecuteAsync("update app_user set enabled = false where user_name = 'gina'")));
        await ExecuteAsync("update app_user set enabled = true where user_name = 'gina'");
        Assert.Equal(RefusalReason.StepExpired, Assert.IsType<StepOutcome.Refused>(await api.Get<ProveSecondStep>().RunAsync("", "123456", false, Source)).Reason);
        // The code of another person's app.
        await api.UserAsync("hilda", administrator: true);
        await EnrolAsync(api, "hilda");
        Assert.Equal(new StepOutcome.Refused(RefusalReason.CodeWrong), await ProveAsync(api, await StepAsync(api, "hilda", Audience.Administrator), TestFactor.Code(api.Services, secret, steps: 1)));
    }

    [Fact]
    public async Task Enrolment_is_seen_by_the_step_it_was_offered_to_and_of_two_at_once_one_counts()
    {
        await using var api = await TestApi.StartAsync(database);
        await api.UserAsync("irene", administrator: true);
        var (mine, thiefs) = (await StepAsync(api, "irene", Audience.Administrator), await StepAsync(api, "irene", Audience.Administrator));
        var (secret, other) = (await TestFactor.OfferedAsync(api.Services, mine), await TestFactor.OfferedAsync(api.Services, thiefs));

        Assert.NotEqual(secret, other);
        var outcomes = await Task.WhenAll(ProveAsync(api, mine, TestFactor.Code(api.Services, secret), enrol: true), ProveAsync(api, thiefs, TestFactor.Code(api.Services, other), enrol: true));

        Assert.Single(outcomes, outcome => outcome is StepOutcome.SignedIn);
        Assert.Equal(1, await CountAsync("select count(*) from totp join app_user using (user_id) where user_name = 'irene'"));
        Assert.Equal(10, await CountAsync("select count(*) from recovery_code join app_user using (user_id) where user_name = 'irene'"));
    }

    [Fact]
    public async Task Employee_adds_renews_and_removes_with_a_fresh_sign_in_only_and_an_administrator_keeps_his()
    {
        await using var api = await TestApi.StartAsync(database);
        await api.UserAsync("joana");
        var factors = new Factors.FactorsClient(api.Calls);
        var token = TestApi.With(await api.TokenAsync("joana", Audience.Employee));
        var elsewhere = await api.TokenAsync("joana", Audience.Employee);
        var offered = await factors.EnrolTotpAsync(new(), token);
        Assert.Contains("secret=" + offered.Secret, offered.Uri, StringComparison.Ordinal);
        var secret = Base32Encoding.ToBytes(offered.Secret);

        Assert.Equal("CODE_WRONG", await WhyNotAsync(async () => await factors.ConfirmTotpAsync(new() { Code = "000000" }, token)));
        Assert.Equal(10, (await factors.ConfirmTotpAsync(new() { Code = TestFactor.Code(api.Services, secret) }, token)).Codes.Count);
        Assert.Null(await api.Get<CallerDirectory>().FindAsync(elsewhere, Ct));
        Assert.Equal(new SignInOutcome.Refused(RefusalReason.SecondFactorNeeded), await api.Get<SignInUser>().RunAsync("joana", TestApi.Password, Audience.Employee, Source, null, Ct));
        Assert.False((await StepAsync(api, "joana", Audience.Employee)).MustEnrol);
        Assert.Equal("FACTOR_EXISTS", await WhyNotAsync(async () => await factors.EnrolTotpAsync(new(), token)));

        await ExecuteAsync("update sign_in set created_at = now() - interval '11 minutes' where user_id = (select user_id from app_user where user_name = 'joana')");
        Assert.Equal(10u, (await factors.ListAsync(new(), token)).RecoveryCodesLeft);
        Assert.Equal("SIGN_IN_AGAIN", await WhyNotAsync(async () => await factors.RemoveTotpAsync(new(), token)));
        Assert.Equal("SIGN_IN_AGAIN", await WhyNotAsync(async () => await factors.RenewRecoveryCodesAsync(new(), token)));
        await ExecuteAsync("update sign_in set created_at = now() where user_id = (select user_id from app_user where user_name = 'joana')");
        var renewed = (await factors.RenewRecoveryCodesAsync(new(), token)).Codes;
        Assert.IsType<StepOutcome.SignedIn>(await ProveAsync(api, await StepAsync(api, "joana", Audience.Employee), renewed[0]));
        var left = await factors.RemoveTotpAsync(new(), token);
        Assert.Equal((null, 0u, false), (left.TotpSince, left.RecoveryCodesLeft, left.Mandatory));
        Assert.IsType<SignInOutcome.SignedIn>(await api.Get<SignInUser>().RunAsync("joana", TestApi.Password, Audience.Employee, Source, null, Ct));

        await api.UserAsync("katia", administrator: true);
        var boss = TestApi.With(await api.TokenAsync("katia", Audience.Administrator));
        Assert.Equal("FACTOR_MANDATORY", await WhyNotAsync(async () => await factors.RemoveTotpAsync(new(), boss)));
    }

    [Fact]
    public async Task Administrator_resets_somebodys_factors_which_ends_all_sign_ins_and_is_audited()
    {
        await using var api = await TestApi.StartAsync(database);
        await api.UserAsync("luisa", administrator: true);
        await api.UserAsync("marta", administrator: true);
        await api.UserAsync("nadia");
        await api.Get<GrantRole>().GiveAsync("nadia", "help_desk", null, dryRun: false, TestApi.By, Ct);
        var users = new Users.UsersClient(api.Calls);
        var lost = await api.TokenAsync("marta", Audience.Administrator);
        var helper = TestApi.With(await api.TokenAsync("nadia", Audience.Administrator));

        Assert.Equal("PERMISSION_MISSING", await WhyNotAsync(async () => await users.ResetFactorsAsync(new() { UserName = "marta" }, helper)));
        Assert.Equal("NOT_FOUND", await WhyNotAsync(async () => await users.ResetFactorsAsync(new() { UserName = "nobody" }, helper)));
        await users.ResetFactorsAsync(new() { UserName = "marta" }, TestApi.With(await api.TokenAsync("luisa", Audience.Administrator)));

        Assert.Null(await api.Get<CallerDirectory>().FindAsync(lost, Ct));
        Assert.True((await StepAsync(api, "marta", Audience.Administrator)).MustEnrol);
        Assert.Equal(1, await CountAsync("select count(*) from audit_event join audit_open using (audit_id) where texts::text like '%\"actor\": \"luisa\"%' and action = 'user.reset_factors' and texts::text like '%\"object_name\": \"marta\"%'"));
    }

    [Fact]
    public async Task Only_administrator_who_lost_everything_is_helped_on_the_brokers_machine()
    {
        await using var api = await TestApi.StartAsync(database);
        await api.UserAsync("quiteria", administrator: true);
        var token = await api.TokenAsync("quiteria", Audience.Administrator);
        string[] settings = [$"--Hosting:StateDirectory={Path.GetDirectoryName(api.Get<SetUpToken>().File)}", $"--Storage:ConnectionString={database.ConnectionString}", $"--Storage:OwnerConnectionString={database.OwnerConnectionString}", "--Provisioning:EnrolmentUrl=https://127.0.0.1:1", "--Provisioning:ChannelUrl=https://127.0.0.1:2"];

        Assert.Equal(0, await DatabaseCommand.RunAsync(["reset-factors", "Quiteria", .. settings]));
        Assert.Equal(1, await DatabaseCommand.RunAsync(["reset-factors", "nobody", .. settings]));

        Assert.Null(await api.Get<CallerDirectory>().FindAsync(token, Ct));
        Assert.True((await StepAsync(api, "quiteria", Audience.Administrator)).MustEnrol);
        Assert.Equal(1, await CountAsync("select count(*) from audit_event join audit_open using (audit_id) where actor = 'broker' and action = 'user.reset_factors' and texts::text like '%\"object_name\": \"quiteria\"%' and source_address = 'offline'"));
    }

    [Fact]
    public async Task Secret_that_was_moved_to_another_person_does_not_open()
    {
        await using var api = await TestApi.StartAsync(database);
        await api.UserAsync("olga", administrator: true);
        await api.UserAsync("paula", administrator: true);
        await EnrolAsync(api, "olga");
        await EnrolAsync(api, "paula");
        await ExecuteAsync("update totp set secret = (select secret from totp join app_user using (user_id) where user_name = 'olga') where user_id = (select user_id from app_user where user_name = 'paula')");

        await Assert.ThrowsAsync<InvalidOperationException>(async () => await api.Get<AppOffers>().CheckAsync(await IdOfAsync("paula"), "123456"));
    }

    private static Task<StepOutcome> ProveAsync(TestApi api, SignInOutcome.SecondStep step, string code, bool enrol = false, string source = Source) =>
        api.Get<ProveSecondStep>().RunAsync(step.Token, code, enrol, source);

    private static async Task<SignInOutcome.SecondStep> StepAsync(TestApi api, string userName, Audience audience) =>
        Assert.IsType<SignInOutcome.SecondStep>(await api.Get<SignInUser>().RunAsync(userName, TestApi.Password, audience, Source, "", Ct));

    private static async Task<byte[]> EnrolAsync(TestApi api, string userName)
    {
        var step = await StepAsync(api, userName, Audience.Administrator);
        var secret = await TestFactor.OfferedAsync(api.Services, step);
        Assert.IsType<StepOutcome.SignedIn>(await ProveAsync(api, step, TestFactor.Code(api.Services, secret), enrol: true));
        return secret;
    }

    private static string Spaced(string code) => code.Insert(3, " ");

    private static byte[] Hash(string token) => OpaqueToken.TryHash(token, out var sha256) ? sha256 : throw new ArgumentException("not a token", nameof(token));

    private static byte[] OpaqueBits(string token) => System.Buffers.Text.Base64Url.DecodeFromChars(token);

    private async Task<Guid> IdOfAsync(string userName)
    {
        await using var connection = await database.DataSource.OpenConnectionAsync(Ct);
        return await connection.QuerySingleAsync<Guid>("select user_id from app_user where user_name = @userName", new { userName });
    }

    private async Task<long> CountAsync(string sql)
    {
        await using var connection = await database.DataSource.OpenConnectionAsync(Ct);
        return await connection.QuerySingleAsync<long>(sql);
    }

    private async Task ExecuteAsync(string sql)
    {
        await using var connection = await database.DataSource.OpenConnectionAsync(Ct);
        await connection.ExecuteAsync(sql);
    }
}
