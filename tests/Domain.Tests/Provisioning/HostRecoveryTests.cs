namespace Montalegre.Vdi.Domain.Tests.Provisioning;

public sealed class HostRecoveryTests
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    [Fact]
    public void Machines_of_a_silent_host_wait_for_somebody_who_says_that_it_is_off()
    {
        Assert.Equal(RecoveryVerdict.NotLost, HostRecovery.Decide(new(false, TimeSpan.FromSeconds(5), false, 0, null)));
        Assert.Equal(RecoveryVerdict.WaitsForConfirmation, HostRecovery.Decide(new(false, 24 * 60 * Minute, false, 0, null)));
        Assert.Equal(RecoveryVerdict.MayStartElsewhere, HostRecovery.Decide(new(false, TimeSpan.FromSeconds(5), true, 0, null)));
    }

    [Fact]
    public void A_storage_that_takes_the_locks_of_a_silent_host_away_needs_nobody_but_time()
    {
        Assert.Equal(RecoveryVerdict.WaitsForStorage, HostRecovery.Decide(new(false, 2 * Minute, false, 0, 3 * Minute)));
        Assert.Equal(RecoveryVerdict.MayStartElsewhere, HostRecovery.Decide(new(false, 3 * Minute, false, 0, 3 * Minute)));
        Assert.Equal(RecoveryVerdict.WaitsForConfirmation, HostRecovery.Decide(new(false, 10 * Minute, false, AgentsConnected: 1, 3 * Minute)));
    }

    [Fact]
    public void A_host_that_answers_or_whose_machines_report_is_not_lost_whatever_was_confirmed()
    {
        Assert.Equal(RecoveryVerdict.NotLost, HostRecovery.Decide(new(true, null, true, 0, Minute)));
        Assert.Equal(RefusalReason.HostNotLost, HostRecovery.WhyNotFenced(new(true, null, false, 0, null)));
        Assert.Equal(RefusalReason.HostNotLost, HostRecovery.WhyNotFenced(new(false, Minute, false, 2, null)));
        Assert.Null(HostRecovery.WhyNotFenced(new(false, null, false, 0, null)));
    }
}
