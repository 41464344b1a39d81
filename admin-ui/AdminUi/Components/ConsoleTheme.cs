using MudBlazor;

namespace Montalegre.Vdi.AdminUi.Components;

/// <summary>MudBlazor's palette in our colours; the same values stand in console.css as variables.</summary>
internal static class ConsoleTheme
{
    private static readonly string[] Letters = ["system-ui", "-apple-system", "Segoe UI", "Roboto", "Noto Sans", "Liberation Sans", "sans-serif"];

    public static MudTheme Theme { get; } = new()
    {
        PaletteLight = new PaletteLight()
        {
            Primary = "#0b6a5e", PrimaryContrastText = "#ffffff", Error = "#b3261e", Warning = "#8a5300", Success = "#1b6e3c", Info = "#1d5fa8",
            Background = "#f5f6f4", Surface = "#ffffff", TextPrimary = "#1a2321", TextSecondary = "#55625e", ActionDefault = "#55625e",
            Divider = "#dfe4e1", LinesInputs = "#7d8a86", LinesDefault = "#dfe4e1",
        },
        PaletteDark = new PaletteDark()
        {
            Primary = "#64cdb9", PrimaryContrastText = "#06231e", Error = "#ff9d94", Warning = "#f3bc6b", Success = "#7fd49b", Info = "#8fc1f5",
            Background = "#111715", Surface = "#1a211f", TextPrimary = "#e7edea", TextSecondary = "#a3b1ac", ActionDefault = "#a3b1ac",
            Divider = "#2d3734", LinesInputs = "#7d8a86", LinesDefault = "#2d3734", ErrorContrastText = "#2a0603", SuccessContrastText = "#0a2415", WarningContrastText = "#2b1c00", InfoContrastText = "#0a1c30",
        },
        LayoutProperties = new() { DefaultBorderRadius = "8px" },
        Typography = new()
        {
            Default = new DefaultTypography { FontFamily = Letters, FontSize = "0.9375rem", LineHeight = "1.5" },
            Button = new ButtonTypography { FontFamily = Letters, TextTransform = "none", FontWeight = "600", FontSize = "0.875rem", LetterSpacing = "0" },
            H6 = new H6Typography { FontFamily = Letters, FontSize = "1.0625rem", FontWeight = "650", LetterSpacing = "0" },
        },
    };
}
