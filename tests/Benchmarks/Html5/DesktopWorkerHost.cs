using System.Buffers.Text;
using System.Globalization;
using System.Net;
using System.Security.Claims;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Montalegre.Vdi.Benchmarks.Processes;
using Montalegre.Vdi.Gateway.Hosting;
using Montalegre.Vdi.Gateway.Html5;
using Montalegre.Vdi.Gateway.Tickets;
using Montalegre.Vdi.Protocol.SignIns;
using Montalegre.Vdi.Rig.Stack;

namespace Montalegre.Vdi.Benchmarks.Html5;

/// <summary>The gateway's desktop socket in a process of its own, for one machine: every ticket leads there, every browser is signed in.</summary>
internal static class DesktopWorkerHost
{
    /// <summary>What the gateway's own project sets for its runtime.</summary>
    public static readonly Dictionary<string, string> Runtime = new() { ["DOTNET_ThreadPool_UnfairSemaphoreSpinLimit"] = "0" };

    public static async Task<int> RunAsync(string[] arguments)
    {
        var state = Directory.CreateTempSubdirectory("montalegre-html5-gateway-").FullName;
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(k => k.Listen(IPAddress.Loopback, 0));
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Gateway:RdpListen"] = "127.0.0.1:0", ["Gateway:StateDirectory"] = Path.Combine(state, "gateway"), ["Gateway:Html5:WorkerFolder"] = Builds.WorkerFolder,
            // One unit a picture, so that frames can be counted.
            ["Gateway:Html5:FullColourVideo"] = "false",
        });
        builder.Services.AddSingleton<ITicketRedeemer>(new OneMachine(
            int.Parse(arguments[0], CultureInfo.InvariantCulture), Convert.FromHexString(arguments[1]), arguments[2], await File.ReadAllTextAsync(arguments[3])));
        builder.Services.AddRdpDoor();
        builder.Services.AddHtml5();
        await using var app = builder.Build();
        app.Use((http, next) =>
        {
            http.User = new ClaimsPrincipal(new ClaimsIdentity([new Claim(ClaimTypes.NameIdentifier, "bench")], "bench"));
            return next(http);
        });
        app.MapHtml5();
        await app.StartAsync();
        var address = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());
        await WorkerConsole.ServeAsync(address.Authority, order => Task.FromResult($"unknown order {order[0]}"));
        await app.StopAsync();
        Directory.Delete(state, recursive: true);
        return 0;
    }

    /// <summary>A ticket that no one has used, for <see cref="OneMachine"/>.</summary>
    public static string NewTicket() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));

    private sealed class OneMachine(int port, byte[] certificate, string user, string password) : ITicketRedeemer
    {
        public Task<Redemption> RedeemAsync(TicketPresented presented, CancellationToken ct) => Task.FromResult<Redemption>(new Redemption.Granted(new MachineTarget(
            Guid.NewGuid().ToString(), Guid.NewGuid().ToString(), Guid.NewGuid().ToString(), "127.0.0.1", port, certificate, new SignIn("", user, Encoding.UTF8.GetBytes(password)))));
    }
}
