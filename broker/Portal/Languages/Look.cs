using Microsoft.AspNetCore.Http;

namespace Montalegre.Vdi.Portal.Languages;

/// <summary>How this browser's reader wants pages to look. Nothing of it is known elsewhere.</summary>
/// <param name="HighContrast">Black and white with thick lines.</param>
/// <param name="Size">Of the text: 0 as the browser says, 1 a quarter more, 2 half as much again.</param>
public sealed record Look(bool HighContrast, int Size)
{
    private const string Cookie = "__Host-montalegre-look";
    private const int Largest = 2;

    /// <summary>Read for the root element; null leaves the attribute out.</summary>
    public string? Contrast => HighContrast ? "high" : null;

    /// <inheritdoc cref="Contrast"/>
    public string? TextSize => Size > 0 ? Size.ToString(System.Globalization.CultureInfo.InvariantCulture) : null;

    internal static Look Of(HttpContext http) => http.Request.Cookies[Cookie] is [var contrast, var size] ? Read(contrast == 'h', size - '0') : new(false, 0);

    internal static void Remember(HttpContext http, bool highContrast, int size)
    {
        var look = Read(highContrast, size);
        http.Response.Cookies.Append(Cookie, $"{(look.HighContrast ? 'h' : 'n')}{look.Size}", Language.ChoiceCookie);
    }

    private static Look Read(bool highContrast, int size) => new(highContrast, size is >= 0 and <= Largest ? size : 0);
}
