using Montalegre.Vdi.Rig;
using Montalegre.Vdi.Rig.Commands;
using Montalegre.Vdi.Rig.Networks;
using Montalegre.Vdi.Rig.Stack;

namespace Montalegre.Vdi.EndToEnd.Tests;

/// <summary>
/// A second installation as in production: qemu:///system, machines with addresses of their own on a libvirt network,
/// everything inside a network namespace that is made here and gone afterwards.
/// </summary>
public sealed class NetworkStack : IAsyncLifetime
{
    /// <summary>Name of the collection of the tests that bring machines of their own.</summary>
    public const string Tests = "Own machines";

    private readonly string _folder = Directory.CreateTempSubdirectory("mtl-net-").FullName;
    private DemonstrationStack? _stack;
    private TestNetwork? _network;

    public DemonstrationStack Stack => _stack ?? throw new InvalidOperationException("The stack is not started.");

    public TestNetwork Network => _network ?? throw new InvalidOperationException("The network is not made.");

    public Person Ana { get; private set; } = null!;

    public Administrator Rui { get; private set; } = null!;

    /// <summary>The golden image, for a disk made by hand.</summary>
    public string Image { get; private set; } = "";

    /// <summary>A folder that machines may use.</summary>
    public string Folder => _folder;

    public async ValueTask InitializeAsync()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "a network namespace needs root");
        File.SetUnixFileMode(_folder, (UnixFileMode)0b111_101_101);
        var progress = new Progress(Console.Out);
        Image = await ImageCommand.BuildAsync(progress, CancellationToken.None);
        _network = await TestNetwork.StartAsync($"mtl{Environment.ProcessId}", _folder);
        _stack = await DemonstrationStack.StartAsync(new()
        {
            StateDirectory = Path.Combine(_folder, "state"), LibvirtDirectory = Path.Combine(_folder, "lv"), Network = _network, MachineNetwork = "network:desktops", PoolSize = 1,
            Broker = new Dictionary<string, string>(RunningStack.PatientBroker) { ["Provisioning:ShrinkAfter"] = "00:00:01" },   // what a schedule puts to sleep goes at once
            Gateway = RunningStack.PatientGateway,
        }, Image, progress, CancellationToken.None);
        Rui = await Administrator.SetUpAsync(_stack);
        Ana = await Person.SignInAsync(_stack);
    }

    public async ValueTask DisposeAsync()
    {
        if (_stack is not null) await _stack.DisposeAsync();
        if (_network is not null) await _network.DisposeAsync();
        if (TestContext.Current.TestState?.Result is not TestResult.Failed) Directory.Delete(_folder, recursive: true);
    }
}

/// <summary>The tests that share the second installation.</summary>
[CollectionDefinition(NetworkStack.Tests)]
public sealed class OwnMachines : ICollectionFixture<NetworkStack>;
