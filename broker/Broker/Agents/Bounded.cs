namespace Montalegre.Vdi.Broker.Agents;

/// <summary>Keeps texts from a guest short and printable: guests are not trusted.</summary>
internal static class Bounded
{
    /// <summary>A duration from the wire, none to a year; null when absent or out of any range.</summary>
    public static TimeSpan? Time(Google.Protobuf.WellKnownTypes.Duration? duration) =>
        duration is { Seconds: >= 0 and <= 366 * 86400L, Nanos: >= 0 and <= 999_999_999 } ? duration.ToTimeSpan() : null;

    /// <summary>At most <paramref name="longest"/> characters, control characters replaced.</summary>
    public static string Text(string text, int longest) =>
        string.Concat((text.Length > longest ? text[..longest] : text).Select(c => char.IsControl(c) || char.IsSurrogate(c) ? '?' : c));
}
