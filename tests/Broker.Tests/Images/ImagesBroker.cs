using Montalegre.Vdi.Broker.Tests.Storage;

namespace Montalegre.Vdi.Broker.Tests.Images;

/// <summary>One broker for all tests of imports, which do not lead, and a folder for small disks.</summary>
public sealed class ImagesBroker(TestCluster cluster) : IAsyncLifetime
{
    internal TestBroker Broker { get; } = new(cluster) { Leads = false };

    internal ImagesRig Rig { get; private set; } = null!;

    internal string Folder { get; } = Directory.CreateTempSubdirectory("mvim-").FullName;

    public async ValueTask InitializeAsync()
    {
        await Broker.StartAsync(["--Images:OpenUploads=2"]);
        Rig = await ImagesRig.SignInAsync(Broker);
    }

    public async ValueTask DisposeAsync()
    {
        await Broker.DisposeAsync();
        Directory.Delete(Folder, recursive: true);
    }

    /// <summary>Nothing lies about of disks on their way; it goes a moment after their end is told.</summary>
    internal Task NothingIsLeftAsync() => Eventually.IsTrueAsync(() => !Leftovers.Any(), "what was left of disks on their way is gone");

    private IEnumerable<string> Leftovers => Directory.EnumerateFiles(Path.Combine(Broker.StateDirectory, "images"), "import-*");
}
