using System.Runtime.Versioning;
using Montalegre.Vdi.Contracts.Gateway.V1;
using Montalegre.Vdi.EndToEnd.Tests;
using Montalegre.Vdi.Rig;
using Montalegre.Vdi.Rig.Commands;
using Montalegre.Vdi.Rig.Stack;

[assembly: SupportedOSPlatform("linux")]
[assembly: AssemblyFixture(typeof(RunningStack))]
[assembly: CollectionBehavior(CollectionBehavior.CollectionPerAssembly)]

namespace Montalegre.Vdi.EndToEnd.Tests;

/// <summary>
/// One whole installation for all tests of this assembly: broker with its private PostgreSQL, gateway, console, libvirt,
/// and a pool of one real virtual machine. Own state directory and ports, so that a demonstration may run beside it.
/// </summary>
public sealed class RunningStack : IAsyncLifetime
{
    private readonly string _state = Directory.CreateTempSubdirectory("mtl-e2e-").FullName;
    private DemonstrationStack? _stack;

    /// <summary>The processes and addresses.</summary>
    public DemonstrationStack Stack => _stack ?? throw new InvalidOperationException("The stack is not started.");

    /// <summary>Everything as the demonstration's employee.</summary>
    public Person Ana { get; private set; } = null!;

    /// <summary>Everything as the first administrator, who is made from the set-up link here.</summary>
    public Administrator Rui { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        var progress = new Progress(Console.Out);
        var ct = CancellationToken.None;
        await Packages.EnsureAsync(PackagePurpose.Tests, progress, ct);
        await Builds.ProjectsAsync(Builds.Services, progress, ct);
        await Builds.WorkerAsync(progress, ct);
        var image = await ImageCommand.BuildAsync(progress, ct);
        var ports = LoopbackPorts.Free(5);
        _stack = await DemonstrationStack.StartAsync(new()
        {
            StateDirectory = _state, Ports = (ports[0], ports[1], ports[2], ports[3], ports[4]), PoolSize = 1, FirstForwardedPort = 24000 + Environment.ProcessId % 800 * 10,
        }, image, progress, ct);
        Rui = await Administrator.SetUpAsync(_stack);
        Ana = await Person.SignInAsync(_stack);
    }

    /// <summary>Names of the machines' overlays, without the golden images under them.</summary>
    public IReadOnlyList<string> Disks() =>
        [.. Directory.GetFiles(Stack.Libvirt.StoragePath, "machine-*.qcow2").Select(Path.GetFileName).OfType<string>()];

    /// <summary>Ends a session and waits until the machine is fresh again, for the next test.</summary>
    public async Task LogOffAndRefreshAsync(string session)
    {
        Assert.Null((await Ana.LogOffAsync(session)).Refused);
        await Rui.UntilAsync(session, Contracts.Admin.V1.SessionState.Ended, TimeSpan.FromSeconds(60));
        await Ana.UntilAsync(DesktopState.Ready, Person.BootPatience);
    }

    public async ValueTask DisposeAsync()
    {
        if (_stack is null) return;
        await _stack.DisposeAsync();
        // Logs stay when a test failed; a green run leaves nothing behind.
        if (TestContext.Current.TestState?.Result is not TestResult.Failed) Directory.Delete(_state, recursive: true);
    }
}
