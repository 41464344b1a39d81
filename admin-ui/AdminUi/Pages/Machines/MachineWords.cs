using Montalegre.Vdi.AdminUi.Words;
using Montalegre.Vdi.Contracts.Admin.V1;

namespace Montalegre.Vdi.AdminUi.Pages.Machines;

/// <summary>What the pages say and look for about machines.</summary>
internal static class MachineWords
{
    public static bool HasProblem(Machine machine) => machine.State is MachineState.Faulted or MachineState.Unreachable || machine.Error.Length > 0;

    public static IEnumerable<string> Of(Machine m, Language say) =>
        [m.Name, m.PoolName, m.UserName, m.HostName, m.Address, say.State(m.State), m.Error, m.OperatingSystem];

    public static IEnumerable<string> Touches(Machine m, Language say, params string[] lines) =>
        [.. lines, m.People > 1 ? say.AffectsPeople((int)m.People) : m.SessionId.Length > 0 ? say.AffectsUser(m.UserName) : say.AffectsNobody];
}
