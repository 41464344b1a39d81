using System.Globalization;
using System.Text;

namespace Montalegre.Vdi.AdminUi.Components;

/// <summary>Text as a filter compares it: "Conceição" is found by "conceicao", and the other way round.</summary>
internal static class FoldedText
{
    /// <summary>A letter that nobody types keeps the words apart.</summary>
    private const char Between = '\n';

    /// <summary>All words of a row in one text, so that it is looked through once.</summary>
    public static string Of(IEnumerable<string> words) => Of(string.Join(Between, words));

    public static string Of(string text)
    {
        if (Ascii.IsValid(text)) return text.ToUpperInvariant();
        var folded = new StringBuilder(text.Length);
        foreach (var letter in text.Normalize(NormalizationForm.FormD))
            if (CharUnicodeInfo.GetUnicodeCategory(letter) != UnicodeCategory.NonSpacingMark) folded.Append(char.ToUpperInvariant(letter));
        return folded.ToString();
    }
}
