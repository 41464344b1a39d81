using System.Buffers;
using System.Diagnostics.CodeAnalysis;

namespace Montalegre.Vdi.Gateway.Tickets;

/// <summary>The shape of a ticket: base64url of 32 bytes. Anything else is refused here, without a question to the broker.</summary>
internal static class TicketText
{
    private const int Length = 43;
    private static readonly SearchValues<char> Alphabet =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");

    public static bool LooksRight([NotNullWhen(true)] string? text) =>
        text is { Length: Length } && !text.AsSpan().ContainsAnyExcept(Alphabet);
}
