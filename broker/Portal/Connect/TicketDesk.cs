using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using Montalegre.Vdi.Contracts.Gateway.V1;
using Montalegre.Vdi.Portal.Hosting;

namespace Montalegre.Vdi.Portal.Connect;

/// <summary>Asks for one fresh, one-minute ticket to the session the person already has.</summary>
internal sealed class TicketDesk(BrokerCalls broker, IOptions<PortalOptions> options, TimeProvider time)
{
    public async Task<(Launching Again, LaunchProgress Progress)> AskAsync(HttpContext http, Launching launching)
    {
        var again = launching with { Request = Guid.NewGuid() };
        using var call = await broker.LaunchAsync(http, again.Pool, again.Request, forFile: true, http.RequestAborted);
        return (again, await LaunchAnswer.WithinAsync(call, options.Value.BrokerDeadline, stopAtWaiting: false, time, http.RequestAborted));
    }
}
