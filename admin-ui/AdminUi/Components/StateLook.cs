using Montalegre.Vdi.AdminUi.Pages.Machines;
using Montalegre.Vdi.AdminUi.Words;
using Montalegre.Vdi.Contracts.Admin.V1;
using static MudBlazor.Icons.Material;

namespace Montalegre.Vdi.AdminUi.Components;

/// <summary>How one state looks: an icon, a word, and a tone that only repeats them.</summary>
public sealed record StateLook(string Tone, string Icon, string Word)
{
    internal static StateLook Of(MachineState state, Language say) => state switch
    {
        MachineState.Provisioning => new("busy", Outlined.Construction, say.State(state)),
        MachineState.Available => new("good", Outlined.CheckCircle, say.State(state)),
        MachineState.Reserved => new("busy", Outlined.HourglassTop, say.State(state)),
        MachineState.InUse => new("used", Outlined.Person, say.State(state)),
        MachineState.Unreachable => new("warn", Outlined.LinkOff, say.State(state)),
        MachineState.Faulted => new("bad", Outlined.ErrorOutline, say.State(state)),
        MachineState.Asleep => new("calm", Outlined.Bedtime, say.State(state)),
        MachineState.Deleting => new("calm", Outlined.DeleteSweep, say.State(state)),
        _ => new("calm", Outlined.HelpOutline, say.State(state)),
    };

    /// <summary>A silent computer that a packet may wake counts as asleep.</summary>
    internal static StateLook Of(Machine machine, Language say) => machine is not { State: MachineState.Unreachable, Wakeable: true } ? Of(machine.State, say)
        : MachineWords.Wakes(machine) ? new("busy", Outlined.WbSunny, say.WakingWord) : new("calm", Outlined.Bedtime, say.SleepingWord);

    /// <summary>Of a session whose person's card was taken out; beside its state.</summary>
    internal static StateLook Locked(Language say) => new("warn", Outlined.Lock, say.LockedWord);

    internal static StateLook Of(SessionState state, Language say) => state switch
    {
        SessionState.Pending => new("busy", Outlined.HourglassTop, say.State(state)),
        SessionState.Active => new("good", Outlined.PlayCircle, say.State(state)),
        SessionState.Disconnected => new("warn", Outlined.PauseCircle, say.State(state)),
        _ => new("calm", Outlined.StopCircle, say.State(state)),
    };

    internal static StateLook Of(PowerState power, Language say) => power switch
    {
        PowerState.On => new("plain", Outlined.PowerSettingsNew, say.State(power)),
        PowerState.Off => new("plain", Outlined.PowerOff, say.State(power)),
        _ => new("plain", Outlined.HelpOutline, say.State(power)),
    };

    internal static StateLook Image(string state, Language say) => state switch
    {
        "publishing" => new("busy", Outlined.CloudSync, say.ImageState(state)),
        "ready" => new("good", Outlined.CheckCircle, say.ImageState(state)),
        "failed" => new("bad", Outlined.ErrorOutline, say.ImageState(state)),
        _ => new("calm", Outlined.Archive, say.ImageState(state)),
    };

    internal static StateLook Enabled(bool enabled, Language say) => enabled
        ? new("good", Outlined.CheckCircle, say.EnabledWord)
        : new("calm", Outlined.Block, say.DisabledWord);

    internal static StateLook Reached(bool reached, Language say) => reached
        ? new("good", Outlined.Link, say.ReachedWord)
        : new("bad", Outlined.LinkOff, say.NotReachedWord);

    internal static StateLook Of(LdapDirectory directory, Language say) => directory switch
    {
        { Disabled: true } => new("calm", Outlined.Block, say.DisabledWord),
        { SyncError.Length: > 0 } => new("bad", Outlined.ErrorOutline, say.NotReadWord),
        { SyncedAt: null } => new("busy", Outlined.HourglassTop, say.NotYetReadWord),
        _ => new("good", Outlined.CheckCircle, say.ReadWord),
    };

    internal static StateLook Lost(Language say) => new("bad", Outlined.PowerOff, say.LostWord);

    internal static StateLook Fenced(Language say) => new("warn", Outlined.PowerSettingsNew, say.FencedWord);

    internal static StateLook Of(HostState state, Language say) => state switch
    {
        HostState.Draining => new("warn", Outlined.DoNotDisturbOn, say.State(state)),
        HostState.Maintenance => new("warn", Outlined.Build, say.State(state)),
        _ => new("good", Outlined.CheckCircle, say.State(state)),
    };

    internal static StateLook Outcome(string outcome, Language say) => outcome is "ok" or ""
        ? new("good", Outlined.CheckCircle, say.DoneWord)
        : new("bad", Outlined.ErrorOutline, say.RefusedWord);
}
