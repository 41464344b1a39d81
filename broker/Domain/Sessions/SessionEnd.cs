namespace Montalegre.Vdi.Domain;

/// <summary>Why a session ended. The texts stand in the database and on pages, so they are never renamed.</summary>
public enum SessionEnd
{
    /// <summary>The agent said that the guest session closed.</summary>
    LoggedOff,

    /// <summary>The machine booted again without the session.</summary>
    MachineRestarted,

    /// <summary>Nobody logged on in time after the newest ticket.</summary>
    NeverLoggedOn,

    /// <summary>IT or the person gave the reservation back before anybody logged on.</summary>
    Cancelled,

    /// <summary>IT threw away the machine's differences.</summary>
    MachineRefreshed,

    /// <summary>The hypervisor said that the machine stopped.</summary>
    MachineStopped,

    /// <summary>Nobody came back to it within the pool's time-out, and it was logged off.</summary>
    DisconnectedTooLong,

    /// <summary>The machine was removed, or the hypervisor says that it is gone.</summary>
    MachineRemoved,

    /// <summary>Somebody synthetic had seen what was to be seen; such sessions are on no page.</summary>
    ProbeOver,
}

/// <summary>The stored form of a session's end.</summary>
public static class SessionEnds
{
    /// <summary>The text as stored, for example <c>logged_off</c>.</summary>
    public static string Text(this SessionEnd end) => end switch
    {
        SessionEnd.LoggedOff => "logged_off",
        SessionEnd.MachineRestarted => "machine_restarted",
        SessionEnd.NeverLoggedOn => "never_logged_on",
        SessionEnd.Cancelled => "cancelled",
        SessionEnd.MachineRefreshed => "machine_refreshed",
        SessionEnd.MachineStopped => "machine_stopped",
        SessionEnd.MachineRemoved => "machine_removed",
        SessionEnd.ProbeOver => "probe_over",
        SessionEnd.DisconnectedTooLong => "disconnected_too_long",
        _ => throw new ArgumentOutOfRangeException(nameof(end), end, "is not an end"),
    };
}
