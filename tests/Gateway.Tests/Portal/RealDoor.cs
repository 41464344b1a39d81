using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Montalegre.Vdi.Gateway.Assistance;
using Montalegre.Vdi.Gateway.Hosting;
using Montalegre.Vdi.Gateway.Html5;
using Montalegre.Vdi.Gateway.Tests.Fakes;
using Montalegre.Vdi.Gateway.Tests.Html5;
using Montalegre.Vdi.Gateway.Tickets;
using Montalegre.Vdi.Rig.Stack;

namespace Montalegre.Vdi.Gateway.Tests.Portal;

/// <summary>The portal with the gateway's own socket and workers behind it; tickets are answered in the process.</summary>
internal sealed class RealDoor : IAsyncDisposable
{
    private readonly string _state = Directory.CreateTempSubdirectory("gateway-test-").FullName;
    private readonly FakeRedeemer _redeemer = new();

    private readonly (string Key, string Value)[] _settings;

    private RealDoor((string Key, string Value)[] settings)
    {
        _settings = settings;
        Rig = new PortalRig(Open);
    }

    public PortalRig Rig { get; }

    public FakeAssistanceBroker Assistances { get; } = new();

    /// <summary>Every launch answers a ticket that <paramref name="newTicket"/> makes.</summary>
    public static async Task<RealDoor> OpenAsync(Func<FakeRedeemer, string> newTicket, params (string Key, string Value)[] settings)
    {
        Assert.SkipWhen(!File.Exists(Path.Combine(Builds.WorkerFolder, "done")), "The worker is not built; run the tests by dev.cs, which builds it.");
        var door = new RealDoor(settings);
        await door.Rig.InitializeAsync();
        door.Rig.Broker.NewTicket = () => newTicket(door._redeemer);
        return door;
    }

    public async ValueTask DisposeAsync()
    {
        await Rig.DisposeAsync();
        Directory.Delete(_state, recursive: true);
    }

    private void Open(WebApplicationBuilder builder)
    {
        builder.Configuration["Gateway:RdpListen"] = "127.0.0.1:0";
        builder.Configuration["Gateway:StateDirectory"] = Path.Combine(_state, "gateway");
        builder.Configuration["Gateway:StopGrace"] = "00:00:00";
        builder.Configuration["Gateway:Html5:WorkerFolder"] = Builds.WorkerFolder;
        foreach (var (key, value) in DesktopGateway.Patient.Concat(_settings)) builder.Configuration[key] = value;
        builder.Services.AddSingleton<ITicketRedeemer>(_redeemer);
        builder.Services.AddRdpDoor();
        builder.Services.AddHtml5();
        builder.Services.AddSingleton<IAssistanceBroker>(Assistances);
    }
}
