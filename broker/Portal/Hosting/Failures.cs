using System.Security.Cryptography;
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
                await http.SignOutAsync(PortalSession.Scheme);
                await PortalSession.AskToSignInAgainAsync(http);
                return;
            case RpcException broker:
                var reason = ReasonOf(broker);
                log.BrokerFailed(broker.StatusCode, http.Request.Path, reason.Reference, broker);
                await MessagePage.Refusal(http, reason, StatusOf(broker.StatusCode)).ExecuteAsync(http);
                return;
            case AntiforgeryValidationException or BadHttpRequestException:
                await MessagePage.Forbidden(http).ExecuteAsync(http);
                return;
            default:
                var ours = new Reason { Code = ReasonCode.Internal, Reference = NewReference() };
                log.PageFailed(http.Request.Path, ours.Reference, e);
                await MessagePage.Refusal(http, ours, StatusCodes.Status500InternalServerError).ExecuteAsync(http);
                return;
        }
    }

    // Refusals of unary calls carry trailers "reason", "reason-detail" and "reference"; without them the status must do.
    private static Reason ReasonOf(RpcException e) => new()
    {
        Code = Named(e.Trailers.GetValue("reason")) ?? e.StatusCode switch
        {
            StatusCode.Unavailable or StatusCode.DeadlineExceeded or StatusCode.Cancelled => ReasonCode.BrokerUnavailable,
            StatusCode.PermissionDenied => ReasonCode.NotAllowed,
            StatusCode.NotFound => ReasonCode.NotFound,
            StatusCode.ResourceExhausted => ReasonCode.TooManyConnections,
            _ => ReasonCode.Internal,
        },
        Detail = e.Trailers.GetValue("reason-detail") ?? "",
        Reference = e.Trailers.GetValue("reference") ?? NewReference(),
    };

    private static ReasonCode? Named(string? name) =>
        name is not null && ReasonReflection.Descriptor.EnumTypes.Single(t => t.Name == nameof(ReasonCode)).FindValueByName(name) is { } value
            ? (ReasonCode)value.Number : null;

    private static int StatusOf(StatusCode status) => status switch
    {
        StatusCode.Unavailable or StatusCode.DeadlineExceeded or StatusCode.Cancelled or StatusCode.ResourceExhausted => StatusCodes.Status503ServiceUnavailable,
        StatusCode.PermissionDenied => StatusCodes.Status403Forbidden,
        StatusCode.NotFound => StatusCodes.Status404NotFound,
        StatusCode.InvalidArgument or StatusCode.FailedPrecondition => StatusCodes.Status422UnprocessableEntity,
        _ => StatusCodes.Status500InternalServerError,
    };

    private static string NewReference() => $"P-{Convert.ToHexString(RandomNumberGenerator.GetBytes(4))}";
}
