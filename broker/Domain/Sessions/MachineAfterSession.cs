namespace Montalegre.Vdi.Domain;

/// <summary>
/// What becomes of a machine when its last session ends. The end statement in SQL does exactly this;
/// a test compares the two over every combination.
/// </summary>
public static class MachineAfterSession
{
    /// <summary>What is done with the machine. One that we did not make is never refreshed or deleted.</summary>
    public static LogOffAction Action(LogOffAction ofPool, bool manual) => manual ? LogOffAction.Keep : ofPool;

    /// <summary>What is done with a machine that several people shared, as the last of them leaves: renewed when it is old enough, else kept.</summary>
    public static LogOffAction SharedAction(LogOffAction ofPool, bool manual, bool old) => old ? Action(ofPool, manual) : LogOffAction.Keep;

    /// <summary>The machine's next state.</summary>
    public static MachineState Next(LogOffAction ofPool, bool manual, MachineState state) => (state, Action(ofPool, manual)) switch
    {
        (MachineState.Faulted or MachineState.Deleting, _) => state,
        (_, LogOffAction.Delete) => MachineState.Deleting,
        (MachineState.Provisioning, _) => state,
        (_, LogOffAction.Refresh) => MachineState.Provisioning,
        (MachineState.Unreachable, _) => state,
        _ => MachineState.Available,
    };
}
