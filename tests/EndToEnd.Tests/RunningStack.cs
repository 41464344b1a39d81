using System.Runtime.Versioning;
using Montalegre.Vdi.Contracts.Gateway.V1;
using Montalegre.Vdi.EndToEnd.Tests;
using Montalegre.Vdi.Rig;
using Montalegre.Vdi.Rig.Commands;
using Montalegre.Vdi.Rig.Stack;
using Xunit.v3;

[assembly: SupportedOSPlatform("linux")]
[assembly: AssemblyFixture(typeof(RunningStack))]
// Two collections side by side: the tests of the one installation, and those that bring their own machines. Most of both is waiting for boots.
[assembly: Parallelization(MaxThreads = 2)]
[assembly: TestClassOrderer(typeof(InOrder))]
[assembly: TestMethodOrderer(typeof(InOrder))]

namespace Montalegre.Vdi.EndToEnd.Tests;

/// <summary>
/// One whole installation for all tests of this assembly: broker with its private PostgreSQL, gateway, console, libvirt,
/// and a pool of one real virtual machine. Own state directory and ports, so that a demonstration may run beside it.
/// </summary>
public sealed class RunningStack : IAsyncLifetime
{
    private readonly string _state = Directory.CreateTempSubdirectory("mtl-e2e-").FullName;
    private DemonstrationStack? _stack;
    private string? _color = FreshColor;

    /// <summary>Name of the collection of the tests that share this installation, one after the other.</summary>
    public const string Tests = "One installation";

    /// <summary>What a desktop shows that nobody has touched.</summary>
    public const string FreshColor = "#1B5E7B";

    /// <summary>Limits that are short in production because what is late there is broken; a busy computer stands still for as long.</summary>
    internal static IReadOnlyDictionary<string, string> PatientBroker { get; } = new Dictionary<string, string>
    {
        ["Launch:TicketLifetime"] = "00:01:00", ["Launch:FileTicketLifetime"] = "00:02:00", ["Agents:HelloWithin"] = "00:01:00", ["Agents:ReturnWithin"] = "00:05:00",
        ["Assistance:AnswerWithin"] = "00:05:00", ["Assistance:OpenWithin"] = "00:05:00", ["Assistance:TicketLifetime"] = "00:05:00",
        // The two together have a bound; the tests wait for agents themselves.
        ["Gateways:AgentBackWithin"] = "00:00:08", ["Gateways:PrepareWithin"] = "00:00:20",
    };

    /// <inheritdoc cref="PatientBroker" />
    internal static IReadOnlyDictionary<string, string> PatientGateway { get; } = new Dictionary<string, string>
    {
        ["Gateway:FirstRequestDeadline"] = "00:01:00", ["Gateway:HandshakeDeadline"] = "00:02:00", ["Gateway:MachineDeadline"] = "00:00:30", ["Gateway:BrokerRetryBudget"] = "00:01:00",
        ["Gateway:Html5:HelloDeadline"] = "00:01:00", ["Gateway:Html5:OpenDeadline"] = "00:02:00", ["Portal:BrokerDeadline"] = "00:01:00",
    };

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
        _stack = await DemonstrationStack.StartAsync(new()
        {
            StateDirectory = _state, Ports = (LoopbackPorts.Free(), LoopbackPorts.Free(), LoopbackPorts.Free(), LoopbackPorts.Free(), LoopbackPorts.Free()), PoolSize = 1, FirstForwardedPort = 24000 + Environment.ProcessId % 800 * 10,
            Broker = PatientBroker, Gateway = PatientGateway,
        }, image, progress, ct);
        Rui = await Administrator.SetUpAsync(_stack);
        Ana = await Person.SignInAsync(_stack);
    }

    /// <summary>A first passkey ends the sign-ins that were made with less: whoever added one for her signs her in again.</summary>
    public async Task SignAnaInAgainAsync() => Ana = await Person.SignInAsync(Stack);

    /// <summary>Names of the machines' overlays, without the golden images under them.</summary>
    public IReadOnlyList<string> Disks() =>
        [.. Directory.GetFiles(Stack.Libvirt.StoragePath, "machine-*.qcow2").Select(Path.GetFileName).OfType<string>()];

    /// <summary>Waits until the one machine is free and untouched; a session that a test before has left is logged off.</summary>
    public async Task WithoutSessionAsync()
    {
        if (await Ana.DesktopAsync() is { SessionId.Length: > 0 } desktop)
        {
            Assert.Null((await Ana.LogOffAsync(desktop.SessionId)).Refused);
            await Rui.UntilAsync(desktop.SessionId, Contracts.Admin.V1.SessionState.Ended, TimeSpan.FromMinutes(5));
        }
        await Ana.UntilAsync(DesktopState.Ready, Person.BootPatience);
        _color = FreshColor;
    }

    /// <summary>
    /// The colour of Ana's desktop for a test that connects to it, whether a session is there or not: a boot for each test would
    /// cost most of the time. After a test that failed it is not known, and the next one gets an untouched machine.
    /// </summary>
    public async Task<string> TakeColorAsync()
    {
        if (_color is null) await WithoutSessionAsync();
        (var color, _color) = (_color!, null);
        return color;
    }

    /// <summary>A test that ends well says which colour it leaves behind.</summary>
    public void Leave(string color) => _color = color;

    public async ValueTask DisposeAsync()
    {
        if (_stack is null) return;
        await _stack.DisposeAsync();
        // Logs stay when a test failed, which then did not say what it leaves; a green run leaves nothing behind.
        if (_color is not null) Directory.Delete(_state, recursive: true);
    }
}
