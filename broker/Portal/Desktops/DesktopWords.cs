using Montalegre.Vdi.Contracts.Gateway.V1;
using Montalegre.Vdi.Portal.Languages;

namespace Montalegre.Vdi.Portal.Desktops;

/// <summary>A desktop's state as a person reads it: the word, what it means, and how it looks.</summary>
internal sealed record DesktopWords(string State, string? Help, string Tone)
{
    public static DesktopWords Of(DesktopState state, Texts t) => state switch
    {
        DesktopState.Ready => new(t.StateReady, t.StateReadyHelp, "good"),
        DesktopState.Wait => new(t.StateWait, null, "wait"),
        DesktopState.SessionActive => new(t.StateActive, t.StateActiveHelp, "live"),
        DesktopState.SessionDisconnected => new(t.StateDisconnected, t.StateDisconnectedHelp, "live"),
        DesktopState.SessionPending => new(t.StatePending, t.StatePendingHelp, "wait"),
        _ => new(t.StateUnavailable, null, "bad"),
    };

    public static bool HasSession(Desktop desktop) => desktop.SessionId.Length > 0
        && desktop.State is DesktopState.SessionActive or DesktopState.SessionDisconnected or DesktopState.SessionPending;
}
