using System.Buffers.Binary;
using Montalegre.Vdi.Gateway.Html5;
using Montalegre.Vdi.Gateway.Tests.Fakes;
using Montalegre.Vdi.Protocol.FrontEnd;
using Montalegre.Vdi.Protocol.SignIns;
using Montalegre.Vdi.Protocol.Wire;

namespace Montalegre.Vdi.Gateway.Tests.Html5;

/// <summary>The browser's time zone, as the machine is told it.</summary>
public sealed class TimeZoneTests
{
    private static readonly DateTimeOffset Autumn = new(2026, 11, 26, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Portugal_changes_its_clocks_on_the_last_sundays_of_march_and_october() => Assert.Equal(
        new ClientTimeZone(0, "GMT Standard Time", new(10, DayOfWeek.Sunday, 5, TimeSpan.FromHours(2)), "GMT Daylight Time", new(3, DayOfWeek.Sunday, 5, TimeSpan.FromHours(1)), -60),
        BrowserTimeZone.Of("Europe/Lisbon", Autumn));

    [Fact]
    public void New_york_counts_its_sundays_from_the_first() => Assert.Equal(
        new ClientTimeZone(300, "Eastern Standard Time", new(11, DayOfWeek.Sunday, 1, TimeSpan.FromHours(2)), "Eastern Daylight Time", new(3, DayOfWeek.Sunday, 2, TimeSpan.FromHours(2)), -60),
        BrowserTimeZone.Of("America/New_York", Autumn));

    [Fact]
    public void South_of_the_equator_summer_begins_in_the_spring_of_the_year_before()
    {
        var sydney = BrowserTimeZone.Of("Australia/Sydney", Autumn)!;
        Assert.Equal((-600, 4, 10, -60), (sydney.Bias, sydney.ToStandard!.Value.Month, sydney.ToDaylight!.Value.Month, sydney.DaylightBias));
    }

    [Theory]
    [InlineData("Asia/Tokyo", -540)]
    [InlineData("Asia/Kathmandu", -345)]
    [InlineData("UTC", 0)]
    public void Zones_without_daylight_saving_have_a_bias_and_no_changes(string iana, int bias)
    {
        var zone = BrowserTimeZone.Of(iana, Autumn)!;
        Assert.Equal((bias, null, null), (zone.Bias, zone.ToStandard, zone.ToDaylight));
    }

    [Theory]
    [InlineData("")]
    [InlineData("Atlantis/Harbour")]
    [InlineData("../../etc/passwd")]
    public void Unknown_names_say_nothing(string iana) => Assert.Null(BrowserTimeZone.Of(iana, Autumn));

    [Fact]
    public async Task Machine_is_told_the_zone_in_the_client_info()
    {
        await using var machine = new FakeMachine();
        var redeemer = new FakeRedeemer();
        await using var gateway = await DesktopGateway.StartAsync(redeemer);
        await using var browser = gateway.Browser();
        // Its Hello says Europe/Lisbon.
        await browser.ConnectAsync(gateway.Socket, redeemer.NewTicket(machine.Address, machine.CertificateSha256));
        var sent = await machine.TalkAsync(FrontEndStep.SignInRead);
        var wanted = new WireWriter(new byte[ClientTimeZone.Length], "test");
        BrowserTimeZone.Of("Europe/Lisbon", DateTimeOffset.UtcNow)!.Write(ref wanted);
        Assert.True(sent.AsSpan().IndexOf(wanted.WrittenSpan) > 0, Convert.ToHexString(sent));
        Assert.Equal(0, BinaryPrimitives.ReadInt32LittleEndian(wanted.WrittenSpan));
    }
}
