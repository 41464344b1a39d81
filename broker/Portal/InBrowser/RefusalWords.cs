using System.Globalization;
using System.Text.Json.Serialization;
using Montalegre.Vdi.Contracts;
using Montalegre.Vdi.Contracts.Common.V1;

namespace Montalegre.Vdi.Portal.InBrowser;

/// <summary>A reason as the script shows it.</summary>
internal sealed record RefusalWords(
    [property: JsonPropertyName("code")] string Code,
    [property: JsonPropertyName("sentence")] string Sentence,
    [property: JsonPropertyName("detail")] string Detail = "",
    [property: JsonPropertyName("reference")] string Reference = "")
{
    public static RefusalWords Of(Reason reason, CultureInfo culture) =>
        new(ReasonTexts.Name(reason.Code), ReasonTexts.Sentence(reason.Code, culture), reason.Detail, reason.Reference);
}
