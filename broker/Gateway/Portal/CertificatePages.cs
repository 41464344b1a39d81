using System.Net;
using Google.Protobuf;
using Grpc.Core;
using Microsoft.Extensions.Options;
using Montalegre.Vdi.Contracts.Common.V1;
using Montalegre.Vdi.Contracts.Gateway.V1;
using Montalegre.Vdi.Gateway.Enrolment;
using Montalegre.Vdi.Gateway.Hosting;
using Montalegre.Vdi.Portal.SignIn;

namespace Montalegre.Vdi.Gateway.Portal;

/// <summary>Serves connections of the address for certificates, and lets no other page be reached there. Only what the handshake brought counts, never a header.</summary>
internal sealed class CertificatePages(RequestDelegate next, BrokerLink broker, IOptions<CertificateDoorOptions> options, IOptions<PortalDoorOptions> pages, TimeProvider time, ILogger<CertificatePages> log)
{
    // The broker may ask the authority meanwhile whether the certificate was revoked.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    public Task InvokeAsync(HttpContext http) => http.Features.Get<ShownCertificates>() is { } shown ? ServeAsync(http, shown) : next(http);

    private async Task ServeAsync(HttpContext http, ShownCertificates shown)
    {
        if (!HttpMethods.IsGet(http.Request.Method) || http.Request.Path != "/" || http.Request.Query["state"] is not [{ Length: > 0 } state])
        {
            http.Response.StatusCode = StatusCodes.Status404NotFound;
            http.Response.Headers.Connection = "close";
            return;
        }
        var answer = await AskAsync(http, state, shown);
        var origin = Origin(http, answer.Console);
        if (origin is null || answer.OutcomeCase is not PresentCertificateResponse.OutcomeOneofCase.HandOver)
            await CertificateAnswer.RefuseAsync(http, origin ?? Origin(http, console: false)!, origin is null ? ReasonCode.CertificatesOff : answer.Refused?.Code ?? ReasonCode.Internal);
        else await CertificateAnswer.HandOverAsync(http, origin, answer.HandOver);
    }

    private async Task<PresentCertificateResponse> AskAsync(HttpContext http, string state, ShownCertificates shown)
    {
        var address = http.Connection.RemoteIpAddress ?? IPAddress.None;
        var request = new PresentCertificateRequest
        {
            State = state, ClientAddress = (address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address).ToString(), Chain = { shown.Chain.Select(one => ByteString.CopyFrom(one.Span)) },
        };
        try
        {
            if (broker.Certificates is { } calls) return await calls.PresentAsync(request, deadline: time.GetUtcNow().UtcDateTime + Patience);
        }
        catch (RpcException e) { log.CertificateNotJudged(e.StatusCode.ToString(), e.Status.Detail); }
        return new() { Refused = new Reason { Code = ReasonCode.BrokerUnavailable } };
    }

    // From our own settings alone: what a browser gets for a certificate must reach no other page.
    private string? Origin(HttpContext http, bool console)
    {
        if (console) return options.Value.Console.Length == 0 ? null : options.Value.Console.TrimEnd('/');
        if (pages.Value.PublicAddress.Length > 0) return pages.Value.PublicAddress.TrimEnd('/');
        var port = IPEndPoint.Parse(pages.Value.Listen).Port;
        return port == 443 ? $"https://{http.Request.Host.Host}" : $"https://{http.Request.Host.Host}:{port}";
    }
}
