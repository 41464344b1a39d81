namespace Montalegre.Vdi.AdminUi.Pages.Images;

/// <summary>A file that was chosen in the browser.</summary>
public sealed record PickedFile(string Name, ulong Size);

/// <summary>What this browser sends now, and what stopped what it sent before.</summary>
public sealed record BrowserImports(string[] Running, Dictionary<string, string> Troubles)
{
    public static BrowserImports None { get; } = new([], []);
}
