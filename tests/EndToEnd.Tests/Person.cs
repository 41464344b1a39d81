using Grpc.Core;
using Montalegre.Vdi.Contracts.Gateway.V1;
using Montalegre.Vdi.Rig.Clients;
using Montalegre.Vdi.Rig.Stack;

namespace Montalegre.Vdi.EndToEnd.Tests;

/// <summary>An employee with the public API in hand.</summary>
public sealed class Person(DemonstrationStack stack, Employee.EmployeeClient employee, Metadata token)
{
    private const string DemonstrationPool = "Escritório";

    /// <summary>A first boot under emulation takes half a minute; on a busy machine several times that.</summary>
    public static readonly TimeSpan BootPatience = TimeSpan.FromMinutes(15);

    /// <summary>From a ticket to a picture, on a machine that is up.</summary>
    public static readonly TimeSpan ConnectPatience = TimeSpan.FromMinutes(5);

    public static async Task<Person> SignInAsync(DemonstrationStack stack)
    {
        var desktops = new DemonstrationDesktops(stack);
        var employee = new Employee.EmployeeClient(desktops.Channel());
        return new(stack, employee, await desktops.SignInAsync(employee, CancellationToken.None));
    }

    /// <summary>The desktop of a pool; without a name the one that the demonstration offers.</summary>
    public async Task<Desktop> DesktopAsync(string pool = DemonstrationPool) =>
        Assert.Single((await employee.ListDesktopsAsync(new(), token)).Desktops, desktop => desktop.Name == pool);

    /// <summary>Launches and waits in the queue until there is a ticket.</summary>
    public async Task<LaunchReady> LaunchAsync(string? requestId = null, string pool = DemonstrationPool)
    {
        using var limit = new CancellationTokenSource(BootPatience);
        using var call = employee.Launch(new() { PoolId = (await DesktopAsync(pool)).PoolId, RequestId = requestId ?? Guid.NewGuid().ToString() }, token, cancellationToken: limit.Token);
        await foreach (var progress in call.ResponseStream.ReadAllAsync(limit.Token))
        {
            if (progress.KindCase == LaunchProgress.KindOneofCase.Ready) return progress.Ready;
            Assert.NotEqual(LaunchProgress.KindOneofCase.Refused, progress.KindCase);
        }
        throw new InvalidOperationException("The launch ended without a ticket.");
    }

    /// <summary>Launches and connects a real client, and waits for a colour on its screen.</summary>
    public async Task<LaunchReady> ConnectAsync(RdpScreen screen, string color, string pool = DemonstrationPool)
    {
        var ready = await LaunchAsync(pool: pool);
        var client = screen.Connect(stack.RdpAddress, ready.Ticket);
        if (!await screen.ShowsAsync(color, ConnectPatience))
        {
            await screen.PictureAsync(Path.Combine(Path.GetTempPath(), "montalegre-e2e-last-screen.png"));
            Assert.Fail($"The screen shows {await screen.PixelAsync()}, not {color}.\n{client.Output}\n{stack.Gateway.LastLines(20)}\n{stack.Broker.LastLines(20)}");
        }
        return ready;
    }

    /// <summary>Connects a real client that knows nothing but the gateway's address, a user name and a password.</summary>
    public async Task ConnectWithPasswordAsync(RdpScreen screen, string color)
    {
        var client = screen.Connect(stack.RdpAddress, null, $"/u:{stack.UserName}", $"/p:{stack.Password}");
        if (!await screen.ShowsAsync(color, ConnectPatience))
            Assert.Fail($"The screen shows {await screen.PixelAsync()}, not {color}.\n{client.Output}\n{stack.Gateway.LastLines(20)}\n{stack.Broker.LastLines(20)}");
    }

    public async Task<EmployeeLogOffResponse> LogOffAsync(string session) => await employee.LogOffAsync(new() { SessionId = session }, token);

    /// <summary>Waits until the own desktop is in a state.</summary>
    public async Task UntilAsync(DesktopState state, TimeSpan patience, string pool = DemonstrationPool) =>
        Assert.True(await Eventually.IsTrueAsync(async () => (await DesktopAsync(pool)).State == state, patience),
            $"The desktop is {(await DesktopAsync(pool)).State}, not {state}.\n{stack.Broker.LastLines(20)}");
}
