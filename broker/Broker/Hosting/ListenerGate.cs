using Grpc.Core;
using Montalegre.Vdi.Broker.Certificates;
using Montalegre.Vdi.Contracts.Common.V1;
using Npgsql;

namespace Montalegre.Vdi.Broker.Hosting;

/// <summary>
/// Lets a call through only on the door its service is mapped for. It asks the connection, not the Host header, which
/// the caller writes: otherwise anybody could reach a channel service without a certificate.
/// </summary>
internal sealed class ListenerGate(RequestDelegate next, PeerCheck peers, ILogger<ListenerGate> log)
{
    public async Task InvokeAsync(HttpContext context)
    {
        if (context.GetEndpoint() is { } endpoint)
        {
            var wanted = endpoint.Metadata.GetMetadata<ServedOn>() ?? new ServedOn(Listener.Api, null);
            if (context.Features.Get<ListenerFeature>()?.Listener != wanted.Listener)
            {
                context.Response.StatusCode = StatusCodes.Status404NotFound;   // a gRPC client reads it as UNIMPLEMENTED
                return;
            }
            if (wanted.Listener is Listener.Channel && !await AdmitAsync(context, wanted)) return;
        }
        await next(context);
    }

    private async Task<bool> AdmitAsync(HttpContext context, ServedOn wanted)
    {
        // Never null past the handshake; the check stays, because everything behind it trusts the answer.
        if (context.Connection.ClientCertificate is not { } certificate || PeerIdentity.From(certificate) is not { } peer || peer.Kind != wanted.Peer)
        {
            Answer(context, StatusCode.PermissionDenied, ReasonCode.NotAllowed);
            return false;
        }
        try
        {
            if (!await peers.IsGoodAsync(peer, context.RequestAborted))
            {
                log.PeerRefused(peer.Kind, peer.SubjectId, peer.SerialNumber);
                Answer(context, StatusCode.Unauthenticated, ReasonCode.JoinTokenInvalid);
                return false;
            }
        }
        catch (NpgsqlException)
        {
            Answer(context, StatusCode.Unavailable, ReasonCode.DatabaseUnavailable);
            return false;
        }
        context.Features.Set(peer);
        return true;
    }

    private static void Answer(HttpContext context, StatusCode status, ReasonCode reason)
    {
        context.Response.ContentType = "application/grpc";
        context.Response.Headers["grpc-status"] = ((int)status).ToString(System.Globalization.CultureInfo.InvariantCulture);
        context.Response.Headers["reason"] = Contracts.ReasonTexts.Name(reason);
    }
}

/// <summary>Which door a connection came through; set before TLS, never by the caller.</summary>
internal sealed record ListenerFeature(Listener Listener);
