using System.Net;
using Grpc.Core;
using Montalegre.Vdi.Contracts.Common.V1;
using Montalegre.Vdi.Contracts.Gateway.V1;
using Montalegre.Vdi.Gateway.FrontEnd;
using Montalegre.Vdi.Gateway.Tickets;

namespace Montalegre.Vdi.Gateway.RdGateway;

/// <summary>The launch of somebody who came without a ticket: the name the client asks for is one of their desktops, or nothing.</summary>
internal static class RdgLaunch
{
    /// <summary>The target, or why not. Waits for a machine as long as the handshake may last.</summary>
    public static async Task<Redemption> RunAsync(DoorSignIn person, string named, ITicketRedeemer tickets, IPAddress client, CancellationToken ct)
    {
        try
        {
            var desktops = await person.DesktopsAsync(ct);
            if (DesktopChoice.Of(desktops, named) is not { } desktop) return new Redemption.Refused(ReasonCode.PoolUnknown, "");
            using var launch = person.Launch(desktop, ct);
            while (await launch.ResponseStream.MoveNext(ct))
            {
                switch (launch.ResponseStream.Current.KindCase)
                {
                    case LaunchProgress.KindOneofCase.Ready:
                        return await tickets.RedeemAsync(new TicketPresented(launch.ResponseStream.Current.Ready.Ticket, client, "", TicketCarrier.RdGateway), ct);
                    case LaunchProgress.KindOneofCase.Refused:
                        return new Redemption.Refused(launch.ResponseStream.Current.Refused.Code, launch.ResponseStream.Current.Refused.Reference);
                }
            }
            return new Redemption.Refused(ReasonCode.Internal, "");
        }
        catch (RpcException e) when (!ct.IsCancellationRequested)
        {
            return new Redemption.Refused(DoorSignIn.ReasonOf(e), "");
        }
    }
}
