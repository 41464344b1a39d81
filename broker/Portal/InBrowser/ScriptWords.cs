using System.Text.Encodings.Web;
using System.Text.Json;
using Montalegre.Vdi.Contracts;
using Montalegre.Vdi.Contracts.Common.V1;
using Montalegre.Vdi.Portal.Languages;

namespace Montalegre.Vdi.Portal.InBrowser;

/// <summary>What the script says in one language: no script and no words for it stand in the page itself.</summary>
internal static class ScriptWords
{
    private static readonly JsonSerializerOptions Plain = new(JsonSerializerDefaults.Web) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The words, and every public reason that can end a desktop by its number: a connection may end when nobody can be asked any more.</summary>
    public static byte[] Of(Texts t) => JsonSerializer.SerializeToUtf8Bytes(
        new
        {
            Words = t.Browser,
            Reasons = ReasonTexts.Covered.Where(code => !IsOfSigningIn(code)).ToDictionary(code => (int)code, code => new[] { ReasonTexts.Name(code), ReasonTexts.Sentence(code, t.Culture) }),
        },
        Plain);

    // Keys of the API, emergency accounts, providers and certificates: said where people sign in, and too long to bring to every desktop.
    private static bool IsOfSigningIn(ReasonCode code) =>
        code is >= ReasonCode.ApiKeyInvalid and <= ReasonCode.ClaimMissing or >= ReasonCode.CertificateNotShown and <= ReasonCode.CertificatesOff;
}
