namespace Montalegre.Vdi.Broker.Agents;

/// <summary>Keeps texts from a guest short and printable: guests are not trusted.</summary>
internal static class Bounded
{
    /// <summary>At most <paramref name="longest"/> characters, control characters replaced.</summary>
    public static string Text(string text, int longest) =>
        string.Concat((text.Length > longest ? text[..longest] : text).Select(c => char.IsControl(c) || char.IsSurrogate(c) ? '?' : c));
}
