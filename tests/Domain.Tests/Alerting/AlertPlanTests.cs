namespace Montalegre.Vdi.Domain.Tests.Alerting;

public sealed class AlertPlanTests
{
    private static readonly PoolId Pool = new(Guid.NewGuid());

    [Theory]
    [InlineData(AlertRule.QueueLong, 9, false)]
    [InlineData(AlertRule.QueueLong, 10, true)]
    [InlineData(AlertRule.PoolShort, 0, true)]
    [InlineData(AlertRule.PoolShort, 1, false)]
    [InlineData(AlertRule.CertificateEnds, 20.9, true)]
    [InlineData(AlertRule.CertificateEnds, 21, false)]
    [InlineData(AlertRule.BackupFailed, 1, true)]
    public void Reading_is_compared_on_the_side_that_the_rule_says(AlertRule rule, double value, bool breach) =>
        Assert.Equal(breach, AlertPlan.Breaches([Reading(rule, value)], new([])).Count == 1);

    [Fact]
    public void Pool_has_its_own_setting_others_what_holds_everywhere_and_a_rule_that_is_off_says_nothing()
    {
        var settings = new AlertSettings([(AlertRule.QueueLong, null, Setting(5)), (AlertRule.QueueLong, Pool, Setting(50)), (AlertRule.HostLost, null, Setting(1) with { Enabled = false })]);

        Assert.Empty(AlertPlan.Breaches([Reading(AlertRule.QueueLong, 20)], settings));
        Assert.Equal(5, Assert.Single(AlertPlan.Breaches([Reading(AlertRule.QueueLong, 20) with { Pool = new(Guid.NewGuid()) }], settings)).Setting.Threshold);
        Assert.Empty(AlertPlan.Breaches([Reading(AlertRule.HostLost, 1000)], settings));
    }

    [Fact]
    public void Object_that_is_read_twice_is_one_breach() =>
        Assert.Single(AlertPlan.Breaches([Reading(AlertRule.HostLost, 100), Reading(AlertRule.HostLost, 200)], new([])));

    [Fact]
    public void Every_rule_has_a_setting_that_can_be_used_and_nonsense_is_named()
    {
        Assert.All(Enum.GetValues<AlertRule>(), rule => Assert.Null(AlertRules.Problem(rule, rule.Facts().Usual)));
        Assert.NotNull(AlertRules.Problem(AlertRule.StorageFull, Setting(101)));
        Assert.NotNull(AlertRules.Problem(AlertRule.QueueLong, Setting(double.NaN)));
        Assert.NotNull(AlertRules.Problem(AlertRule.QueueLong, Setting(0)));
        Assert.NotNull(AlertRules.Problem(AlertRule.QueueLong, Setting(null)));
        Assert.NotNull(AlertRules.Problem(AlertRule.BackupFailed, Setting(1)));
        Assert.NotNull(AlertRules.Problem(AlertRule.QueueLong, Setting(1) with { For = TimeSpan.FromDays(2) }));
    }

    private static AlertReading Reading(AlertRule rule, double value) => new(rule, "thing", "key", "name", Pool, value, "");

    private static AlertSetting Setting(double? threshold) => new(true, threshold, TimeSpan.Zero, AlertSeverity.Warning);
}
