using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Domain.Tests.Pools;

public sealed class MachineNamePatternTests
{
    [Theory]
    [InlineData("balcao-{n:00}", 7, "balcao-07")]
    [InlineData("balcao-{n:00}", 123, "balcao-123")]
    [InlineData("w{n}", 5, "w5")]
    [InlineData("a-{n:000}-lx", 5, "a-005-lx")]
    public void A_pattern_numbers_names(string pattern, int ordinal, string name) => Assert.Equal(name, MachineNamePattern.Parse(pattern)!.Name(ordinal));

    [Theory]
    [InlineData("")]
    [InlineData("balcao")]
    [InlineData("{n}")]
    [InlineData("Balcao-{n}")]
    [InlineData("bal cao-{n}")]
    [InlineData("x-{n}-{n}")]
    [InlineData("x-{n:0x}")]
    public void A_pattern_that_makes_no_host_names_is_refused(string pattern) => Assert.Null(MachineNamePattern.Parse(pattern));
}
