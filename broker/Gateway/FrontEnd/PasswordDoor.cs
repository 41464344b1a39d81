using System.Net;
using Grpc.Core;
using Microsoft.Extensions.Options;
using Montalegre.Vdi.Contracts.Common.V1;
using Montalegre.Vdi.Contracts.Gateway.V1;
using Montalegre.Vdi.Gateway.Enrolment;
using Montalegre.Vdi.Gateway.Hosting;
using Montalegre.Vdi.Gateway.Reports;
using Montalegre.Vdi.Protocol.Negotiation;
using Montalegre.Vdi.Protocol.SignIns;

namespace Montalegre.Vdi.Gateway.FrontEnd;

/// <summary>
/// The way in for a client without a ticket: user name and password from its Client Info, a launch in the person's name,
/// a page while the machine starts, and back to this same address with a ticket in the routing token.
/// </summary>
internal sealed class PasswordDoor(
    EmployeeApi api, RefusalScreen screens, ConnectionReports reports, IOptions<GatewayOptions> options, TimeProvider time, ILogger<PasswordDoor> log) : IDisposable
{
    /// <summary>A machine that is free is ready within this; then nobody needs to see a page.</summary>
    private static readonly TimeSpan FirstAnswer = TimeSpan.FromMilliseconds(800);
    private static readonly TimeSpan RedirectWithin = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan ClockStep = TimeSpan.FromSeconds(1);

    private readonly SemaphoreSlim _places = new(options.Value.WaitingAtDoor, options.Value.WaitingAtDoor);

    /// <summary>False when people without a ticket are not let in here.</summary>
    public bool Takes(NegotiationRequest asked) =>
        options.Value.PasswordAtDoor && asked.Requested.HasFlag(SecurityProtocols.Tls) && api.Client() is not null;

    /// <summary>Takes the client over from its Connection Request to the end of its connection.</summary>
    /// <param name="signedIn">Called when the person has come in or been refused: until then the client counts as one in its handshake.</param>
    public async Task ServeAsync(Stream network, NegotiationRequest asked, IPAddress client, Action signedIn, CancellationToken stopping)
    {
        if (api.Client() is not { } broker) return;
        var person = new DoorSignIn(broker, client, time);
        using var deadline = new Deadline(options.Value.HandshakeDeadline, time, stopping);
        await using var screen = await screens.AcceptAsync(network, asked, deadline.Token);
        using var typed = await screen.ReadSignInAsync(deadline.Token);
        if (typed is null) return;
        try
        {
            var entry = await SignInAsync(person, typed, client, deadline.Token);
            typed.Dispose();
            signedIn();
            if (entry.Refused is { } refused) await RefuseAsync(screen, client, refused, stopping);
            else if (!_places.Wait(0, CancellationToken.None)) await RefuseAsync(screen, client, new Reason { Code = ReasonCode.TooManyConnections }, stopping);
            else
            {
                try { await LaunchAsync(screen, person, entry.Desktop!, client, stopping); }
                finally { _places.Release(); }
            }
        }
        catch (RpcException e) when (!stopping.IsCancellationRequested && e.StatusCode != StatusCode.Cancelled)
        {
            log.DoorSignInFailed(client, e.StatusCode.ToString(), e.Status.Detail);
            await RefuseAsync(screen, client, new Reason { Code = DoorSignIn.ReasonOf(e) }, stopping);
        }
        finally
        {
            await person.SignOutAsync();
        }
    }

    public void Dispose() => _places.Dispose();

    private async Task<Entry> SignInAsync(DoorSignIn person, TypedSignIn typed, IPAddress client, CancellationToken ct)
    {
        var (userName, named) = DesktopChoice.Read(typed);
        if (typed.Utf8Password.IsEmpty || userName.Length == 0)
        {
            reports.Failed(null, ReasonCode.PasswordNeeded, client);
            return new(null, new Reason { Code = ReasonCode.PasswordNeeded });
        }
        if (await person.SignInAsync(userName, typed, ct) is { } refused) return new(null, refused);
        var desktops = await person.DesktopsAsync(ct);
        if (DesktopChoice.Of(desktops, named) is not { } desktop)
            return new(null, new Reason { Code = desktops.Count == 0 ? ReasonCode.NotEntitled : ReasonCode.PoolUnknown, Reference = string.Join(", ", desktops.Select(d => d.Name)) });
        log.SignedInAtDoor(client, desktop.Name);
        return new(desktop, null);
    }

    private async Task LaunchAsync(FrontEndConnection screen, DoorSignIn person, Desktop desktop, IPAddress client, CancellationToken stopping)
    {
        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        using var launch = person.Launch(desktop, leaving.Token);
        var next = NextAsync(launch, leaving.Token);
        var answer = await Task.WhenAny(next, Task.Delay(FirstAnswer, time, leaving.Token)) == next ? await next : null;
        if (answer is null || answer.Waiting is not null)
        {
            if (!await ActivateAsync(screen, stopping)) return;
            var watching = WatchAsync(screen, leaving);
            try
            {
                answer = await WaitAsync(screen, desktop, launch, next, leaving.Token);
            }
            catch (Exception e) when (e is RpcException or OperationCanceledException && leaving.IsCancellationRequested && !stopping.IsCancellationRequested)
            {
                log.LeftWhileWaiting(client, desktop.Name);
                return;
            }
            finally
            {
                await leaving.CancelAsync();
                await watching;
            }
        }
        if (answer?.Ready is not { } ready)
        {
            await RefuseAsync(screen, client, answer?.Refused ?? new Reason { Code = ReasonCode.Internal }, stopping);
            return;
        }
        using var deadline = new Deadline(RedirectWithin, time, stopping);
        await screen.RedirectAsync(ready.Ticket, deadline.Token);
    }

    private static async Task<LaunchProgress?> NextAsync(AsyncServerStreamingCall<LaunchProgress> launch, CancellationToken ct) =>
        await launch.ResponseStream.MoveNext(ct) ? launch.ResponseStream.Current : null;

    /// <summary>Shows each news of the launch, and how long the person has waited, until it is ready, refused or over.</summary>
    private async Task<LaunchProgress?> WaitAsync(
        FrontEndConnection screen, Desktop desktop, AsyncServerStreamingCall<LaunchProgress> launch, Task<LaunchProgress?> next, CancellationToken ct)
    {
        var since = time.GetTimestamp();
        var page = WaitingPages.Starting(desktop.Name);
        LaunchWaiting? news = null;
        while (true)
        {
            if (next.IsCompleted)
            {
                if (await next is not { Waiting: { } waiting }) return await next;
                news = waiting;
                next = NextAsync(launch, ct);
            }
            if (news is not null) page = WaitingPages.For(desktop.Name, news, time.GetElapsedTime(since));
            await screen.ShowAsync(page, ct);
            await Task.WhenAny(next, Task.Delay(ClockStep, time, ct));
            ct.ThrowIfCancellationRequested();
        }
    }

    /// <summary>Keys mean nothing while one waits; a client that closes gives its place up.</summary>
    private static async Task WatchAsync(FrontEndConnection screen, CancellationTokenSource leaving)
    {
        try
        {
            while (await screen.PressedAsync(leaving.Token)) { /* hear the next one */ }
            await leaving.CancelAsync();
        }
        catch (OperationCanceledException)
        {
            // The wait is over and the caller reads again.
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or Montalegre.Vdi.Protocol.Wire.WireFormatException)
        {
            await leaving.CancelAsync();                    // it left without a word, or speaks nonsense
        }
    }

    private async Task RefuseAsync(FrontEndConnection screen, IPAddress client, Reason reason, CancellationToken stopping)
    {
        log.ConnectionRefused(client, reason.Code, reason.Reference);
        if (screen.IsActive || await ActivateAsync(screen, stopping)) await screens.ShowAsync(screen, reason.Code, reason.Reference, stopping);
    }

    private async Task<bool> ActivateAsync(FrontEndConnection screen, CancellationToken stopping)
    {
        using var deadline = new Deadline(options.Value.HandshakeDeadline, time, stopping);
        return await screen.ActivateAsync(deadline.Token);
    }

    /// <summary>Either the desktop to go to, or why not.</summary>
    private sealed record Entry(Desktop? Desktop, Reason? Refused);
}
