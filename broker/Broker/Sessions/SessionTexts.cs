using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Sessions;

/// <summary>Session states as the database spells them.</summary>
internal static class SessionTexts
{
    /// <summary>The state behind a stored text.</summary>
    public static SessionState State(string text) => text switch
    {
        "pending" => SessionState.Pending,
        "active" => SessionState.Active,
        "disconnected" => SessionState.Disconnected,
        "ended" => SessionState.Ended,
        _ => throw new ArgumentOutOfRangeException(nameof(text), text, "is not a session state"),
    };
}
