using Montalegre.Vdi.Agent.Hosting;

namespace Montalegre.Vdi.Agent.Windows;

/// <summary>The agent as a Windows service.</summary>
internal static class WindowsHost
{
    public static Task<int> RunAsync(AgentOptions options, IReadOnlyList<string> problems) => Task.FromResult(problems.Count + options.RdpPort);
}
