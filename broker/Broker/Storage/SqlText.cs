using System.Text.Json;

namespace Montalegre.Vdi.Broker.Storage;

/// <summary>States as the database writes them: <c>MachineState.InUse</c> is <c>in_use</c>.</summary>
internal static class SqlText
{
    /// <summary>The text of a value, for a parameter.</summary>
    public static string Of<T>(T value) where T : struct, Enum =>
        Words<T>.ToText.TryGetValue(value, out var text) ? text : throw new ArgumentOutOfRangeException(nameof(value), value, $"{typeof(T).Name} has no such value.");

    /// <summary>The value of a text, from a row.</summary>
    public static T Parse<T>(string text) where T : struct, Enum =>
        Words<T>.FromText.TryGetValue(text, out var value) ? value : throw new FormatException($"The database says '{text}', which is no {typeof(T).Name}.");

    /// <summary>The value of a text that may be null.</summary>
    public static T? ParseOrNull<T>(string? text) where T : struct, Enum => text is null ? null : Parse<T>(text);

    private static class Words<T> where T : struct, Enum
    {
        public static readonly Dictionary<T, string> ToText =
            Enum.GetValues<T>().ToDictionary(v => v, v => JsonNamingPolicy.SnakeCaseLower.ConvertName(v.ToString()));

        public static readonly Dictionary<string, T> FromText = ToText.ToDictionary(p => p.Value, p => p.Key, StringComparer.Ordinal);
    }
}
