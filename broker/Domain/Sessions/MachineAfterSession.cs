namespace Montalegre.Vdi.Domain;

/// <summary>
/// What becomes of a machine when its last session ends. The end statement in SQL does exactly this;
/// a test compares the two over every combination.
/// </summary>
public static class MachineAfterSession
{
    // INVARIANT: a floating machine is never offered to a second user without a fresh overlay. No flag switches this off.

    /// <summary>True when the machine has to go back to its image version before anybody else gets it.</summary>
    public static bool NeedsRefresh(PoolKind kind, bool manual) => kind == PoolKind.Floating && !manual;

    /// <summary>The machine's next state.</summary>
    public static MachineState Next(PoolKind kind, bool manual, MachineState state) => state switch
    {
        MachineState.Faulted or MachineState.Deleting or MachineState.Provisioning => state,
        _ when NeedsRefresh(kind, manual) => MachineState.Provisioning,
        MachineState.Unreachable => state,
        _ => MachineState.Available,
    };
}
