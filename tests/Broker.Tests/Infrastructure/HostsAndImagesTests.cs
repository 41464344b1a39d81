using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using Montalegre.Vdi.Broker.Administration;
using Montalegre.Vdi.Broker.Hypervisors;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Broker.Infrastructure;
using Montalegre.Vdi.Broker.Tests.Agents;
using Montalegre.Vdi.Broker.Tests.Identity;
using Montalegre.Vdi.Broker.Tests.Provisioning;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Domain;
using Audience = Montalegre.Vdi.Broker.Identity.Audience;

namespace Montalegre.Vdi.Broker.Tests.Infrastructure;

/// <summary>Hosts and images through the public API of a whole broker.</summary>
public sealed class HostsAndImagesTests(TestCluster cluster) : IAsyncLifetime
{
    private readonly TestBroker _broker = new(cluster) { Leads = false };
    private Contracts.Admin.V1.Infrastructure.InfrastructureClient _api = null!;
    private CallOptions _with;
    private Arrange _rows = null!;

    public async ValueTask InitializeAsync()
    {
        await _broker.InitializeAsync();
        _rows = new(_broker.Database.DataSource);
        var hash = await _broker.Services.GetRequiredService<Passwords>().HashAsync(TestApi.Password);
        await _broker.Services.GetRequiredService<UserStore>().CreateAsync(new Person(new UserId(Guid.CreateVersion7()), "rosa", "Rosa", true, true), hash!, TestApi.By);
        _with = TestApi.With(await TestFactor.AdministratorAsync(_broker.Services, "rosa", TestApi.Password));
        _api = new(_broker.Api());
    }

    public ValueTask DisposeAsync() => _broker.DisposeAsync();

    [Fact]
    public async Task Tested_host_answers_or_says_why_not_and_is_not_recorded()
    {
        var ct = TestContext.Current.CancellationToken;
        var test = new TestHost(host => new FakeHypervisor(host), _broker.Services.GetRequiredService<AuditStore>(), TimeProvider.System);
        var good = await test.RunAsync(new() { Uri = "qemu+tls://casa-1/system" }, TestApi.By, ct);
        var bad = await _api.TestHostAsync(new() { Uri = "qemu+unix:///system?socket=/no/such/socket", Network = "user" }, _with);
        var refused = await Assert.ThrowsAsync<RpcException>(async () => await _api.TestHostAsync(new() { Uri = "ftp://x/", Network = "user" }, _with));

        Assert.Equal((true, 4u, 8192ul, ""), (good.Connected, good.Cpus, good.MemoryMib, good.Error));
        Assert.False(bad.Connected);
        Assert.Contains("/no/such/socket", bad.Error, StringComparison.Ordinal);
        Assert.StartsWith("uri:", refused.Trailers.GetValue("reason-detail"), StringComparison.Ordinal);
        Assert.Empty((await _api.ListHostsAsync(new(), _with)).Hosts);
        Assert.Equal(2, await _rows.ScalarAsync<int>("select count(*)::int from audit_event where action = 'host.test'", Guid.Empty));
    }

    [Fact]
    public async Task Host_goes_only_when_nothing_is_on_it()
    {
        var host = await _api.AddHostAsync(new() { Name = "casa-1", Uri = "qemu+unix:///system?socket=/no/such/socket", Network = "user", StoragePath = "/srv/montalegre" }, _with);
        var silent = await Assert.ThrowsAsync<RpcException>(async () => await _api.ListForeignMachinesAsync(new() { HostId = host.HostId }, _with));
        var pool = await _rows.PoolAsync("floating");   // the arranged host has the pool's id
        var refused = await Assert.ThrowsAsync<RpcException>(async () => await _api.RemoveHostAsync(new() { HostId = pool.Value.ToString() }, _with));
        await _api.RemoveHostAsync(new() { HostId = host.HostId }, _with);
        var gone = await Assert.ThrowsAsync<RpcException>(async () => await _api.RemoveHostAsync(new() { HostId = host.HostId }, _with));

        Assert.Equal("HOST_UNAVAILABLE", silent.Trailers.GetValue("reason"));
        Assert.Equal("IN_USE", refused.Trailers.GetValue("reason"));
        Assert.Equal("NOT_FOUND", gone.Trailers.GetValue("reason"));
        Assert.DoesNotContain((await _api.ListHostsAsync(new(), _with)).Hosts, h => h.Name == "casa-1");
        Assert.DoesNotContain(_broker.Services.GetRequiredService<HypervisorDirectory>().All, h => h.Host.Value == Guid.Parse(host.HostId));
        Assert.Equal(1, await _rows.AuditsAsync(Guid.Parse(host.HostId), "host.remove"));
    }

    [Fact]
    public async Task Image_is_retired_once_no_pool_uses_it_and_stays_retired()
    {
        var pool = await _rows.PoolAsync("floating");
        var image = pool.Value.ToString();   // the arranged image has the pool's id
        var refused = await Assert.ThrowsAsync<RpcException>(async () => await _api.RetireImageAsync(new() { ImageVersionId = image }, _with));
        await _rows.ExecuteAsync("delete from pool where pool_id = @id", new { id = pool.Value });

        var retired = await _api.RetireImageAsync(new() { ImageVersionId = image }, _with);
        await _api.RetireImageAsync(new() { ImageVersionId = image }, _with);
        await _broker.Services.GetRequiredService<Broker.Images.ImageStore>().SetStateAsync(new(pool.Value), "ready", null);
        var unknown = await Assert.ThrowsAsync<RpcException>(async () => await _api.RetireImageAsync(new() { ImageVersionId = Guid.NewGuid().ToString() }, _with));

        Assert.Equal("IN_USE", refused.Trailers.GetValue("reason"));
        Assert.Equal("retired", retired.State);
        Assert.Equal("retired", (await _api.ListImagesAsync(new(), _with)).Images.Single(i => i.ImageVersionId == image).State);
        Assert.Equal("NOT_FOUND", unknown.Trailers.GetValue("reason"));
        Assert.Equal(1, await _rows.AuditsAsync(pool.Value, "image.retire"));
    }
}
