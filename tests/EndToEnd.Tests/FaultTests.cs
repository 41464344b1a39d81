using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Contracts.Gateway.V1;
using Montalegre.Vdi.Rig.Clients;

namespace Montalegre.Vdi.EndToEnd.Tests;

/// <summary>What goes wrong on a Monday morning: processes die, tickets are wrong, and nobody loses a desktop.</summary>
[Collection(RunningStack.Tests)]
public sealed class FaultTests(RunningStack running)
{
    private const string Marked = "#123456";
    private static readonly TimeSpan Soon = TimeSpan.FromMinutes(6);

    [Fact]
    public async Task Broker_database_and_gateway_are_killed_and_the_person_gets_the_same_machine_back()
    {
        var color = await running.TakeColorAsync();
        await using var screen = await RdpScreen.StartAsync();
        var first = await running.Ana.ConnectAsync(screen, color);
        await running.Rui.UntilAsync(first.SessionId, SessionState.Active, Soon);

        // The broker and its database die; the desktop on the screen does not notice.
        await running.Stack.Broker.SignalAsync("KILL");
        await running.Stack.Broker.ExitedAsync(CancellationToken.None);
        Assert.True(await screen.OrderAsync($"xsetroot -solid '{Marked}'", Marked, Soon), "The relay stopped when the broker died.");
        await running.Stack.StartBrokerAsync(CancellationToken.None);
        await running.Rui.UntilAsync(first.SessionId, SessionState.Active, Soon);

        // The gateway dies: the picture freezes, the session stays.
        await running.Stack.Gateway.SignalAsync("KILL");
        await running.Stack.Gateway.ExitedAsync(CancellationToken.None);
        await running.Rui.UntilAsync(first.SessionId, SessionState.Disconnected, Soon);
        await running.Stack.StartGatewayAsync(CancellationToken.None);

        await using var again = await RdpScreen.StartAsync();
        var second = await running.Ana.ConnectAsync(again, Marked);
        Assert.True(second.Reconnection);
        Assert.Equal((first.SessionId, first.MachineName), (second.SessionId, second.MachineName));
        running.Leave(Marked);
    }

    [Fact]
    public async Task A_broker_killed_between_launch_and_connection_gives_the_same_machine_after_its_restart()
    {
        await running.WithoutSessionAsync();
        var color = await running.TakeColorAsync();
        var request = Guid.NewGuid().ToString();
        var before = await running.Ana.LaunchAsync(request);
        await running.Stack.Broker.SignalAsync("KILL");
        await running.Stack.Broker.ExitedAsync(CancellationToken.None);
        var killed = DateTimeOffset.UtcNow;
        await running.Stack.StartBrokerAsync(CancellationToken.None);
        // Under emulation an agent may need half a minute to come back; nobody's client waits that long at the door.
        Assert.True(await Eventually.IsTrueAsync(async () => (await running.Rui.TheMachineAsync()).AgentSeenAt?.ToDateTimeOffset() > killed, Soon), "The agent did not come back.");

        await using var screen = await RdpScreen.StartAsync();   // before the ticket, which does not live long
        var after = await running.Ana.LaunchAsync(request);
        Assert.Equal((before.SessionId, before.MachineName), (after.SessionId, after.MachineName));
        var client = screen.Connect(running.Stack.RdpAddress, after.Ticket);
        Assert.True(await screen.ShowsAsync(color, Person.ConnectPatience), client.Output);
        running.Leave(color);
    }

    [Fact]
    public async Task A_ticket_works_once_and_a_guessed_one_never_and_both_are_audited()
    {
        var color = await running.TakeColorAsync();
        await using var screen = await RdpScreen.StartAsync();
        var ready = await running.Ana.ConnectAsync(screen, color);
        foreach (var ticket in new[] { ready.Ticket, new string('A', 43) })
        {
            await using var stranger = await RdpScreen.StartAsync();
            var client = stranger.Connect(running.Stack.RdpAddress, ticket);
            await client.ExitedAsync(Soon);
            Assert.NotEqual(0, client.ExitCode);
            Assert.Contains("ERRINFO_SERVER_DENIED_CONNECTION", client.Output, StringComparison.Ordinal);
        }
        Assert.False(screen.Client.HasExited);
        var outcomes = (await running.Rui.Audit.ListAsync(new() { Limit = 100 }, running.Rui.Token)).Events.Select(e => e.Outcome).ToHashSet();
        Assert.Contains("TICKET_USED", outcomes);
        Assert.Contains("TICKET_UNKNOWN", outcomes);
        running.Leave(color);
    }

    [Fact]
    public async Task A_machine_switched_off_behind_our_back_is_started_again()
    {
        await running.WithoutSessionAsync();
        var machine = await running.Rui.TheMachineAsync();
        running.Stack.Libvirt.StopMachines();
        // It may be back before this test looks: then it is available since a later moment.
        Assert.True(await Eventually.IsTrueAsync(async () => await running.Rui.TheMachineAsync() is var now && (now.State != MachineState.Available || !now.StateSince.Equals(machine.StateSince)), Soon));
        await running.Ana.UntilAsync(DesktopState.Ready, Person.BootPatience);
        Assert.Equal(machine.MachineId, (await running.Rui.TheMachineAsync()).MachineId);
    }
}
