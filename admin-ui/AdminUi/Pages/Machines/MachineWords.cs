using Montalegre.Vdi.AdminUi.Words;
using Montalegre.Vdi.Contracts.Admin.V1;

namespace Montalegre.Vdi.AdminUi.Pages.Machines;

/// <summary>What the pages say and look for about machines.</summary>
internal static class MachineWords
{
    public static bool HasProblem(Machine machine) => machine.State is MachineState.Faulted || (machine.State is MachineState.Unreachable && !machine.Wakeable) || machine.Error.Length > 0;

    /// <summary>Packets go out to it right now.</summary>
    public static bool Wakes(Machine machine) => machine.Step == "magic_packet";

    public static string State(Machine m, Language say) => m is { State: MachineState.Unreachable, Wakeable: true } ? Wakes(m) ? say.WakingWord : say.SleepingWord : say.State(m.State);

    public static IEnumerable<string> Of(Machine m, Language say) =>
        [m.Name, m.PoolName, m.UserName, m.HostName, m.SiteName, m.Address, State(m, say), m.Error, m.OperatingSystem];

    public static IEnumerable<string> Touches(Machine m, Language say, params string[] lines) =>
        [.. lines, m.People > 1 ? say.AffectsPeople((int)m.People) : m.SessionId.Length > 0 ? say.AffectsUser(m.UserName) : say.AffectsNobody];
}
