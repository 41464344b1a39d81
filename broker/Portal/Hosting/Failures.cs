using Grpc.Core;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Montalegre.Vdi.Contracts.Common.V1;
using Montalegre.Vdi.Portal.Pages;
using Montalegre.Vdi.Portal.SignIn;

namespace Montalegre.Vdi.Portal.Hosting;

/// <summary>The one place where a failed question to the broker, or a failure of ours, becomes an honest page.</summary>
internal sealed class Failures(RequestDelegate next, ILogger<Failures> log)
{
    public async Task InvokeAsync(HttpContext http)
    {
        try
        {
            await next(http);
        }
        catch (Exception) when (http.RequestAborted.IsCancellationRequested)
        {
            // The browser left; nobody is there to read an answer.
        }
        catch (Exception e) when (!http.Response.HasStarted)
        {
            await ShowAsync(http, e);
        }
    }

    private async Task ShowAsync(HttpContext http, Exception e)
    {
        switch (e)
        {
            case RpcException { StatusCode: StatusCode.Unauthenticated }:
                // A question of the script leaves the cookie alone: the page that follows it still has to say what happened.
                if (!PortalSession.IsAskedByScript(http)) await http.SignOutAsync(PortalSession.Scheme);
                await PortalSession.AskToSignInAgainAsync(http);
                return;
            case RpcException broker:
                var reason = BrokerReason.Of(broker);
                log.BrokerFailed(broker.StatusCode, http.Request.Path, reason.Reference, broker);
                await MessagePage.Refusal(http, reason, StatusOf(broker)).ExecuteAsync(http);
                return;
            case AntiforgeryValidationException or BadHttpRequestException:
                await MessagePage.Forbidden(http).ExecuteAsync(http);
                return;
            default:
                var ours = new Reason { Code = ReasonCode.Internal, Reference = BrokerReason.NewReference() };
                log.PageFailed(http.Request.Path, ours.Reference, e);
                await MessagePage.Refusal(http, ours, StatusCodes.Status500InternalServerError).ExecuteAsync(http);
                return;
        }
    }

    private static int StatusOf(RpcException e) => e.StatusCode switch
    {
        _ when BrokerReason.NeverArrived(e) => StatusCodes.Status503ServiceUnavailable,
        StatusCode.ResourceExhausted => StatusCodes.Status503ServiceUnavailable,
        StatusCode.PermissionDenied => StatusCodes.Status403Forbidden,
        StatusCode.NotFound => StatusCodes.Status404NotFound,
        StatusCode.InvalidArgument or StatusCode.FailedPrecondition => StatusCodes.Status422UnprocessableEntity,
        _ => StatusCodes.Status500InternalServerError,
    };
}
