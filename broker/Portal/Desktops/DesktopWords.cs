using System.Globalization;
using Montalegre.Vdi.Contracts.Common.V1;
using Montalegre.Vdi.Contracts.Gateway.V1;
using Montalegre.Vdi.Portal.Languages;

namespace Montalegre.Vdi.Portal.Desktops;

/// <summary>A desktop's state as a person reads it: the word, what it means, and how it looks.</summary>
internal sealed record DesktopWords(string State, string? Help, string Tone)
{
    public static DesktopWords Of(Desktop desktop, Texts t) => desktop.State switch
    {
        _ when OtherOpen(desktop) => new(t.StateOtherOpen(desktop.OpenInstead), null, "wait"),
        _ when desktop.Locked => new(t.StateLocked, LockedFor(desktop) ? null : t.StateLockedHelp, "wait"),
        DesktopState.Ready when desktop.OpensBeside.Length > 0 => new(t.StateReady, t.StateBeside(desktop.OpensBeside), "good"),
        DesktopState.Ready => new(t.StateReady, t.StateReadyHelp, "good"),
        DesktopState.Wait => new(t.StateWait, null, "wait"),
        DesktopState.SessionActive => new(t.StateActive, t.StateActiveHelp, "live"),
        DesktopState.SessionDisconnected => new(t.StateDisconnected, t.StateDisconnectedHelp, "live"),
        DesktopState.SessionPending => new(t.StatePending, t.StatePendingHelp, "wait"),
        _ => new(t.StateUnavailable, null, "bad"),
    };

    /// <summary>Something else of the same pool is open, and has to be logged off from before this can be opened.</summary>
    public static bool OtherOpen(Desktop desktop) => desktop.Reason?.Code == ReasonCode.OtherProgramOpen && desktop.SessionId.Length > 0;

    /// <summary>It was locked after this sign-in, so that only another one opens it.</summary>
    public static bool LockedFor(Desktop desktop) => desktop.Reason?.Code == ReasonCode.SessionLocked;

    /// <summary>What stands where an icon would: the first letters of the first two words that are more than a "de".</summary>
    public static string Initials(string name)
    {
        var words = name.Split(' ', StringSplitOptions.RemoveEmptyEntries).Where(w => char.IsLetterOrDigit(w, 0)).ToArray();
        var telling = words.Where(w => w.Length > 2).ToArray();
        return string.Concat((telling.Length > 1 ? telling : words).Take(2).Select(w => StringInfo.GetNextTextElement(w))).ToUpperInvariant();
    }

    public static bool HasSession(Desktop desktop) => desktop.SessionId.Length > 0
        && desktop.State is DesktopState.SessionActive or DesktopState.SessionDisconnected or DesktopState.SessionPending;
}
