using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Dapper;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Montalegre.Vdi.Broker.Launch;
using Montalegre.Vdi.Broker.Tests.Administration;
using Status = Montalegre.Vdi.Contracts.Admin.V1.Status;
using Montalegre.Vdi.Broker.Tests.Storage;
using Montalegre.Vdi.Contracts.Admin.V1;
using Npgsql;

namespace Montalegre.Vdi.Broker.Tests.Hosting;

public sealed class FailureTests(TestCluster cluster) : IAsyncLifetime
{
    private readonly TestBroker _broker = new(cluster);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => _broker.StartAsync([]);

    public ValueTask DisposeAsync() => _broker.DisposeAsync();

    [Fact]
    public async Task Lost_database_is_answered_as_such_and_the_broker_serves_again_when_it_is_back()
    {
        var name = new NpgsqlConnectionStringBuilder(_broker.Database.ConnectionString).Database!;
        await cluster.Cluster.SqlAsync("postgres", $"alter database {name} allow_connections false;");

        // A connection that was just being opened is not listed yet: until none is left.
        RpcException? refusal = null;
        await Eventually.IsTrueAsync(async () =>
        {
            await cluster.Cluster.SqlAsync("postgres", $"select pg_terminate_backend(pid) from pg_stat_activity where datname = '{name}';");
            return (refusal = await Record.ExceptionAsync(GetStatusAsync) as RpcException) is not null;
        }, "the database is lost");
        using var ready = await _broker.Http(_broker.ApiAddress).GetAsync("/healthz/ready", Token);
        using var live = await _broker.Http(_broker.ApiAddress).GetAsync("/healthz/live", Token);
        await cluster.Cluster.SqlAsync("postgres", $"alter database {name} allow_connections true;");

        Assert.Equal(StatusCode.Unavailable, refusal!.StatusCode);
        Assert.Equal("DATABASE_UNAVAILABLE", refusal!.Trailers.GetValue("reason"));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, ready.StatusCode);
        Assert.Equal(HttpStatusCode.OK, live.StatusCode);
        Assert.False((await GetStatusAsync()).SetUpDone);
    }

    // One service that ends takes the whole broker with it.
    [Fact]
    public async Task Nothing_that_runs_by_itself_ends_when_the_database_fails_and_it_goes_on_afterwards()
    {
        var (pool, machine) = (Guid.NewGuid(), Guid.NewGuid());
        await using var owner = await _broker.Database.Owner.OpenConnectionAsync(Token);
        await owner.ExecuteAsync("""
            insert into pool (pool_id, name, kind, size) values (@pool, 'postos', 'manual', 1);
            insert into machine (machine_id, pool_id, name, ordinal, manual, state, power) values (@machine, @pool, 'posto', 1, true, 'available', 'on');
            """, new { pool, machine });
        var rung = _broker.Services.GetRequiredService<LaunchDoorbell>().NextRing(new(pool));
        await owner.ExecuteAsync("alter table machine rename to machine_away; alter table session rename to session_away; alter table host rename to host_away");
        await owner.ExecuteAsync("insert into change (kind, object_id) select kind, @machine from unnest(array['machine', 'session', 'rollout', 'alert', 'setting', 'image', 'right']) kind", new { machine });
        await AdminMethods.EverythingIsToldAsync(_broker);
        await Task.Delay(TimeSpan.FromSeconds(3), Token);      // and what goes by the clock comes to its turn

        await owner.ExecuteAsync("alter table machine_away rename to machine; alter table session_away rename to session; alter table host_away rename to host");
        await owner.ExecuteAsync("insert into change (kind, object_id) values ('machine', @machine)", new { machine });

        await rung.WaitAsync(TimeSpan.FromMinutes(1), Token);
        Assert.False(_broker.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping.IsCancellationRequested);
    }

    [Fact]
    public async Task Full_disk_has_its_own_reason()
    {
        await ReplaceUsersAsync("raise exception 'could not extend file: No space left on device' using errcode = '53100';");

        var refusal = await Assert.ThrowsAsync<RpcException>(GetStatusAsync);

        Assert.Equal("DISK_FULL", refusal.Trailers.GetValue("reason"));
    }

    [Fact]
    public async Task Defect_of_ours_is_answered_with_a_reference_and_nothing_of_its_inside()
    {
        await ReplaceUsersAsync("raise exception 'canary-of-the-inside';");

        var refusal = await Assert.ThrowsAsync<RpcException>(GetStatusAsync);

        Assert.Equal(StatusCode.Internal, refusal.StatusCode);
        Assert.Equal("INTERNAL", refusal.Trailers.GetValue("reason"));
        var reference = Assert.IsType<string>(refusal.Trailers.GetValue("reference"));
        Assert.Contains(reference, refusal.Status.Detail, StringComparison.Ordinal);
        Assert.DoesNotContain("canary", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Refusal_over_rest_says_the_same_reason_in_json()
    {
        await ReplaceUsersAsync("raise exception 'canary-of-the-inside';");

        using var response = await _broker.Http(_broker.ApiAddress).GetAsync("/v1/status", Token);

        Assert.Equal(HttpStatusCode.InternalServerError, response.StatusCode);
        var status = await response.Content.ReadFromJsonAsync<JsonElement>(Token);
        Assert.Equal("INTERNAL", status.GetProperty("details")[0].GetProperty("reason").GetString());
        Assert.DoesNotContain("canary", status.GetRawText(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Body_over_a_megabyte_is_refused_before_the_service_sees_it()
    {
        using var body = new StringContent($$"""{"userName":"{{new string('x', 1 << 20)}}"}""", new System.Net.Http.Headers.MediaTypeHeaderValue("application/json"));

        using var response = await _broker.Http(_broker.ApiAddress).PostAsync("/v1/sign-in", body, Token);

        Assert.False(response.IsSuccessStatusCode);
        Assert.NotEqual(HttpStatusCode.Unauthorized, response.StatusCode);
    }

    private async Task<Status> GetStatusAsync() =>
        await new Administrators.AdministratorsClient(_broker.Api()).GetStatusAsync(new GetStatusRequest(), cancellationToken: Token);

    // The real database, with one table that fails as a full disk or a defect would make it fail.
    private async Task ReplaceUsersAsync(string failure)
    {
        await using var owner = await _broker.Database.Owner.OpenConnectionAsync(Token);
        await owner.ExecuteAsync($"""
            create function fail() returns boolean language plpgsql as $$ begin {failure} end $$;
            alter table app_user rename to app_user_away;
            create view app_user as select * from app_user_away where fail();
            insert into app_user_away (user_id, user_name, display_name, administrator) values (gen_random_uuid(), 'somebody', 'Somebody', true);
            grant select on app_user to montalegre_app;
            """);
    }
}
