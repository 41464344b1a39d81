using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Images;

/// <summary>Makes the qcow2 file of an image version from a disk that arrived: checked, converted where it is raw.</summary>
internal sealed class PrepareDisk(ImageFolder folder)
{
    /// <summary>Leaves the new disk as the import's half file; the file that arrived may be moved there.</summary>
    /// <exception cref="DiskRefusedException">The disk cannot become an image.</exception>
    public async Task<DiskFacts> RunAsync(ImportRow import, Action<ImportStep, double> tell, CancellationToken ct)
    {
        var (part, half) = (folder.Part(import.ImageImportId), folder.Half(import.ImageImportId));
        // A broker that was killed after the last step finds its work done.
        if (!File.Exists(part) && File.Exists(half)) return Facts(await QemuImg.HeaderAsync(half, ct));
        tell(ImportStep.Check, 0);
        var header = await QemuImg.HeaderAsync(part, ct);
        if (header.Format == DiskFormat.Qcow2)
        {
            await QemuImg.CheckAsync(part, ct);
            File.Move(part, half, overwrite: true);
            return Facts(header);
        }
        tell(ImportStep.Convert, 0);
        await QemuImg.ConvertAsync(part, DiskFormat.Raw, half, DiskFormat.Qcow2, share => tell(ImportStep.Convert, share), ct);
        return Facts(header);
    }

    private static DiskFacts Facts(DiskHeader header) => new("", "", header.VirtualBytes ?? 0, Sealed: false, "");
}
