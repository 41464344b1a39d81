using System.Text.Encodings.Web;
using System.Text.Json;
using Montalegre.Vdi.Contracts;
using Montalegre.Vdi.Portal.Languages;

namespace Montalegre.Vdi.Portal.InBrowser;

/// <summary>What the script says in one language: no script and no words for it stand in the page itself.</summary>
internal static class ScriptWords
{
    private static readonly JsonSerializerOptions Plain = new(JsonSerializerDefaults.Web) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The words, and every public reason by its number: a connection may end when nobody can be asked any more.</summary>
    public static byte[] Of(Texts t) => JsonSerializer.SerializeToUtf8Bytes(
        new
        {
            Words = t.Browser,
            Reasons = ReasonTexts.Covered.ToDictionary(code => (int)code, code => new[] { ReasonTexts.Name(code), ReasonTexts.Sentence(code, t.Culture) }),
        },
        Plain);
}
