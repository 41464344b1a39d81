using System.Text;
using System.Text.Json.Nodes;
using Dapper;
using Grpc.Core;
using Microsoft.Extensions.Time.Testing;
using Montalegre.Vdi.Broker.Administration;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Broker.Identity.Passkeys;
using Montalegre.Vdi.Broker.Identity.SecondFactor;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Contracts.Identity.V1;
using Montalegre.Vdi.Domain;
using static Montalegre.Vdi.Broker.Tests.Identity.TestCalls;

namespace Montalegre.Vdi.Broker.Tests.Identity;

public sealed class PasskeyTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    private const string Source = "192.0.2.7";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task First_passkey_brings_recovery_codes_ends_other_sign_ins_and_is_asked_for_at_the_next()
    {
        await using var api = await StartAsync();
        await api.UserAsync("ana");
        var elsewhere = await api.TokenAsync("ana", Audience.Employee);
        var token = TestApi.With(await api.TokenAsync("ana", Audience.Employee));
        using var passkey = new TestPasskey();
        using var second = new TestPasskey();
        var factors = new Factors.FactorsClient(api.Calls);

        Assert.Equal(10, (await AddAsync(api, token, passkey)).Codes.Count);
        Assert.Null(await api.Get<CallerDirectory>().FindAsync(elsewhere, Ct));
        Assert.Empty((await AddAsync(api, token, second, "Chave USB")).Codes);
        Assert.Equal(["Telemóvel", "Chave USB"], (await factors.ListAsync(new(), token)).Passkeys.Select(p => p.Name));
        Assert.Equal(new SignInOutcome.Refused(RefusalReason.SecondFactorNeeded), await api.Get<SignInUser>().RunAsync("ana", TestApi.Password, Audience.Employee, Source, null, Ct));

        var step = await StepAsync(api, "ana", Audience.Employee);
        var pending = await Steps(api).GetAsync(new() { Step = step.Token }, cancellationToken: Ct);
        Assert.Equal((false, false, true), (pending.MustEnrol, pending.HasApp, pending.HasPasskey));
        var done = await ProveAsync(api, step, passkey);
        var list = await factors.ListAsync(new(), TestApi.With(done.Token));
        Assert.NotNull(list.Passkeys[0].LastUsed);
        Assert.Equal((TestPasskey.Host, 10u), (list.PasskeyHost, list.RecoveryCodesLeft));
        Assert.Equal(1, await CountAsync("select count(*) from audit_event join audit_open using (audit_id) where action = 'sign_in.ok' and texts::text like '%ana%' and texts::text like '%employee passkey\"%'"));
    }

    [Fact]
    public async Task Answer_is_good_for_its_own_question_page_and_host_only_and_once()
    {
        await using var api = await StartAsync(("Identity:FreeAttemptsPerAccount", "100"));
        await api.UserAsync("bela");
        var token = TestApi.With(await api.TokenAsync("bela", Audience.Employee));
        using var passkey = new TestPasskey();
        await AddAsync(api, token, passkey);
        var (one, other) = (await StepAsync(api, "bela", Audience.Employee), await StepAsync(api, "bela", Audience.Employee));

        Assert.Equal("PASSKEY_REFUSED", await WhyNotAsync(async () => await AnswerAsync(api, one, passkey.Show(await AskAsync(api, one), "https://portal.vdi.example.pt.evil.example"))));
        Assert.Equal("PASSKEY_REFUSED", await WhyNotAsync(async () => await AnswerAsync(api, one, passkey.Show(await AskAsync(api, one), "https://evil.vdi.example.pt"))));
        Assert.Equal("PASSKEY_REFUSED", await WhyNotAsync(async () => await AnswerAsync(api, one, passkey.Show(await AskAsync(api, one), host: "evil.example"))));
        var ofOther = passkey.Show(await AskAsync(api, other));
        await AskAsync(api, one);
        Assert.Equal("PASSKEY_REFUSED", await WhyNotAsync(async () => await AnswerAsync(api, one, ofOther)));
        Assert.Equal("PASSKEY_REFUSED", await WhyNotAsync(async () => await AnswerAsync(api, other, "{}")));
        // The try before has used the question up.
        Assert.Equal("PASSKEY_REFUSED", await WhyNotAsync(async () => await AnswerAsync(api, other, ofOther)));
        var answer = passkey.Show(await AskAsync(api, other));
        Assert.NotEmpty((await AnswerAsync(api, other, answer)).Token);
        Assert.Equal("STEP_EXPIRED", await WhyNotAsync(async () => await AnswerAsync(api, other, answer)));

        var late = passkey.Show(await AskAsync(api, one));
        await ExecuteAsync("update passkey_challenge set created_at = now() - interval '6 minutes'");
        Assert.Equal("PASSKEY_REFUSED", await WhyNotAsync(async () => await AnswerAsync(api, one, late)));
    }

    [Fact]
    public async Task Five_wrong_answers_use_up_the_step_and_many_steps_are_slowed_down()
    {
        await using var api = await StoppedAsync(("Identity:FreeAttemptsPerAccount", "6"));
        await api.UserAsync("carla");
        using var passkey = new TestPasskey();
        await AddAsync(api, TestApi.With(await api.TokenAsync("carla", Audience.Employee)), passkey);
        var step = await StepAsync(api, "carla", Audience.Employee);
        for (var n = 0; n < StepStore.Tries; n++) Assert.Equal("PASSKEY_REFUSED", await WhyNotAsync(async () => await AnswerAsync(api, step, "no answer")));

        Assert.Equal("STEP_EXPIRED", await WhyNotAsync(async () => await AskAsync(api, step)));
        Assert.Equal("PASSKEY_REFUSED", await WhyNotAsync(async () => await AnswerAsync(api, await StepAsync(api, "carla", Audience.Employee), "no answer")));
        Assert.Equal("SIGN_IN_BUSY", await WhyNotAsync(async () => await ProveAsync(api, await StepAsync(api, "carla", Audience.Employee), passkey)));
        Assert.Equal(6, await CountAsync("select count(*) from audit_event join audit_open using (audit_id) where action = 'sign_in.failed' and outcome = 'PASSKEY_REFUSED' and texts::text like '%carla%'"));
    }

    [Fact]
    public async Task Counter_goes_forward_only_also_when_sixteen_nodes_take_the_same_answer()
    {
        await using var api = await StartAsync();
        await api.UserAsync("dora");
        using var passkey = new TestPasskey();
        await AddAsync(api, TestApi.With(await api.TokenAsync("dora", Audience.Employee)), passkey);
        var user = await IdOfAsync("dora");

        // As if on as many nodes: the proof itself, after the check.
        var ends = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ =>
            api.Get<StepStore>().SignInAsync(Proof.OfPasskey(user, passkey.Credential, 7, false), Audience.Employee, "", OpaqueToken.Make().Sha256, "passkey_alone", Source)));
        Assert.Single(ends, end => end is not null);

        // A copy of it that has counted less.
        passkey.Counter = 3;
        Assert.Equal("PASSKEY_REFUSED", await WhyNotAsync(async () => await ProveAsync(api, await StepAsync(api, "dora", Audience.Employee), passkey)));
        passkey.Counter = 7;
        Assert.NotEmpty((await ProveAsync(api, await StepAsync(api, "dora", Audience.Employee), passkey)).Token);
        Assert.Equal(8, await CountAsync("select sign_count from passkey join app_user using (user_id) where user_name = 'dora'"));
    }

    [Fact]
    public async Task Passkey_that_does_not_count_signs_in_again_and_again()
    {
        await using var api = await StartAsync();
        await api.UserAsync("elsa");
        using var passkey = new TestPasskey { Counter = null };
        await AddAsync(api, TestApi.With(await api.TokenAsync("elsa", Audience.Employee)), passkey);

        for (var n = 0; n < 3; n++) Assert.NotEmpty((await AloneAsync(api, passkey)).Token);
    }

    [Fact]
    public async Task Passkey_alone_is_both_steps_at_portal_and_console_for_who_may_be_there()
    {
        await using var api = await StartAsync();
        await api.UserAsync("filipa");
        await api.UserAsync("gloria", administrator: true);
        using var hers = new TestPasskey();
        using var boss = new TestPasskey();
        await AddAsync(api, TestApi.With(await api.TokenAsync("filipa", Audience.Employee)), hers);
        await AddAsync(api, TestApi.With(await api.TokenAsync("gloria", Audience.Administrator)), boss);

        var done = await AloneAsync(api, hers);
        Assert.Equal("filipa", done.UserName);
        Assert.Equal("Firefox", await TextAsync($"select client from sign_in where user_id = '{done.UserId}' and second_factor order by created_at desc limit 1"));
        Assert.Equal("NOT_ALLOWED", await WhyNotAsync(() => AloneAsync(api, hers, atConsole: true)));
        var atConsole = await AloneAsync(api, boss, atConsole: true);
        Assert.Contains("gloria", (await new Users.UsersClient(api.Calls).ListAsync(new(), TestApi.With(atConsole.Token))).Users.Select(u => u.UserName));

        await ExecuteAsync("update app_user set enabled = false where user_name = 'filipa'");
        Assert.Equal("SIGN_IN_FAILED", await WhyNotAsync(() => AloneAsync(api, hers)));
        Assert.Equal(2, await CountAsync("select count(*) from audit_event join audit_open using (audit_id) where action = 'sign_in.failed' and texts::text like '%filipa%'"));
        Assert.Equal(1, await CountAsync("select count(*) from audit_event join audit_open using (audit_id) where action = 'sign_in.ok' and texts::text like '%gloria%' and texts::text like '%administrator passkey_alone\"%'"));
    }

    [Fact]
    public async Task Passkey_alone_must_have_verified_its_owner_and_its_question_is_good_once_for_who_asked()
    {
        await using var api = await StartAsync();
        await api.UserAsync("hilda");
        using var plain = new TestPasskey { Verifies = false };
        using var passkey = new TestPasskey();
        var token = TestApi.With(await api.TokenAsync("hilda", Audience.Employee));
        await AddAsync(api, token, plain);
        await AddAsync(api, token, passkey);

        Assert.NotEmpty((await ProveAsync(api, await StepAsync(api, "hilda", Audience.Employee), plain)).Token);
        Assert.Equal("PASSKEY_REFUSED", await WhyNotAsync(() => AloneAsync(api, plain)));
        var (mine, thiefs) = (await BeginAsync(api), await BeginAsync(api));
        var answer = passkey.Show(mine.Options);
        Assert.Equal("PASSKEY_REFUSED", await WhyNotAsync(async () => await SignInAsync(api, thiefs.Challenge, answer)));
        Assert.NotEmpty((await SignInAsync(api, mine.Challenge, answer)).Token);
        Assert.Equal("PASSKEY_REFUSED", await WhyNotAsync(async () => await SignInAsync(api, mine.Challenge, passkey.Show(mine.Options))));
        // A question of the second step, which verifies nobody, opens nothing here.
        var step = await StepAsync(api, "hilda", Audience.Employee);
        Assert.Equal("PASSKEY_REFUSED", await WhyNotAsync(async () => await SignInAsync(api, step.Token, passkey.Show(await AskAsync(api, step)))));
    }

    [Fact]
    public async Task Removed_passkey_is_refused_by_its_own_reason_and_somebody_elses_proves_nothing()
    {
        await using var api = await StartAsync();
        await api.UserAsync("irene");
        await api.UserAsync("joana");
        using var passkey = new TestPasskey();
        using var kept = new TestPasskey();
        using var joanas = new TestPasskey();
        var token = TestApi.With(await api.TokenAsync("irene", Audience.Employee));
        var factors = new Factors.FactorsClient(api.Calls);
        await AddAsync(api, token, passkey);
        await AddAsync(api, token, kept);
        await AddAsync(api, TestApi.With(await api.TokenAsync("joana", Audience.Employee)), joanas);

        var listed = (await factors.ListAsync(new(), token)).Passkeys;
        Assert.Equal("NOT_FOUND", await WhyNotAsync(async () => await factors.RenamePasskeyAsync(new() { PasskeyId = Guid.NewGuid().ToString(), Name = "x" }, token)));
        Assert.Equal("INVALID_FIELD", await WhyNotAsync(async () => await factors.RenamePasskeyAsync(new() { PasskeyId = listed[0].PasskeyId, Name = " " }, token)));
        Assert.Equal("Portátil", (await factors.RenamePasskeyAsync(new() { PasskeyId = listed[0].PasskeyId, Name = " Portátil " }, token)).Passkeys[0].Name);
        // Who it belongs to decides, not who knows its identifier.
        await factors.RemovePasskeyAsync(new() { PasskeyId = listed[0].PasskeyId }, TestApi.With((await AloneAsync(api, joanas)).Token));
        Assert.Equal(2, (await factors.ListAsync(new(), token)).Passkeys.Count);
        Assert.Single((await factors.RemovePasskeyAsync(new() { PasskeyId = listed[0].PasskeyId }, token)).Passkeys);

        Assert.Equal("PASSKEY_UNKNOWN", await WhyNotAsync(() => AloneAsync(api, passkey)));
        Assert.Equal("PASSKEY_UNKNOWN", await WhyNotAsync(async () => await ProveAsync(api, await StepAsync(api, "irene", Audience.Employee), passkey)));
        Assert.Equal("PASSKEY_REFUSED", await WhyNotAsync(async () => await ProveAsync(api, await StepAsync(api, "irene", Audience.Employee), joanas)));
        Assert.Equal("PASSKEY_REFUSED", await WhyNotAsync(async () => await AddAsync(api, token, joanas)));
    }

    [Fact]
    public async Task Last_factor_of_an_administrator_stays_whichever_it_is_and_of_two_removals_at_once_one()
    {
        await using var api = await StartAsync();
        await api.UserAsync("katia", administrator: true);
        var token = TestApi.With(await api.TokenAsync("katia", Audience.Administrator));
        using var passkey = new TestPasskey();
        var factors = new Factors.FactorsClient(api.Calls);
        Assert.Equal("FACTOR_MANDATORY", await WhyNotAsync(async () => await factors.RemoveTotpAsync(new(), token)));
        Assert.Empty((await AddAsync(api, token, passkey)).Codes);
        var id = (await factors.ListAsync(new(), token)).Passkeys.Single().PasskeyId;

        var caller = TestApi.By with { User = new(await IdOfAsync("katia")), UserName = "katia" };
        var gone = await Task.WhenAll(Enumerable.Range(0, 8).Select(n => n % 2 == 0 ? api.Get<FactorStore>().RemoveAppAsync(caller) : api.Get<FactorStore>().RemovePasskeyAsync(Guid.Parse(id), caller)));

        Assert.Single(gone, one => one);
        var left = await factors.ListAsync(new(), token);
        Assert.Equal(1, (left.TotpSince is null ? 0 : 1) + left.Passkeys.Count);
        Assert.NotEqual(0u, left.RecoveryCodesLeft);
        Assert.Equal("FACTOR_MANDATORY", await WhyNotAsync(async () =>
        {
            await factors.RemoveTotpAsync(new(), token);
            await factors.RemovePasskeyAsync(new() { PasskeyId = id }, token);
        }));
    }

    [Fact]
    public async Task Administrator_without_a_factor_begins_with_a_passkey_of_the_own_step_and_gets_recovery_codes()
    {
        await using var api = await StartAsync(("Identity:FreeAttemptsPerAccount", "100"));
        await api.UserAsync("paula", administrator: true);
        using var passkey = new TestPasskey();
        using var thiefs = new TestPasskey();
        var (mine, other) = (await StepAsync(api, "paula", Audience.Administrator), await StepAsync(api, "paula", Audience.Administrator));
        Assert.True(mine.MustEnrol);

        Assert.Equal("INVALID_FIELD", await WhyNotAsync(async () => await EnrolAsync(api, mine, passkey.Make(await AskNewAsync(api, mine), TestPasskey.Console), " ")));
        var question = await AskNewAsync(api, mine);
        Assert.Equal("PASSKEY_REFUSED", await WhyNotAsync(async () => await EnrolAsync(api, other, thiefs.Make(question, TestPasskey.Console))));
        Assert.Equal("PASSKEY_REFUSED", await WhyNotAsync(async () => await EnrolAsync(api, mine, passkey.Make(question, "https://evil.example"))));
        var done = await EnrolAsync(api, mine, passkey.Make(await AskNewAsync(api, mine), TestPasskey.Console));

        Assert.Equal(10, done.RecoveryCodes.Count);
        Assert.Equal("Chave", Assert.Single((await new Factors.FactorsClient(api.Calls).ListAsync(new(), TestApi.With(done.Token))).Passkeys).Name);
        Assert.NotEmpty((await new Users.UsersClient(api.Calls).ListAsync(new(), TestApi.With(done.Token))).Users);
        Assert.Equal("STEP_EXPIRED", await WhyNotAsync(async () => await AskNewAsync(api, mine)));
        // The other half sign-in is worth no second first factor.
        Assert.Equal("FACTOR_EXISTS", await WhyNotAsync(async () => await AskNewAsync(api, other)));
        Assert.Equal("FACTOR_EXISTS", await WhyNotAsync(async () => await EnrolAsync(api, other, "{}")));
        Assert.NotEmpty((await ProveAsync(api, await StepAsync(api, "paula", Audience.Administrator), passkey)).Token);
        Assert.Equal(1, await CountAsync("select count(*) from audit_event join audit_open using (audit_id) where action = 'factor.add' and texts::text like '%\"reference\": \"passkey\"%' and texts::text like '%\"actor\": \"paula\"%'"));
    }

    [Fact]
    public async Task Of_first_factors_at_once_one_counts_whatever_its_kind()
    {
        await using var api = await StartAsync(("Identity:FreeAttemptsPerAccount", "100"));
        await api.UserAsync("rosa", administrator: true);
        var user = await IdOfAsync("rosa");
        List<(byte[] Step, Proof Proof)> firsts = [];
        for (var n = 0; n < 8; n++)
        {
            Assert.True(OpaqueToken.TryHash((await StepAsync(api, "rosa", Audience.Administrator)).Token, out var step));
            await api.Get<FactorStore>().OfferAsync(step, user, [1, 2, 3]);
            var codes = RecoveryCode.MakeAll();
            var passkey = new KeptPasskey(Guid.NewGuid(), user, Guid.NewGuid().ToByteArray(), $"{n}", [1], 0, "", true, false, false, default, null);
            firsts.Add((step, n % 2 == 0 ? Proof.OfNewPasskey(passkey, codes) : Proof.OfNewApp(user, step, [1, 2, 3], 1, codes, only: true)));
        }
        var ends = await Task.WhenAll(firsts.Select(one => api.Get<StepStore>().CompleteAsync(one.Proof, one.Step, OpaqueToken.Make().Sha256, "passkey", Source)));

        Assert.Single(ends, end => end is not null);
        Assert.Equal((1, 10, 1), (await CountAsync($"select (select count(*) from totp where user_id = '{user}') + (select count(*) from passkey where user_id = '{user}')"), await CountAsync($"select count(*) from recovery_code where user_id = '{user}'"), await CountAsync($"select count(*) from sign_in where user_id = '{user}'")));
    }

    [Fact]
    public async Task Employees_last_passkey_takes_the_recovery_codes_along_and_changes_want_a_fresh_sign_in()
    {
        await using var api = await StartAsync();
        await api.UserAsync("luisa");
        var token = TestApi.With(await api.TokenAsync("luisa", Audience.Employee));
        using var passkey = new TestPasskey();
        await AddAsync(api, token, passkey);
        var factors = new Factors.FactorsClient(api.Calls);
        var id = (await factors.ListAsync(new(), token)).Passkeys.Single().PasskeyId;

        await ExecuteAsync("update sign_in set created_at = now() - interval '11 minutes' where user_id = (select user_id from app_user where user_name = 'luisa')");
        Assert.Equal("SIGN_IN_AGAIN", await WhyNotAsync(async () => await factors.BeginPasskeyAsync(new(), token)));
        Assert.Equal("SIGN_IN_AGAIN", await WhyNotAsync(async () => await factors.AddPasskeyAsync(new() { Answer = "{}", Name = "x" }, token)));
        Assert.Equal("SIGN_IN_AGAIN", await WhyNotAsync(async () => await factors.RemovePasskeyAsync(new() { PasskeyId = id }, token)));
        await ExecuteAsync("update sign_in set created_at = now() where user_id = (select user_id from app_user where user_name = 'luisa')");
        var left = await factors.RemovePasskeyAsync(new() { PasskeyId = id }, token);

        Assert.Equal((0, 0u), (left.Passkeys.Count, left.RecoveryCodesLeft));
        Assert.IsType<SignInOutcome.SignedIn>(await api.Get<SignInUser>().RunAsync("luisa", TestApi.Password, Audience.Employee, Source, null, Ct));
        Assert.Equal(2, await CountAsync("select count(*) from audit_event join audit_open using (audit_id) where action in ('factor.add', 'factor.remove') and texts::text like '%\"reference\": \"passkey\"%' and texts::text like '%\"actor\": \"luisa\"%'"));
    }

    [Fact]
    public async Task Reset_takes_passkeys_too_and_an_open_question_is_kept_sealed()
    {
        await using var api = await StartAsync();
        await api.UserAsync("marta");
        await api.UserAsync("nadia", administrator: true);
        using var passkey = new TestPasskey();
        await AddAsync(api, TestApi.With(await api.TokenAsync("marta", Audience.Employee)), passkey);
        var question = await BeginAsync(api);
        var challenge = JsonNode.Parse(question.Options)!["challenge"]!.GetValue<string>();
        Assert.DoesNotContain(Convert.ToHexString(Encoding.ASCII.GetBytes(challenge)), await TextAsync("select string_agg(encode(state, 'hex'), ' ') from passkey_challenge"), StringComparison.OrdinalIgnoreCase);

        await new Users.UsersClient(api.Calls).ResetFactorsAsync(new() { UserName = "marta" }, TestApi.With(await api.TokenAsync("nadia", Audience.Administrator)));

        Assert.Equal("PASSKEY_UNKNOWN", await WhyNotAsync(() => AloneAsync(api, passkey)));
        Assert.IsType<SignInOutcome.SignedIn>(await api.Get<SignInUser>().RunAsync("marta", TestApi.Password, Audience.Employee, Source, null, Ct));
    }

    [Fact]
    public async Task One_network_has_so_many_open_questions_and_wrong_answers_of_it_are_slowed_down()
    {
        await using var api = await StoppedAsync(("Identity:FreeAttemptsPerSource", "3"));
        for (var n = 0; n < 3; n++) Assert.Equal("PASSKEY_UNKNOWN", await WhyNotAsync(async () => await SignInAsync(api, (await BeginAsync(api)).Challenge, "{\"id\":\"AAAA\"}")));
        Assert.Equal("SIGN_IN_BUSY", await WhyNotAsync(async () => await SignInAsync(api, (await BeginAsync(api)).Challenge, "{}")));

        await ExecuteAsync("insert into passkey_challenge (holder_sha256, purpose, state, source) select sha256(n::text::bytea), 'alone', '', '192.0.2.0' from generate_series(1, 500) n");
        Assert.Equal("SIGN_IN_BUSY", await WhyNotAsync(async () => await BeginAsync(api)));
        Assert.NotEmpty((await new PasskeySignIn.PasskeySignInClient(api.Calls).BeginAsync(new() { ClientAddress = "198.51.100.1" }, cancellationToken: Ct)).Challenge);
        await ExecuteAsync("delete from passkey_challenge");
    }

    [Fact]
    public async Task Without_a_host_name_passkeys_are_off_and_say_so()
    {
        await using var api = await TestApi.StartAsync(database);
        await api.UserAsync("olga");
        var token = TestApi.With(await api.TokenAsync("olga", Audience.Employee));

        Assert.Equal("", (await new PasskeySignIn.PasskeySignInClient(api.Calls).GetPlaceAsync(new(), cancellationToken: Ct)).Host);
        Assert.Equal("PASSKEYS_OFF", await WhyNotAsync(async () => await BeginAsync(api)));
        Assert.Equal("PASSKEYS_OFF", await WhyNotAsync(async () => await new Factors.FactorsClient(api.Calls).BeginPasskeyAsync(new(), token)));
    }

    [Theory]
    [InlineData("", "https://portal.example.pt", "Passkeys:Host is not")]
    [InlineData("10.0.0.1", "https://10.0.0.1", "An address of numbers has no passkeys")]
    [InlineData("example.pt", null, "Origins is empty")]
    [InlineData("example.pt", "http://portal.example.pt", "use https")]
    [InlineData("example.pt", "https://portal.example.pt/sign-in", "use https")]
    [InlineData("example.pt", "https://portal-example.pt", "is not example.pt nor below it")]
    public void Settings_say_what_is_wrong(string host, string? origin, string problem)
    {
        var options = new PasskeyOptions { Host = host };
        if (origin is not null) options.Origins.Add(origin);
        Assert.Contains(problem, Assert.Single(options.Problems()), StringComparison.Ordinal);
    }

    private Task<TestApi> StartAsync(params (string, string)[] more) => TestApi.StartAsync(database, null, [.. TestPasskey.Settings, .. more]);

    // Its clock stands still: a delay of a second is not over before the next try, however slow the machine is.
    private Task<TestApi> StoppedAsync(params (string, string)[] more) => TestApi.StartAsync(database, new FakeTimeProvider(DateTimeOffset.UtcNow), [.. TestPasskey.Settings, .. more]);

    private static SecondStep.SecondStepClient Steps(TestApi api) => new(api.Calls);

    private static async Task<RecoveryCodes> AddAsync(TestApi api, CallOptions token, TestPasskey passkey, string name = "Telemóvel")
    {
        var factors = new Factors.FactorsClient(api.Calls);
        var question = await factors.BeginPasskeyAsync(new(), token);
        return await factors.AddPasskeyAsync(new() { Answer = passkey.Make(question.Options), Name = name }, token);
    }

    private static async Task<string> AskNewAsync(TestApi api, SignInOutcome.SecondStep step) => (await Steps(api).BeginNewPasskeyAsync(new() { Step = step.Token }, cancellationToken: Ct)).Options;

    private static async Task<StepDone> EnrolAsync(TestApi api, SignInOutcome.SecondStep step, string answer, string name = "Chave") =>
        await Steps(api).EnrolPasskeyAsync(new() { Step = step.Token, Answer = answer, Name = name, ClientAddress = Source }, cancellationToken: Ct);

    private static async Task<string> AskAsync(TestApi api, SignInOutcome.SecondStep step) => (await Steps(api).BeginPasskeyAsync(new() { Step = step.Token }, cancellationToken: Ct)).Options;

    private static async Task<StepDone> AnswerAsync(TestApi api, SignInOutcome.SecondStep step, string answer) =>
        await Steps(api).ProvePasskeyAsync(new() { Step = step.Token, Answer = answer, ClientAddress = Source }, cancellationToken: Ct);

    private static async Task<StepDone> ProveAsync(TestApi api, SignInOutcome.SecondStep step, TestPasskey passkey) => await AnswerAsync(api, step, passkey.Show(await AskAsync(api, step)));

    private static async Task<PasskeyQuestion> BeginAsync(TestApi api) => await new PasskeySignIn.PasskeySignInClient(api.Calls).BeginAsync(new() { ClientAddress = Source }, cancellationToken: Ct);

    private static async Task<StepDone> SignInAsync(TestApi api, string challenge, string answer, bool atConsole = false) => await new PasskeySignIn.PasskeySignInClient(api.Calls).SignInAsync(
        new() { Challenge = challenge, Answer = answer, AtConsole = atConsole, ClientName = "Firefox", ClientAddress = Source }, cancellationToken: Ct);

    private static async Task<StepDone> AloneAsync(TestApi api, TestPasskey passkey, bool atConsole = false)
    {
        var question = await BeginAsync(api);
        return await SignInAsync(api, question.Challenge, passkey.Show(question.Options, atConsole ? TestPasskey.Console : TestPasskey.Portal), atConsole);
    }

    private static async Task<SignInOutcome.SecondStep> StepAsync(TestApi api, string userName, Audience audience) =>
        Assert.IsType<SignInOutcome.SecondStep>(await api.Get<SignInUser>().RunAsync(userName, TestApi.Password, audience, Source, "", Ct));

    private async Task<Guid> IdOfAsync(string userName) => Guid.Parse(await TextAsync($"select user_id::text from app_user where user_name = '{userName}'"));

    private async Task<long> CountAsync(string sql)
    {
        await using var connection = await database.DataSource.OpenConnectionAsync(Ct);
        return await connection.QuerySingleAsync<long>(sql);
    }

    private async Task<string> TextAsync(string sql)
    {
        await using var connection = await database.DataSource.OpenConnectionAsync(Ct);
        return await connection.QuerySingleAsync<string>(sql);
    }

    private async Task ExecuteAsync(string sql)
    {
        await using var connection = await database.DataSource.OpenConnectionAsync(Ct);
        await connection.ExecuteAsync(sql);
    }
}
