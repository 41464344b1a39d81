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
    [InlineData(PoolKind.Floating, false, MachineState.InUse, MachineState.Provisioning)]
    [InlineData(PoolKind.Floating, false, MachineState.Unreachable, MachineState.Provisioning)]
    [InlineData(PoolKind.Floating, true, MachineState.InUse, MachineState.Available)]
    [InlineData(PoolKind.Dedicated, false, MachineState.InUse, MachineState.Available)]
    [InlineData(PoolKind.Dedicated, false, MachineState.Unreachable, MachineState.Unreachable)]
    [InlineData(PoolKind.Manual, true, MachineState.Reserved, MachineState.Available)]
    [InlineData(PoolKind.Floating, false, MachineState.Faulted, MachineState.Faulted)]
    [InlineData(PoolKind.Floating, false, MachineState.Deleting, MachineState.Deleting)]
    public void Machine_after_its_session(PoolKind kind, bool manual, MachineState before, MachineState after)
    {
        Assert.Equal(after, MachineAfterSession.Next(kind, manual, before));
    }
}
