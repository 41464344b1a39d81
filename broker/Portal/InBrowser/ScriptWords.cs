using System.Text.Json;
using Montalegre.Vdi.Contracts;
using Montalegre.Vdi.Portal.Languages;

namespace Montalegre.Vdi.Portal.InBrowser;

/// <summary>What the script says, as JSON for an attribute of the page: no script stands in the page itself.</summary>
internal static class ScriptWords
{
    public static string Words(Texts t) => JsonSerializer.Serialize(t.Browser, JsonSerializerOptions.Web);

    /// <summary>Every public reason by its number, since the connection may end at a moment when nobody can be asked.</summary>
    public static string Reasons(Texts t) => JsonSerializer.Serialize(
        ReasonTexts.Covered.ToDictionary(code => (int)code, code => new[] { ReasonTexts.Name(code), ReasonTexts.Sentence(code, t.Culture) }),
        JsonSerializerOptions.Web);
}
