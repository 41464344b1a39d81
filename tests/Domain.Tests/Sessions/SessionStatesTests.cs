namespace Montalegre.Vdi.Domain.Tests.Sessions;

public sealed class SessionStatesTests
{
    [Fact]
    public void Ended_is_final()
    {
        Assert.All(Enum.GetValues<SessionState>(), to => Assert.False(SessionState.Ended.CanBecome(to)));
    }

    [Fact]
    public void Every_open_session_can_end()
    {
        Assert.All(Enum.GetValues<SessionState>().Where(s => s != SessionState.Ended), from => Assert.True(from.CanBecome(SessionState.Ended)));
    }

    [Fact]
    public void Nobody_goes_back_to_pending()
    {
        Assert.All(Enum.GetValues<SessionState>(), from => Assert.False(from.CanBecome(SessionState.Pending)));
    }

    [Fact]
    public void Every_end_has_its_own_stored_text()
    {
        var texts = Enum.GetValues<SessionEnd>().Select(e => e.Text()).ToList();

        Assert.Equal(texts.Count, texts.Distinct().Count());
    }

    [Theory]
    [InlineData(LogOffAction.Refresh, false, MachineState.InUse, MachineState.Provisioning)]
    [InlineData(LogOffAction.Refresh, false, MachineState.Unreachable, MachineState.Provisioning)]
    [InlineData(LogOffAction.Refresh, true, MachineState.InUse, MachineState.Available)]
    [InlineData(LogOffAction.Keep, false, MachineState.InUse, MachineState.Available)]
    [InlineData(LogOffAction.Keep, false, MachineState.Unreachable, MachineState.Unreachable)]
    [InlineData(LogOffAction.Keep, true, MachineState.Reserved, MachineState.Available)]
    [InlineData(LogOffAction.Refresh, false, MachineState.Faulted, MachineState.Faulted)]
    [InlineData(LogOffAction.Refresh, false, MachineState.Deleting, MachineState.Deleting)]
    [InlineData(LogOffAction.Delete, false, MachineState.InUse, MachineState.Deleting)]
    [InlineData(LogOffAction.Delete, false, MachineState.Unreachable, MachineState.Deleting)]
    [InlineData(LogOffAction.Delete, true, MachineState.InUse, MachineState.Available)]
    [InlineData(LogOffAction.Delete, false, MachineState.Faulted, MachineState.Faulted)]
    public void Machine_after_its_session(LogOffAction action, bool manual, MachineState before, MachineState after)
    {
        Assert.Equal(after, MachineAfterSession.Next(action, manual, before));
    }

    [Fact]
    public void Floating_pool_never_keeps_and_somebodys_own_machine_is_never_thrown_away()
    {
        Assert.False(LogOffAction.Keep.Fits(PoolKind.Floating));
        foreach (var kind in new[] { PoolKind.Dedicated, PoolKind.Manual })
            Assert.Equal([LogOffAction.Keep], Enum.GetValues<LogOffAction>().Where(a => a.Fits(kind)));
        Assert.All(Enum.GetValues<PoolKind>(), kind => Assert.True(LogOffActions.DefaultOf(kind).Fits(kind)));
    }
}
