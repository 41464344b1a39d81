using Grpc.Core;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Montalegre.Vdi.Contracts.Gateway.V1;
using Montalegre.Vdi.Portal.Desktops;
using Montalegre.Vdi.Portal.SignIn;

namespace Montalegre.Vdi.Portal.Hosting;

/// <summary>Questions to the broker in the name of the person of this request, each with a deadline.</summary>
internal sealed class BrokerCalls(Employee.EmployeeClient broker, IOptions<PortalOptions> options, TimeProvider time, ILogger<BrokerCalls> log)
{
    public async Task<SignInResponse> SignInAsync(HttpContext http, string userName, string password, string newPassword) =>
        await broker.SignInAsync(
            new SignInRequest { UserName = userName, Password = password, NewPassword = newPassword, ClientAddress = AddressOf(http), ClientName = BrowserName.Of(http.Request.Headers.UserAgent.ToString()), AsksSecondStep = true },
            deadline: Deadline(), cancellationToken: http.RequestAborted);

    public async Task SignOutAsync(HttpContext http) =>
        await broker.SignOutAsync(new SignOutRequest(), await ProofAsync(http), Deadline(), http.RequestAborted);

    /// <summary>Ends the sign-in that this browser has, if it has one; one that is not told runs out by itself.</summary>
    public async Task EndOldAsync(HttpContext http)
    {
        if (http.User.Identity?.IsAuthenticated != true) return;
        try { await SignOutAsync(http); }
        catch (RpcException e) { log.SignOutFailed(e.StatusCode); }
    }

    /// <summary>The cards of the person: desktops, then applications; favourites before both.</summary>
    public async Task<IReadOnlyList<Desktop>> DesktopsAsync(HttpContext http)
    {
        var all = await broker.ListDesktopsAsync(new ListDesktopsRequest(), await ProofAsync(http), Deadline(), http.RequestAborted);
        return [.. all.Desktops.Concat(all.Applications).OrderBy(card => !card.Favourite)];
    }

    public async Task<ReadOnlyMemory<byte>> IconAsync(HttpContext http, string application) =>
        (await broker.GetApplicationIconAsync(new() { ApplicationId = application }, await ProofAsync(http), Deadline(), http.RequestAborted)).Png.Memory;

    public async Task<EmployeeLogOffResponse> LogOffAsync(HttpContext http, string session) =>
        await broker.LogOffAsync(new EmployeeLogOffRequest { SessionId = session }, await ProofAsync(http), Deadline(), http.RequestAborted);

    public async Task<EmployeeRestartResponse> RestartAsync(HttpContext http, string session) =>
        await broker.RestartAsync(new EmployeeRestartRequest { SessionId = session }, await ProofAsync(http), Deadline(), http.RequestAborted);

    public async Task SetFavouriteAsync(HttpContext http, string pool, bool favourite) =>
        await broker.SetFavouriteAsync(new SetFavouriteRequest { PoolId = CardKey.Parse(pool).Pool, ApplicationId = CardKey.Parse(pool).Application, Favourite = favourite }, await ProofAsync(http), Deadline(), http.RequestAborted);

    public async Task<IReadOnlyList<OwnSignIn>> SignInsAsync(HttpContext http) =>
        (await broker.ListSignInsAsync(new ListSignInsRequest(), await ProofAsync(http), Deadline(), http.RequestAborted)).SignIns;

    public async Task<IReadOnlyList<OwnAssistance>> AssistancesAsync(HttpContext http) =>
        (await broker.ListAssistancesAsync(new ListOwnAssistancesRequest(), await ProofAsync(http), Deadline(), http.RequestAborted)).Assistances;

    /// <param name="http">The request.</param>
    /// <param name="signIn">Empty: all but this one.</param>
    public async Task EndSignInsAsync(HttpContext http, string signIn) =>
        await broker.EndSignInsAsync(new EndSignInsRequest { SignInId = signIn }, await ProofAsync(http), Deadline(), http.RequestAborted);

    /// <summary>Announcements and links; none when the broker cannot tell, since nobody should miss a desktop for them.</summary>
    public async Task<GetContentResponse> ContentAsync(HttpContext http)
    {
        try
        {
            return await broker.GetContentAsync(new GetContentRequest(), await ProofAsync(http), Deadline(), http.RequestAborted);
        }
        catch (RpcException e) when (!http.RequestAborted.IsCancellationRequested)
        {
            log.NoContent(e.StatusCode);
            return new();
        }
    }

    public async Task LeaveQueueAsync(HttpContext http, string pool) =>
        await broker.LeaveQueueAsync(new LeaveQueueRequest { PoolId = CardKey.Parse(pool).Pool }, await ProofAsync(http), Deadline(), http.RequestAborted);

    public async Task<AsyncServerStreamingCall<LaunchProgress>> LaunchAsync(HttpContext http, string pool, Guid request, bool forFile, CancellationToken ct) =>
        broker.Launch(
            new LaunchRequest { PoolId = CardKey.Parse(pool).Pool, ApplicationId = CardKey.Parse(pool).Application, RequestId = request.ToString(), ForFile = forFile, ClientAddress = AddressOf(http) },
            await ProofAsync(http), cancellationToken: ct);

    // The gateway's RDP door sees the same person without this mapping, so both sides speak plain IPv4 where it is IPv4.
    internal static string AddressOf(HttpContext http)
    {
        var address = http.Connection.RemoteIpAddress;
        return address is null ? "" : (address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address).ToString();
    }

    internal static async Task<Metadata> ProofAsync(HttpContext http) =>
        new() { { "authorization", $"Bearer {await PortalSession.TokenAsync(http)}" } };

    private DateTime Deadline() => time.GetUtcNow().UtcDateTime + options.Value.BrokerDeadline;
}
