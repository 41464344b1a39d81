using Dapper;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using Montalegre.Vdi.Broker.Administration;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Broker.Tests.Identity;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Contracts.Common.V1;
using Montalegre.Vdi.Contracts.Gateway.V1;
using Montalegre.Vdi.Domain;
using Contract = Montalegre.Vdi.Contracts.Admin.V1;

namespace Montalegre.Vdi.Broker.Tests.Directories;

/// <summary>A whole broker with an administrator of its own, who sets directories up over the API as anybody would.</summary>
internal sealed class DirectoryBroker(TestCluster cluster) : IAsyncDisposable
{
    private readonly TestBroker _broker = new(cluster) { Leads = false };

    public Contract.Directories.DirectoriesClient Directories { get; private set; } = null!;

    public Contract.Groups.GroupsClient Groups { get; private set; } = null!;

    public CallInvoker Calls { get; private set; } = null!;

    public Employee.EmployeeClient Portal { get; private set; } = null!;

    public CallOptions Administrator { get; private set; }

    public IServiceProvider Services => _broker.Services;

    /// <summary>It reads directories only when it is told to.</summary>
    public static async Task<DirectoryBroker> StartAsync(TestCluster cluster, string patience = "00:02:00")
    {
        var broker = new DirectoryBroker(cluster);
        await broker._broker.StartAsync(["--Directories:LookEvery=1.00:00:00", $"--Directories:Patience={patience}"]);
        var (services, api) = (broker._broker.Services, broker._broker.Api());
        broker.Calls = api.CreateCallInvoker();
        (broker.Directories, broker.Groups, broker.Portal) = (new(api), new(api), new(api));
        await broker.LocalAsync("root.admin", administrator: true);
        broker.Administrator = TestApi.With(await TestFactor.AdministratorAsync(services, "root.admin", TestApi.Password));
        return broker;
    }

    /// <summary>A user of the store's own.</summary>
    public async Task LocalAsync(string name, bool administrator = false)
    {
        var hash = await Services.GetRequiredService<Passwords>().HashAsync(TestApi.Password);
        await Services.GetRequiredService<UserStore>().CreateAsync(new Person(new UserId(Guid.CreateVersion7()), name, name, true, administrator), hash!, TestApi.By);
    }

    /// <summary>Who came in.</summary>
    public async Task<SignedIn> SignInAsync(string name, string password, string newPassword = "")
    {
        var answer = await Portal.SignInAsync(new() { UserName = name, Password = password, NewPassword = newPassword }, cancellationToken: TestContext.Current.CancellationToken);
        Assert.True(answer.SignedIn is not null, $"{name}: {answer.Refused}");
        return answer.SignedIn;
    }

    /// <summary>Why somebody did not come in.</summary>
    public async Task<ReasonCode> RefusedAsync(string name, string password, string newPassword = "") =>
        (await Portal.SignInAsync(new() { UserName = name, Password = password, NewPassword = newPassword }, cancellationToken: TestContext.Current.CancellationToken)).Refused?.Code ?? ReasonCode.Unspecified;

    public async Task<IReadOnlyList<string>> GroupsOfAsync(string userName) =>
        [.. (await Groups.ListAsync(new() { UserName = userName }, Administrator)).Groups.Select(group => group.Name)];

    public async Task<T> ScalarAsync<T>(string sql, object? values = null)
    {
        await using var connection = await _broker.Database.DataSource.OpenConnectionAsync(TestContext.Current.CancellationToken);
        return (await connection.ExecuteScalarAsync<T>(sql, values))!;
    }

    public ValueTask DisposeAsync() => _broker.DisposeAsync();
}
