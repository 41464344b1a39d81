using Montalegre.Vdi.Broker.Power;

namespace Montalegre.Vdi.Broker.Tests.Power;

/// <summary>Hardware and broadcast addresses as agents and people say them.</summary>
public sealed class WakeAddressTests
{
    private const string Mac = "00:16:3e:12:34:56";

    [Theory]
    [InlineData("10.1.2.77", 24, "10.1.2.255")]
    [InlineData("10.1.2.77", 22, "10.1.3.255")]
    [InlineData("192.168.7.1", 30, "192.168.7.3")]
    [InlineData("10.0.0.1", 32, null)]
    [InlineData("10.0.0.1", 0, null)]
    [InlineData("fe80::1", 24, null)]
    [InlineData("not an address", 24, null)]
    public void Broadcast_address_is_the_last_of_the_subnet(string address, int prefix, string? expected) => Assert.Equal(expected, WakeAddress.BroadcastOf(address, prefix));

    [Theory]
    [InlineData("00:16:3e:12:34:56", true)]
    [InlineData("00-16-3E-12-34-56", true)]
    [InlineData("00163e123456", true)]
    [InlineData("01:16:3e:12:34:56", false)]     // a group's
    [InlineData("00:00:00:00:00:00", false)]
    [InlineData("00:16:3e:12:34", false)]
    [InlineData("", false)]
    public void Hardware_address_is_read_as_people_write_it(string text, bool good) => Assert.Equal(good ? Mac : null, WakeAddress.Parse(text) is { } mac ? WakeAddress.Show(mac) : null);
}
