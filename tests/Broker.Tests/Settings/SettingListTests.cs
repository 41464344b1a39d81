using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Montalegre.Vdi.Broker.Hosting;
using Montalegre.Vdi.Broker.Settings;
using Montalegre.Vdi.Contracts;
using Montalegre.Vdi.Contracts.Admin.V1;

namespace Montalegre.Vdi.Broker.Tests.Settings;

/// <summary>The one list fits the options that it is about.</summary>
public sealed class SettingListTests
{
    [Fact]
    public void Every_setting_has_words_and_no_words_are_left_over() =>
        Assert.Equal(SettingList.All.Select(s => s.Key).Order(StringComparer.Ordinal), SettingTexts.Keys.Order(StringComparer.Ordinal));

    [Fact]
    public async Task Each_default_and_the_ends_of_each_range_are_good_and_what_is_shown_reads_back()
    {
        await using var app = BrokerApplication.Build(["--Hosting:ApiListen=127.0.0.1:0", "--Hosting:ChannelListen=127.0.0.1:0", "--Hosting:StateDirectory=/tmp/nowhere"]);
        var all = app.Services.GetServices<LiveOptions>().ToDictionary(o => o.Section);
        foreach (var known in SettingList.All)
        {
            foreach (var text in new[] { known.Show(known.Usual), Number(known.Lowest), Number(known.Highest) }.OfType<string>())
            {
                var (value, fault) = known.Read(text);
                Assert.Equal((known.Key, text, null), (known.Key, text, fault));
                Assert.Equal((known.Key, text, text), (known.Key, known.Show(value!), known.ShowConfigured(KnownSetting.Configured(value!))));
                if (known.OnlyInFiles) continue;
                var stored = new Dictionary<string, string?> { [known.Key] = KnownSetting.Configured(value!) };
                // Where two must fit together, the other one is out of the way.
                if (SettingList.Find(known.AtLeast) is { } lower) stored[lower.Key] = KnownSetting.Configured(lower.Read(Number(lower.Lowest)!).Value!);
                if (SettingList.Find(known.AtMost) is { } upper) stored[upper.Key] = KnownSetting.Configured(upper.Read(Number(upper.Highest)!).Value!);
                var (made, problems) = all[known.Options].Try(stored);
                Assert.Empty(problems);
                Assert.Equal(value, known.Of(made!));
            }
            if (known.Kind is SettingKind.Text) continue;
            Assert.Equal((known.Key, SettingFault.OutOfRange, SettingFault.OutOfRange), (known.Key, known.Read(Number(known.Highest + 1)!).Fault, known.Read(Number(known.Lowest - 1)!).Fault));
            foreach (var text in new[] { "", "x", "1e9", "1,5", "NaN", "Infinity", "∞", "--1" }) Assert.Equal((known.Key, text, SettingFault.NotANumber), (known.Key, text, known.Read(text).Fault));
            if (known.Kind is SettingKind.Whole) Assert.Equal(SettingFault.NotANumber, known.Read("1.5").Fault);
        }
        Assert.Null(SettingList.Find(""));
    }

    private static string? Number(double? of) => of?.ToString("0.######", CultureInfo.InvariantCulture);
}
