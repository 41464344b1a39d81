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
            Reasons = ReasonTexts.Covered.Where(code => !IsSaidElsewhere(code)).ToDictionary(code => (int)code, code => new[] { ReasonTexts.Name(code), ReasonTexts.Sentence(code, t.Culture) }),
        },
        Plain);

    // What is said where people sign in, and what only the console and the command line hear: too long to bring to every desktop.
    private static bool IsSaidElsewhere(ReasonCode code) => code
        is >= ReasonCode.CodeWrong and <= ReasonCode.PasskeysOff or ReasonCode.PasskeyNeedsBrowser
        or >= ReasonCode.ApiKeyInvalid and <= ReasonCode.ClaimMissing or >= ReasonCode.CertificateNotShown and <= ReasonCode.CertificatesOff
        or >= ReasonCode.ImageRefused and <= ReasonCode.RolloutKeepsReady or >= ReasonCode.HostNotLost and <= ReasonCode.StorageDiffers
        or >= ReasonCode.TaskOver and <= ReasonCode.SettingChanged or >= ReasonCode.HostOfOtherSite and <= ReasonCode.EndpointsInUse;
}
