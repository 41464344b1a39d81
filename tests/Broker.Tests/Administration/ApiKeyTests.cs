using System.Net;
using Dapper;
using Grpc.Core;
using Microsoft.Extensions.Time.Testing;
using Montalegre.Vdi.Broker.Administration;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Broker.Tests.Identity;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Contracts.Identity.V1;
using Audience = Montalegre.Vdi.Broker.Identity.Audience;
using static Montalegre.Vdi.Broker.Tests.Identity.TestCalls;

namespace Montalegre.Vdi.Broker.Tests.Administration;

public sealed class ApiKeyTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly FakeTimeProvider _time = new(DateTimeOffset.UtcNow);
    private readonly string _x = Guid.NewGuid().ToString("N")[..8];

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Program_calls_with_a_key_and_the_audit_record_names_it()
    {
        await using var api = await StartAsync();
        var made = await new ApiKeys.ApiKeysClient(api.Calls).MakeAsync(new() { Name = $"nightly-{_x}", Role = "administrator", Days = 30 }, TestApi.With(await BossAsync(api)));
        Assert.StartsWith("mvdi_key_", made.Secret, StringComparison.Ordinal);
        Assert.InRange((made.Key.ExpiresAt - made.Key.CreatedAt).ToTimeSpan(), TimeSpan.FromDays(29), TimeSpan.FromDays(31));

        var group = await new Contracts.Admin.V1.Groups.GroupsClient(api.Calls).CreateAsync(new() { Name = $"Obras {_x}" }, TestApi.With(made.Secret));
        var entry = Assert.Single(await api.Get<AuditStore>().ListAsync(0, 10, new(Guid.Parse(group.GroupId)), PoolScope.Everything, Ct));
        Assert.Equal(($"key:nightly-{_x}", "group.create", "127.0.0.1"), (entry.Actor, entry.Action, entry.SourceAddress));

        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/users") { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact, Headers = { Authorization = new("Bearer", made.Secret) } };
        using var answer = await api.Http.SendAsync(request, Ct);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    [Fact]
    public async Task Secret_is_stored_nowhere_and_a_key_of_the_same_bits_without_prefix_is_none()
    {
        await using var api = await StartAsync();
        var boss = TestApi.With(await BossAsync(api));
        var keys = new ApiKeys.ApiKeysClient(api.Calls);
        var made = await keys.MakeAsync(new() { Name = $"k-{_x}", Role = "auditor", Days = 1 }, boss);

        Assert.DoesNotContain(made.Secret, (await keys.ListAsync(new(), boss)).ToString(), StringComparison.Ordinal);
        await using var connection = await database.DataSource.OpenConnectionAsync(Ct);
        var stored = await connection.QuerySingleAsync<string>("select k::text from api_key k where name = @name", new { name = $"k-{_x}" });
        Assert.DoesNotContain(made.Secret["mvdi_key_".Length..], stored, StringComparison.Ordinal);
        Assert.Equal("SIGN_IN_EXPIRED", await ReasonAsync(api, made.Secret["mvdi_key_".Length..]));
        Assert.Equal("API_KEY_INVALID", await ReasonAsync(api, "mvdi_key_" + await BossAsync(api)));
        Assert.Equal("API_KEY_INVALID", await ReasonAsync(api, "mvdi_key_"));
    }

    [Fact]
    public async Task Revoked_and_expired_keys_open_nothing()
    {
        await using var api = await StartAsync();
        var boss = TestApi.With(await BossAsync(api));
        var keys = new ApiKeys.ApiKeysClient(api.Calls);
        var (revoked, expired) = (await keys.MakeAsync(new() { Name = $"r-{_x}", Role = "read_only", Days = 365 }, boss), await keys.MakeAsync(new() { Name = $"e-{_x}", Role = "read_only", Days = 1 }, boss));
        Assert.Equal("", await ReasonAsync(api, revoked.Secret));

        await keys.RevokeAsync(new() { ApiKeyId = revoked.Key.ApiKeyId }, boss);
        await using var connection = await database.DataSource.OpenConnectionAsync(Ct);
        await connection.ExecuteAsync("update api_key set expires_at = now() - interval '1 second' where name = @name", new { name = $"e-{_x}" });

        Assert.Equal("API_KEY_INVALID", await ReasonAsync(api, revoked.Secret));    // at once: this node was told
        Assert.Equal("API_KEY_INVALID", await ReasonAsync(api, expired.Secret));
        Assert.True((await keys.ListAsync(new(), boss)).Keys.Single(k => k.Name == $"e-{_x}").Expired);
        Assert.Equal("NOT_FOUND", await WhyNotAsync(async () => await keys.RevokeAsync(new() { ApiKeyId = revoked.Key.ApiKeyId }, boss)));
    }

    [Fact]
    public async Task Key_is_never_worth_more_than_its_maker_and_ends_with_him()
    {
        await using var api = await StartAsync();
        var boss = TestApi.With(await BossAsync(api));
        var (keys, roles, users) = (new ApiKeys.ApiKeysClient(api.Calls), new Roles.RolesClient(api.Calls), new Users.UsersClient(api.Calls));
        await roles.SetAsync(new() { Name = $"maker_{_x}", Permissions = { "api_keys.manage", "users.read", "roles.read" } }, boss);
        await api.UserAsync($"rui{_x}");
        var grant = await roles.GrantAsync(new() { UserName = $"rui{_x}", Role = $"maker_{_x}" }, boss);
        var maker = TestApi.With(await api.TokenAsync($"rui{_x}", Audience.Administrator));

        Assert.Equal("PERMISSION_MISSING", await WhyNotAsync(async () => await keys.MakeAsync(new() { Name = $"m-{_x}", Role = "read_only", Days = 9 }, maker)));
        var made = await keys.MakeAsync(new() { Name = $"m-{_x}", Role = $"maker_{_x}", Days = 9 }, maker);
        Assert.Equal("NAME_TAKEN", await WhyNotAsync(async () => await keys.MakeAsync(new() { Name = $"m-{_x}", Role = $"maker_{_x}", Days = 9 }, maker)));
        Assert.Equal("INVALID_FIELD", await WhyNotAsync(async () => await keys.MakeAsync(new() { Name = $"n-{_x}", Role = $"maker_{_x}", Days = 366 }, maker)));
        Assert.Equal("INVALID_FIELD", await WhyNotAsync(async () => await keys.MakeAsync(new() { Name = $"n-{_x}", Role = $"maker_{_x}" }, maker)));
        Assert.Equal("", await ReasonAsync(api, made.Secret));
        // A key makes none, and changes nothing of the account in whose name it calls.
        Assert.Equal("NOT_ALLOWED", await WhyNotAsync(async () => await keys.MakeAsync(new() { Name = $"n-{_x}", Role = $"maker_{_x}", Days = 9 }, TestApi.With(made.Secret))));
        Assert.Equal("NOT_ALLOWED", await WhyNotAsync(async () => await new Factors.FactorsClient(api.Calls).ListAsync(new(), TestApi.With(made.Secret))));

        // What the maker may no more, the key may no more: here as an administrator takes the whole of his role and gives another.
        await roles.GrantAsync(new() { UserName = $"rui{_x}", Role = "read_only" }, boss);
        await roles.TakeAwayAsync(new() { GrantId = grant.GrantId }, boss);
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(["users.read"], (await roles.MineAsync(new(), TestApi.With(made.Secret))).Permissions.Select(p => p.Permission));

        await users.SetEnabledAsync(new() { UserName = $"rui{_x}", Enabled = false }, boss);
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal("API_KEY_INVALID", await ReasonAsync(api, made.Secret));
        Assert.False((await keys.ListAsync(new(), boss)).Keys.Single(k => k.Name == $"m-{_x}").MakerActive);
        Assert.Equal("IN_USE", await WhyNotAsync(async () => await roles.DeleteAsync(new() { Name = $"maker_{_x}" }, boss)));
    }

    [Fact]
    public async Task Key_for_one_pool_holds_there_only_and_who_manages_that_pools_keys_sees_no_others()
    {
        await using var api = await StartAsync();
        var boss = TestApi.With(await BossAsync(api));
        var (keys, roles) = (new ApiKeys.ApiKeysClient(api.Calls), new Roles.RolesClient(api.Calls));
        var (pool, other) = (Guid.NewGuid(), Guid.NewGuid());
        await using (var connection = await database.DataSource.OpenConnectionAsync(Ct))
            await connection.ExecuteAsync("insert into pool (pool_id, name, kind, size) values (@pool, @x || '-a', 'manual', 1), (@other, @x || '-b', 'manual', 1)", new { pool, other, x = _x });
        await roles.SetAsync(new() { Name = $"local_{_x}", Permissions = { "api_keys.manage", "api_keys.read", "machines.read" } }, boss);
        await api.UserAsync($"ines{_x}");
        await roles.GrantAsync(new() { UserName = $"ines{_x}", Role = $"local_{_x}", ScopePoolId = pool.ToString() }, boss);
        var ines = TestApi.With(await api.TokenAsync($"ines{_x}", Audience.Administrator));
        var far = await keys.MakeAsync(new() { Name = $"far-{_x}", Role = "read_only", PoolId = other.ToString(), Days = 9 }, boss);

        Assert.Equal("NOT_FOUND", await WhyNotAsync(async () => await keys.MakeAsync(new() { Name = $"p-{_x}", Role = $"local_{_x}", PoolId = other.ToString(), Days = 9 }, ines)));
        Assert.Equal("PERMISSION_MISSING", await WhyNotAsync(async () => await keys.MakeAsync(new() { Name = $"p-{_x}", Role = $"local_{_x}", Days = 9 }, ines)));
        Assert.Equal([$"local_{_x}"], (await keys.ListRolesAsync(new() { PoolId = pool.ToString() }, ines)).Roles.Select(r => r.Name));
        Assert.Equal("PERMISSION_MISSING", await WhyNotAsync(async () => await keys.ListRolesAsync(new(), ines)));
        Assert.Equal("NOT_FOUND", await WhyNotAsync(async () => await keys.ListRolesAsync(new() { PoolId = other.ToString() }, ines)));
        Assert.Contains("administrator", (await keys.ListRolesAsync(new(), boss)).Roles.Select(r => r.Name));
        var made = await keys.MakeAsync(new() { Name = $"p-{_x}", Role = $"local_{_x}", PoolId = pool.ToString(), Days = 9 }, ines);
        Assert.Equal([$"p-{_x}"], (await keys.ListAsync(new(), ines)).Keys.Select(k => k.Name));
        Assert.Equal("NOT_FOUND", await WhyNotAsync(async () => await keys.RevokeAsync(new() { ApiKeyId = far.Key.ApiKeyId }, ines)));
        Assert.All((await roles.MineAsync(new(), TestApi.With(made.Secret))).Permissions, p => Assert.Equal([pool.ToString()], p.PoolIds));
        await keys.RevokeAsync(new() { ApiKeyId = made.Key.ApiKeyId }, ines);
    }

    [Fact]
    public async Task Last_use_is_written_once_a_minute()
    {
        await using var api = await StartAsync();
        var made = await new ApiKeys.ApiKeysClient(api.Calls).MakeAsync(new() { Name = $"u-{_x}", Role = "read_only", Days = 9 }, TestApi.With(await BossAsync(api)));
        Assert.Null(made.Key.LastUsedAt);
        await using var connection = await database.DataSource.OpenConnectionAsync(Ct);

        async Task<bool> WritesAsync(string before)
        {
            var versions = new HashSet<string> { await connection.QuerySingleAsync<string>($"update api_key set last_used_at = {before} where name = @name returning xmin::text", new { name = $"u-{_x}" }) };
            _time.Advance(TimeSpan.FromSeconds(2));
            Assert.Equal("", await ReasonAsync(api, made.Secret));
            return versions.Add(await connection.QuerySingleAsync<string>("select xmin::text from api_key where name = @name", new { name = $"u-{_x}" }));
        }
        Assert.True(await WritesAsync("null"));
        Assert.False(await WritesAsync("now() - interval '10 seconds'"));
        Assert.True(await WritesAsync("now() - interval '61 seconds'"));
        Assert.Equal("127.0.0.1", (await api.Get<ApiKeyStore>().FindAsync(Guid.Parse(made.Key.ApiKeyId), Ct))!.LastUsedFrom);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Stream_that_says_nothing_ends_within_five_seconds_of_what_it_was_opened_with(bool byKey)
    {
        await using var api = await StartAsync();
        var boss = TestApi.With(await BossAsync(api));
        var keys = new ApiKeys.ApiKeysClient(api.Calls);
        await api.UserAsync($"lia{_x}", administrator: true);
        var made = await keys.MakeAsync(new() { Name = $"s-{_x}", Role = "read_only", Days = 9 }, boss);
        var bearer = byKey ? made.Secret : await api.TokenAsync($"lia{_x}", Audience.Administrator);
        var (began, handlerEnded) = (new TaskCompletionSource(), new TaskCompletionSource());
        var stream = api.Get<BearerInterceptor>().ServerStreamingServerHandler<WatchSessionsRequest, SessionsUpdate>(new(), null!, new BearerTests.BareCall("/montalegre.vdi.admin.v1.Sessions/Watch", $"Bearer {bearer}"), async (_, _, call) =>
        {
            began.SetResult();
            try { await Task.Delay(Timeout.Infinite, call.CancellationToken); }
            finally { handlerEnded.SetResult(); }
        });
        await began.Task.WaitAsync(Patience, Ct);
        for (var n = 0; n < 3; n++) _time.Advance(TimeSpan.FromSeconds(2));
        Assert.False(stream.IsCompleted);

        if (byKey) await keys.RevokeAsync(new() { ApiKeyId = made.Key.ApiKeyId }, boss);
        else await new Users.UsersClient(api.Calls).SetEnabledAsync(new() { UserName = $"lia{_x}", Enabled = false }, boss);
        _time.Advance(TimeSpan.FromSeconds(2));
        _time.Advance(TimeSpan.FromSeconds(2));

        var refused = await Assert.ThrowsAsync<RpcException>(() => stream.WaitAsync(Patience, Ct));
        Assert.Equal(byKey ? "API_KEY_INVALID" : "SIGN_IN_EXPIRED", refused.Trailers.GetValue("reason"));
        await handlerEnded.Task.WaitAsync(Patience, Ct);
    }

    private Task<TestApi> StartAsync() => TestApi.StartAsync(database, _time);

    private async Task<string> BossAsync(TestApi api)
    {
        if (await api.Get<UserStore>().FindAsync($"boss{_x}", Ct) is null) await api.UserAsync($"boss{_x}", administrator: true);
        return await api.TokenAsync($"boss{_x}", Audience.Administrator);
    }

    /// <summary>Empty: the call went through.</summary>
    private static async Task<string?> ReasonAsync(TestApi api, string bearer)
    {
        try
        {
            await new Users.UsersClient(api.Calls).ListAsync(new(), TestApi.With(bearer));
            return "";
        }
        catch (RpcException e)
        {
            return e.Trailers.GetValue("reason");
        }
    }
}
