using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Domain.Tests;

public sealed class StateTableTests
{
    [Fact]
    public void An_ended_session_stays_ended() =>
        Assert.All(Enum.GetValues<SessionState>(), to => Assert.False(SessionState.Ended.CanBecome(to)));

    [Fact]
    public void Every_open_session_can_end() =>
        Assert.All(Enum.GetValues<SessionState>().Where(s => s != SessionState.Ended), from => Assert.True(from.CanBecome(SessionState.Ended)));

    [Fact]
    public void A_machine_being_deleted_comes_back_in_no_state() =>
        Assert.All(Enum.GetValues<MachineState>(), to => Assert.False(MachineState.Deleting.CanBecome(to)));

    [Fact]
    public void A_machine_in_use_is_not_offered_again_without_passing_another_state() =>
        Assert.False(MachineState.InUse.CanBecome(MachineState.Reserved));

    [Fact]
    public void Nobody_watches_without_having_been_allowed_to() =>
        Assert.All(Enum.GetValues<AssistanceState>().Where(s => s is not (AssistanceState.Granted or AssistanceState.Watching)), from => Assert.False(from.CanBecome(AssistanceState.Watching)));

    [Fact]
    public void Assistance_that_is_over_stays_over_and_an_open_one_can_always_end() =>
        Assert.All(Enum.GetValues<AssistanceState>(), from =>
        {
            Assert.Equal(from.IsOpen(), from.CanBecome(AssistanceState.Ended));
            if (!from.IsOpen()) Assert.All(Enum.GetValues<AssistanceState>(), to => Assert.False(from.CanBecome(to)));
        });
}
