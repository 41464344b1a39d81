namespace Montalegre.Vdi.Domain;

/// <summary>One logon on one machine: reserved but not logged on, on, kept without a client, or over.</summary>
public enum SessionState { Pending, Active, Disconnected, Ended }

/// <summary>The one table of session state changes.</summary>
public static class SessionStates
{
    /// <summary>True when a session may go from one state to the other. Ended is final.</summary>
    public static bool CanBecome(this SessionState from, SessionState to) => (from, to) switch
    {
        (SessionState.Pending, SessionState.Active) => true,
        (SessionState.Pending, SessionState.Disconnected) => true,  // logged on and left while the broker was away
        (SessionState.Active, SessionState.Disconnected) => true,
        (SessionState.Disconnected, SessionState.Active) => true,   // reconnection
        (not SessionState.Ended, SessionState.Ended) => true,
        _ => false,
    };
}
