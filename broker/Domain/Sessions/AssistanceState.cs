namespace Montalegre.Vdi.Domain;

/// <summary>How far an assistance is: an administrator who asks to look at somebody's desktop, or to control it.</summary>
public enum AssistanceState
{
    /// <summary>The question is on the person's screen.</summary>
    Asked,

    /// <summary>Allowed, and not opened yet.</summary>
    Granted,

    /// <summary>The administrator sees the desktop.</summary>
    Watching,
    Ended,
    Denied,

    /// <summary>Nobody answered in time, which is a no.</summary>
    Expired,
}

/// <summary>The table of an assistance's states.</summary>
public static class AssistanceStates
{
    /// <summary>Whether an assistance may go from one state to the other.</summary>
    public static bool CanBecome(this AssistanceState from, AssistanceState to) => (from, to) switch
    {
        (AssistanceState.Asked, AssistanceState.Granted or AssistanceState.Denied or AssistanceState.Expired) => true,
        (AssistanceState.Granted, AssistanceState.Watching) => true,
        (AssistanceState.Watching, AssistanceState.Watching) => true,       // the page was opened again
        (AssistanceState.Asked or AssistanceState.Granted or AssistanceState.Watching, AssistanceState.Ended) => true,
        _ => false,
    };

    /// <summary>Whether a session has its one assistance in it.</summary>
    public static bool IsOpen(this AssistanceState state) => state is AssistanceState.Asked or AssistanceState.Granted or AssistanceState.Watching;
}
