using System.Globalization;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Montalegre.Vdi.Benchmarks.Processes;
using Montalegre.Vdi.Gateway.Hosting;
using Montalegre.Vdi.Gateway.Portal;
using Montalegre.Vdi.Gateway.Tickets;

namespace Montalegre.Vdi.Benchmarks.Relays;

/// <summary>The gateway's web server with its RD Gateway, every ticket good, every channel end to end to the sink.</summary>
internal static class RdgRelayWorker
{
    public const string MachineName = "sink";

    public static async Task<int> RunAsync(string certificate, string sink)
    {
        var state = Directory.CreateTempSubdirectory("montalegre-rdg-").FullName;
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Gateway:RdpListen"] = "127.0.0.1:0", ["Gateway:Portal:Listen"] = "127.0.0.1:0", ["Gateway:StateDirectory"] = state,
            ["Gateway:CertificateFile"] = certificate, ["Gateway:CertificateKeyFile"] = certificate, ["Portal:Broker"] = "https://127.0.0.1:1",
            // Half-open connections stay for a whole round, and one address may open tunnels as fast as it can.
            ["Gateway:FirstRequestDeadline"] = "00:01:00", ["Gateway:Limits:ConnectionsPerSecond"] = "1000",
        });
        builder.Services.AddSingleton<ITicketRedeemer>(new EveryTicket(int.Parse(sink, CultureInfo.InvariantCulture)));
        builder.Services.AddRdpDoor();
        builder.AddPortalDoor();
        await using var app = builder.Build();
        await app.StartAsync();
        var port = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single()).Port;
        await WorkerConsole.ServeAsync(port.ToString(CultureInfo.InvariantCulture), _ => Task.FromResult(WorkerConsole.Settle()));
        Directory.Delete(state, recursive: true);
        return 0;
    }

    private sealed class EveryTicket(int port) : ITicketRedeemer
    {
        public Task<Redemption> RedeemAsync(TicketPresented presented, CancellationToken ct) => Task.FromResult<Redemption>(new Redemption.Granted(
            new(Guid.NewGuid().ToString(), Guid.NewGuid().ToString(), Guid.NewGuid().ToString(), IPAddress.Loopback.ToString(), port, default, null)
            {
                MachineName = MachineName, EndToEnd = true,
            }));
    }
}
