using Grpc.Core;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using Montalegre.Vdi.Contracts.Gateway.V1;
using Montalegre.Vdi.Portal.SignIn;

namespace Montalegre.Vdi.Portal.Hosting;

/// <summary>Questions to the broker in the name of the person of this request, each with a deadline.</summary>
internal sealed class BrokerCalls(Employee.EmployeeClient broker, IOptions<PortalOptions> options, TimeProvider time)
{
    public async Task<SignInResponse> SignInAsync(HttpContext http, string userName, string password) =>
        await broker.SignInAsync(
            new SignInRequest { UserName = userName, Password = password, ClientAddress = AddressOf(http) },
            deadline: Deadline(), cancellationToken: http.RequestAborted);

    public async Task SignOutAsync(HttpContext http) =>
        await broker.SignOutAsync(new SignOutRequest(), await ProofAsync(http), Deadline(), http.RequestAborted);

    public async Task<IReadOnlyList<Desktop>> DesktopsAsync(HttpContext http) =>
        (await broker.ListDesktopsAsync(new ListDesktopsRequest(), await ProofAsync(http), Deadline(), http.RequestAborted)).Desktops;

    public async Task<EmployeeLogOffResponse> LogOffAsync(HttpContext http, string session) =>
        await broker.LogOffAsync(new EmployeeLogOffRequest { SessionId = session }, await ProofAsync(http), Deadline(), http.RequestAborted);

    public async Task LeaveQueueAsync(HttpContext http, string pool) =>
        await broker.LeaveQueueAsync(new LeaveQueueRequest { PoolId = pool }, await ProofAsync(http), Deadline(), http.RequestAborted);

    public async Task<AsyncServerStreamingCall<LaunchProgress>> LaunchAsync(HttpContext http, string pool, Guid request, bool forFile, CancellationToken ct) =>
        broker.Launch(
            new LaunchRequest { PoolId = pool, RequestId = request.ToString(), ForFile = forFile, ClientAddress = AddressOf(http) },
            await ProofAsync(http), cancellationToken: ct);

    // The gateway's RDP door sees the same person without this mapping, so both sides speak plain IPv4 where it is IPv4.
    private static string AddressOf(HttpContext http)
    {
        var address = http.Connection.RemoteIpAddress;
        return address is null ? "" : (address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address).ToString();
    }

    private static async Task<Metadata> ProofAsync(HttpContext http) =>
        new() { { "authorization", $"Bearer {await PortalSession.TokenAsync(http)}" } };

    private DateTime Deadline() => time.GetUtcNow().UtcDateTime + options.Value.BrokerDeadline;
}
