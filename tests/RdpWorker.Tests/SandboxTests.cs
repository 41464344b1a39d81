using Montalegre.Vdi.Rig.Clients;
using Montalegre.Vdi.Rig.Stack;

namespace Montalegre.Vdi.RdpWorker.Tests;

/// <summary>The worker's own walls: the real program locks its door and then tries it.</summary>
public sealed class SandboxTests
{
    private const int Refused = 13, Killed = 128 + 31;      // EACCES; SIGSYS

    [Theory]
    [InlineData("OpenFile", Refused)]
    [InlineData("MakeSocket", Killed)]
    [InlineData("Fork", Killed)]
    [InlineData("RunProgram", Killed)]
    public async Task What_the_sandbox_forbids_is_refused_or_ends_the_process(string what, int exitCode)
    {
        Shim.Require();
        await using var worker = OwnProcess.Start(Path.Combine(Builds.WorkerFolder, "Montalegre.Vdi.RdpWorker"), ["try", what]);
        await worker.ExitedAsync(TimeSpan.FromMinutes(2));
        Assert.Equal(exitCode, worker.ExitCode);
    }
}
