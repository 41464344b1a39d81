using Montalegre.Vdi.Flows;
using Montalegre.Vdi.Portal.Languages;

namespace Montalegre.Vdi.Gateway.Tests.Portal;

public sealed class PortalWordsTests
{
    [Fact]
    public void Portuguese_pages_have_neither_English_left_over_nor_Brazilian_words()
    {
        var (pt, en) = (Sentences(Portuguese.Texts), Sentences(English.Texts));
        Assert.Equal(en.Keys.Order(), pt.Keys.Order());
        Assert.DoesNotContain(pt, words => KeyboardWalk.Brazilian().IsMatch(words.Value));
        // Names of products are the same for everybody.
        Assert.Equal([nameof(Texts.CommandTitle)], pt.Where(words => words.Value == en[words.Key] && words.Value.Contains(' ', StringComparison.Ordinal)).Select(words => words.Key));
    }

    private static Dictionary<string, string> Sentences(Texts texts) => typeof(Texts).GetProperties().Select(p => (p.Name, Value: p.GetValue(texts) switch
    {
        string words => words,
        Func<string, string> of => of("x"),
        Func<int, string> of => of(3),
        _ => null,
    })).Where(p => p.Value is not null).ToDictionary(p => p.Name, p => p.Value!, StringComparer.Ordinal);
}
