using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Contracts.Gateway.V1;
using Montalegre.Vdi.Rig.Clients;

namespace Montalegre.Vdi.EndToEnd.Tests;

/// <summary>A computer that no hypervisor runs, in a manual pool: agent and address are all that the broker knows of it.</summary>
[Collection(RunningStack.Tests)]
public sealed class PhysicalComputerTests(RunningStack running)
{
    private const string Pool = "Gabinetes";
    private static readonly TimeSpan Soon = TimeSpan.FromMinutes(6);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Persons_own_PC_is_reached_through_the_gateway_and_is_as_it_was_after_the_session()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "it makes namespaces and accounts");
        var pool = await running.Rui.Pools.CreateAsync(new() { Name = Pool, Kind = PoolKind.Manual }, running.Rui.Token, cancellationToken: Ct);
        await running.Rui.Pools.EntitleAsync(new() { PoolId = pool.PoolId, UserName = running.Stack.UserName }, running.Rui.Token, cancellationToken: Ct);
        await using var computer = await PhysicalComputer.PrepareAsync();
        var added = await running.Rui.Machines.AddManualAsync(new() { PoolId = pool.PoolId, Name = "gabinete-7", Address = "127.0.0.1", Port = (uint)computer.Port }, running.Rui.Token, cancellationToken: Ct);
        Assert.NotEqual(DesktopState.Ready, (await running.Ana.DesktopAsync(Pool)).State);

        computer.SwitchOn(added.JoinDocument);
        await running.Ana.UntilAsync(DesktopState.Ready, Soon, Pool);
        await using (var screen = await RdpScreen.StartAsync())
        {
            var ready = await running.Ana.ConnectAsync(screen, PhysicalComputer.DesktopColor, Pool);
            Assert.Equal("gabinete-7", ready.MachineName);
            await running.Rui.UntilAsync(ready.SessionId, SessionState.Active, Soon);
            Assert.Null((await running.Ana.LogOffAsync(ready.SessionId)).Refused);
            await running.Rui.UntilAsync(ready.SessionId, SessionState.Ended, Soon);
        }
        Assert.Equal(MachineState.Available, (await running.Rui.Machines.GetAsync(new() { MachineId = added.Machine.MachineId }, running.Rui.Token, cancellationToken: Ct)).Machine.State);

        // The other tests of this stack count on one pool and one machine.
        await running.Rui.Machines.RemoveAsync(new() { MachineId = added.Machine.MachineId }, running.Rui.Token, cancellationToken: Ct);
        Assert.True(await Eventually.IsTrueAsync(async () => (await running.Rui.Machines.ListAsync(new() { PoolId = pool.PoolId }, running.Rui.Token, cancellationToken: Ct)).Machines.Count == 0, Soon));
        await running.Rui.Pools.DeleteAsync(new() { PoolId = pool.PoolId }, running.Rui.Token, cancellationToken: Ct);
    }
}
