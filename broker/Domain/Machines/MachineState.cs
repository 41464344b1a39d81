namespace Montalegre.Vdi.Domain;

/// <summary>What a machine is good for right now. Drain and power are separate facts. Asleep: switched off by its pool's schedule until it is wanted.</summary>
public enum MachineState { Provisioning, Available, Reserved, InUse, Unreachable, Faulted, Deleting, Asleep }

/// <summary>Whether the machine runs, as the hypervisor last said.</summary>
public enum PowerState { Unknown, On, Off }

/// <summary>The one table of machine state changes.</summary>
public static class MachineStates
{
    /// <summary>True when a machine may go from one state to the other.</summary>
    public static bool CanBecome(this MachineState from, MachineState to) => (from, to) switch
    {
        (MachineState.Deleting, _) => false,
        (_, MachineState.Deleting) => true,
        (MachineState.Provisioning, MachineState.Available or MachineState.Faulted) => true,
        (MachineState.Available, MachineState.Reserved or MachineState.Unreachable or MachineState.Provisioning) => true,
        (MachineState.Reserved, MachineState.InUse or MachineState.Unreachable or MachineState.Provisioning or MachineState.Available) => true,
        (MachineState.InUse, MachineState.Available or MachineState.Unreachable or MachineState.Provisioning) => true,
        (MachineState.Unreachable, MachineState.Available or MachineState.Reserved or MachineState.InUse or MachineState.Provisioning) => true,
        (MachineState.Faulted, MachineState.Provisioning or MachineState.Available) => true,
        (MachineState.Provisioning, MachineState.Asleep) or (MachineState.Asleep, MachineState.Provisioning) => true,
        _ => false,
    };
}
