using System.Collections;
using System.Resources;
using Montalegre.Vdi.AdminUi.SignIn;
using Montalegre.Vdi.AdminUi.Words;

namespace Montalegre.Vdi.AdminUi.Tests;

public sealed class WordsTests
{
    [Fact]
    public void Every_word_of_the_component_library_has_a_Portuguese_one()
    {
        using var stream = typeof(MudBlazor.MudLocalizer).Assembly.GetManifestResourceStream("MudBlazor.Resources.LanguageResource.resources")!;
        using var reader = new ResourceReader(stream);
        var keys = reader.Cast<DictionaryEntry>().Select(e => (string)e.Key);
        Assert.Empty(keys.Except(MudWords.Portuguese.Keys));
    }

    [Fact]
    public void Numbers_and_dates_are_written_as_the_reader_writes_them()
    {
        var (pt, en) = (new Language(new("pt-PT")), new Language(new("en-GB")));
        Assert.Equal("4,12 s", pt.Seconds(TimeSpan.FromMilliseconds(4120)));
        Assert.Equal("4.12 s", en.Seconds(TimeSpan.FromMilliseconds(4120)));
        Assert.Equal("1 alteração", pt.ChangesWaiting(1));
        Assert.Equal("23 alterações", pt.ChangesWaiting(23));
        Assert.Equal("2 h 5 min", pt.Span(TimeSpan.FromMinutes(125)));
    }

    [Fact]
    public void Every_setting_section_and_unit_has_words_of_each_language()
    {
        var (pt, en) = (new Language(new("pt-PT")).Culture, new Language(new("en-GB")).Culture);
        Assert.All(Contracts.SettingTexts.Keys, key => Assert.NotEqual(Contracts.SettingTexts.Name(key, pt), Contracts.SettingTexts.Name(key, en)));
        Assert.All(Contracts.SettingTexts.Keys, key => Assert.NotEqual(Contracts.SettingTexts.Sentence(key, pt), Contracts.SettingTexts.Sentence(key, en)));
        Assert.Distinct(Contracts.SettingTexts.Keys.Select(key => Contracts.SettingTexts.Name(key, pt)));
        Assert.All(Enum.GetValues<Contracts.Admin.V1.SettingSection>().Skip(1), section => Assert.NotEqual(Contracts.SettingTexts.Name(section, pt), Contracts.SettingTexts.Name(section, en)));
        Assert.All(Enum.GetValues<Contracts.Admin.V1.SettingUnit>().Skip(1), unit => Assert.NotEqual("", Contracts.SettingTexts.Unit(unit, pt)));
    }

    [Fact]
    public void No_Brazilian_word_stands_where_a_Portuguese_one_belongs()
    {
        var pt = new Language(new("pt-PT"));
        var words = typeof(Language).GetProperties().Where(p => p.PropertyType == typeof(string)).Select(p => (string)p.GetValue(pt)!)
            .Concat(MudWords.Portuguese.Values)
            .Concat(Enum.GetValues<Contracts.Common.V1.ReasonCode>().Select(code => Contracts.ReasonTexts.Sentence(code, pt.Culture)))
            .Concat(Enum.GetValues<Contracts.Admin.V1.AlertRule>().SelectMany(rule => new[] { Contracts.AlertTexts.Name(rule, pt.Culture), Contracts.AlertTexts.Sentence(new() { Rule = rule }, pt.Culture), Contracts.AlertTexts.Help(rule, pt.Culture) }))
            .Concat(Contracts.SettingTexts.Keys.SelectMany(key => new[] { Contracts.SettingTexts.Name(key, pt.Culture), Contracts.SettingTexts.Sentence(key, pt.Culture), pt.SettingRule(key) }));
        Assert.DoesNotContain(words, sentence => Flows.KeyboardWalk.Brazilian().IsMatch(sentence));
        Assert.Matches(Flows.KeyboardWalk.Brazilian(), "Digite a senha do usuário");
    }

    [Theory]
    [InlineData("/machines?q=a", true)]
    [InlineData("/", true)]
    [InlineData("//elsewhere.example", false)]
    [InlineData("/\\elsewhere.example", false)]
    [InlineData("https://elsewhere.example", false)]
    [InlineData("/a\r\nSet-Cookie: x", false)]
    [InlineData("", false)]
    [InlineData(null, false)]
    public void Return_address_is_followed_only_when_it_is_ours(string? url, bool local) => Assert.Equal(local, LocalUrl.IsLocal(url));
}
