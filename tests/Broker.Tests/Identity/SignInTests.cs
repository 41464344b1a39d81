using Dapper;
using Microsoft.Extensions.Time.Testing;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Tests.Identity;

public sealed class SignInTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Right_password_gives_a_token_that_names_its_user_for_eight_hours()
    {
        await using var api = await TestApi.StartAsync(database);
        var user = await api.UserAsync("ana");

        var outcome = await api.Get<SignInUser>().RunAsync(" ANA ", TestApi.Password, Audience.Employee, "192.0.2.7", "", Ct);

        var done = Assert.IsType<SignInOutcome.SignedIn>(outcome);
        var caller = await api.Get<CallerDirectory>().FindAsync(done.Token, Ct);
        Assert.Equal((user.Id, "ana", Audience.Employee, "192.0.2.7"), (caller!.User, caller.UserName, caller.Audience, caller.SourceAddress));
        Assert.InRange(done.ExpiresAt - DateTimeOffset.UtcNow, TimeSpan.FromHours(7.9), TimeSpan.FromHours(8.1));
        Assert.Equal(("sign_in.ok", "ok", "192.0.2.7"), await LastAuditAsync(user.Id));
        Assert.DoesNotContain(done.Token, done.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Database_never_holds_the_token_itself()
    {
        await using var api = await TestApi.StartAsync(database);
        await api.UserAsync("berta");
        var token = await api.TokenAsync("berta", Audience.Employee);

        await using var connection = await database.DataSource.OpenConnectionAsync(Ct);
        var rows = await connection.QueryAsync<string>("select sign_in::text from sign_in union all select audit_event::text || texts from audit_event join audit_open using (audit_id)");
        var bits = Convert.ToHexString(System.Buffers.Text.Base64Url.DecodeFromChars(token));
        Assert.DoesNotContain(rows, row => row.Contains(token, StringComparison.Ordinal) || row.Contains(bits, StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public async Task Wrong_password_unknown_name_and_disabled_user_get_the_same_answer()
    {
        await using var api = await TestApi.StartAsync(database);
        var known = await api.UserAsync("carla");
        var disabled = await api.UserAsync("dina");
        await ExecuteAsync("update app_user set enabled = false where user_name = 'dina'");
        var signIn = api.Get<SignInUser>();

        var wrong = await signIn.RunAsync("carla", "not the password", Audience.Employee, "192.0.2.7", "", Ct);
        var unknown = await signIn.RunAsync("hunter2hunter2", TestApi.Password, Audience.Employee, "192.0.2.7", "", Ct);
        var kept = await signIn.RunAsync("dina", TestApi.Password, Audience.Employee, "192.0.2.7", "", Ct);

        var expected = new SignInOutcome.Refused(RefusalReason.SignInFailed);
        Assert.Equal([expected, expected, expected], new[] { wrong, unknown, kept });
        Assert.Equal(("sign_in.failed", "SIGN_IN_FAILED", "192.0.2.7"), await LastAuditAsync(known.Id));
        Assert.Equal(("sign_in.failed", "SIGN_IN_FAILED", "192.0.2.7"), await LastAuditAsync(disabled.Id));
        Assert.Equal(0, await CountAsync("select count(*) from audit_event join audit_open using (audit_id) where audit_event::text || texts like '%hunter2%'"));
        Assert.Equal(1, await CountAsync("select count(*) from audit_event where actor = 'unknown'"));
    }

    [Fact]
    public async Task Unknown_name_is_hashed_like_a_known_one()
    {
        await using var api = await TestApi.StartAsync(database, null, ("Identity:HashWorkers", "1"), ("Identity:HashWaiting", "1"));
        using var release = new ManualResetEventSlim();
        using var running = new SemaphoreSlim(0);
        var queue = api.Get<PasswordQueue>();
        var first = queue.TryRun(() => { running.Release(); release.Wait(TimeSpan.FromMinutes(2)); return 0; });
        Assert.True(await running.WaitAsync(TimeSpan.FromSeconds(60), Ct));
        var second = queue.TryRun(() => 0);

        var outcome = await api.Get<SignInUser>().RunAsync("nobody.here", "x", Audience.Employee, "192.0.2.7", "", Ct);

        Assert.Equal(new SignInOutcome.Refused(RefusalReason.SignInBusy), outcome);
        release.Set();
        await Task.WhenAll(first!, second!);
    }

    [Fact]
    public async Task Of_200_sign_ins_at_once_each_is_served_or_told_to_come_back()
    {
        await using var api = await TestApi.StartAsync(database, null, ("Identity:HashIterations", "100000"), ("Identity:HashWorkers", "2"), ("Identity:HashWaiting", "50"));
        var hash = await api.Get<Passwords>().HashAsync(TestApi.Password);
        await using (var connection = await database.DataSource.OpenConnectionAsync(Ct))
        {
            await connection.ExecuteAsync("insert into app_user (user_id, user_name, display_name, password_hash) select gen_random_uuid(), 'rush' || n, '', @hash from generate_series(1, 200) n", new { hash });
        }
        var signIn = api.Get<SignInUser>();
        // Both threads hash nothing until somebody was told to come back, as if all 200 had arrived at once.
        using var release = new ManualResetEventSlim();
        using var running = new SemaphoreSlim(0);
        var held = Enumerable.Range(0, 2).Select(_ => api.Get<PasswordQueue>().TryRun(() => { running.Release(); release.Wait(TimeSpan.FromMinutes(2)); return 0; })!).ToList();
        foreach (var _ in held) Assert.True(await running.WaitAsync(TimeSpan.FromSeconds(60), Ct));

        var all = Enumerable.Range(1, 200).Select(n => signIn.RunAsync($"rush{n}", TestApi.Password, Audience.Employee, "192.0.2.7", "", Ct)).ToList();
        await Task.WhenAny(all);
        release.Set();
        var outcomes = await Task.WhenAll(all);
        await Task.WhenAll(held);

        var served = outcomes.Count(o => o is SignInOutcome.SignedIn);
        var busy = outcomes.Count(o => o is SignInOutcome.Refused { Reason: RefusalReason.SignInBusy });
        Assert.Equal(200, served + busy);
        Assert.InRange(served, 50, 199);
        Assert.IsType<SignInOutcome.SignedIn>(await signIn.RunAsync("rush1", TestApi.Password, Audience.Employee, "192.0.2.7", "", Ct));
    }

    [Fact]
    public async Task Old_hash_is_made_anew_at_the_next_sign_in()
    {
        await using (var before = await TestApi.StartAsync(database)) await before.UserAsync("eva");
        var old = await HashOfAsync("eva");
        await using var api = await TestApi.StartAsync(database, null, ("Identity:HashIterations", "2000"));

        await api.TokenAsync("eva", Audience.Employee);
        var renewed = await HashOfAsync("eva");
        await api.TokenAsync("eva", Audience.Employee);

        Assert.NotEqual(old, renewed);
        Assert.Equal(renewed, await HashOfAsync("eva"));
    }

    [Fact]
    public async Task After_wrong_passwords_even_the_right_one_has_to_wait_and_then_works()
    {
        var time = new FakeTimeProvider();
        await using var api = await TestApi.StartAsync(database, time, ("Identity:FreeAttemptsPerAccount", "3"));
        await api.UserAsync("filipa");
        var signIn = api.Get<SignInUser>();
        for (var attempt = 0; attempt < 3; attempt++) await signIn.RunAsync("filipa", "wrong", Audience.Employee, "192.0.2.7", "", Ct);

        Assert.Equal(new SignInOutcome.Refused(RefusalReason.SignInBusy, "1 s"), await signIn.RunAsync("filipa", TestApi.Password, Audience.Employee, "198.51.100.1", "", Ct));
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.IsType<SignInOutcome.SignedIn>(await signIn.RunAsync("filipa", TestApi.Password, Audience.Employee, "198.51.100.1", "", Ct));
        Assert.IsType<SignInOutcome.SignedIn>(await signIn.RunAsync("filipa", TestApi.Password, Audience.Employee, "198.51.100.1", "", Ct));
    }

    [Fact]
    public async Task Employee_is_not_let_into_administration_even_with_the_right_password()
    {
        await using var api = await TestApi.StartAsync(database);
        await api.UserAsync("gil");

        var outcome = await api.Get<SignInUser>().RunAsync("gil", TestApi.Password, Audience.Administrator, "192.0.2.7", "", Ct);

        Assert.Equal(new SignInOutcome.Refused(RefusalReason.NotAllowed), outcome);
    }

    private async Task<(string Action, string Outcome, string Source)> LastAuditAsync(UserId user)
    {
        await using var connection = await database.DataSource.OpenConnectionAsync(Ct);
        return await connection.QueryFirstAsync<(string, string, string)>(
            """
              select action, outcome, coalesce(nullif(source_address, ''), jsonb_path_query_first(texts, '$.*.source_address') #>> '{}')
                from audit_event
                join audit_open using (audit_id)
               where object_id = @user
            order by audit_id desc
            """, new { user });
    }

    private async Task<string> HashOfAsync(string userName)
    {
        await using var connection = await database.DataSource.OpenConnectionAsync(Ct);
        return await connection.QuerySingleAsync<string>("select password_hash from app_user where user_name = @userName", new { userName });
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
