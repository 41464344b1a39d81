using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Contracts.Gateway.V1;
using Montalegre.Vdi.Rig.Clients;

namespace Montalegre.Vdi.EndToEnd.Tests;

/// <summary>The product's main job on real machinery: libvirt, QEMU, xrdp, our agent and PAM module, xfreerdp.</summary>
[Collection(RunningStack.Tests)]
public sealed class DesktopTests(RunningStack running)
{
    private const string FreshColor = RunningStack.FreshColor;
    private static readonly TimeSpan Soon = TimeSpan.FromMinutes(6);

    [Fact]
    public async Task An_employee_gets_a_desktop_leaves_it_comes_back_from_elsewhere_and_leaves_nothing_behind()
    {
        var color = await running.TakeColorAsync();
        await using var office = await RdpScreen.StartAsync();
        var ready = await running.Ana.ConnectAsync(office, color);
        await running.Rui.UntilAsync(ready.SessionId, SessionState.Active, Soon);
        var disk = running.Disks();
        var before = (await running.Rui.SessionAsync(ready.SessionId)).Connections.Count;

        // The shell paints its own process id: a colour that only this very process can paint again. Black is what a lost key gives.
        Assert.True(await office.OrderAsync("touch ~/left-behind; xsetroot -solid $(printf '#%06x' $$)", async () => await office.PixelAsync() is var now && now != color && now != "#000000", Soon));
        var processColor = await office.PixelAsync();

        await office.Client.DisposeAsync();
        await running.Rui.UntilAsync(ready.SessionId, SessionState.Disconnected, Soon);
        await running.Ana.UntilAsync(DesktopState.SessionDisconnected, Soon);

        await using var home = await RdpScreen.StartAsync();
        var again = await running.Ana.ConnectAsync(home, processColor);
        Assert.True(again.Reconnection);
        Assert.Equal(ready.SessionId, again.SessionId);
        Assert.True(await home.OrderAsync("xsetroot -solid black", "#000000", Soon));
        Assert.True(await home.OrderAsync("xsetroot -solid $(printf '#%06x' $$)", processColor, Soon), "Another shell answered: the session is not the same.");

        await home.Client.DisposeAsync();
        await running.Rui.UntilAsync(ready.SessionId, SessionState.Disconnected, Soon);
        await using var street = await RdpScreen.StartAsync();
        await running.Ana.ConnectWithPasswordAsync(street, processColor);

        var details = await running.Rui.SessionAsync(ready.SessionId);
        Assert.Superset(new HashSet<string> { "brokering", "connect", "authenticate", "session_open", "display", "desktop" }, details.Phases.Select(p => p.Name).ToHashSet());
        Assert.Equal(before + 2, details.Connections.Count);

        Assert.Null((await running.Ana.LogOffAsync(ready.SessionId)).Refused);
        await running.Rui.UntilAsync(ready.SessionId, SessionState.Ended, Soon);
        // It may be back before this test looks, but not on the old disk.
        Assert.True((await running.Rui.TheMachineAsync()).State != MachineState.Available || !disk.Intersect(running.Disks()).Any());
        await running.Ana.UntilAsync(DesktopState.Ready, Person.BootPatience);
        Assert.Empty(disk.Intersect(running.Disks()));

        await using var next = await RdpScreen.StartAsync();
        var fresh = await running.Ana.ConnectAsync(next, FreshColor);
        Assert.False(fresh.Reconnection);
        Assert.NotEqual(ready.SessionId, fresh.SessionId);
        Assert.True(await next.OrderAsync("test -e ~/left-behind && xsetroot -solid red || xsetroot -solid '#00ff00'", "#00FF00", Soon), $"The screen shows {await next.PixelAsync()}: a file was left behind.");
        running.Leave("#00FF00");
    }
}
