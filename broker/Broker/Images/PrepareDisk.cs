using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Images;

/// <summary>Makes the qcow2 file of an image version from a disk that arrived: checked, sealed, converted.</summary>
internal sealed class PrepareDisk(ImageFolder folder)
{
    /// <summary>Leaves the new disk as the import's half file. Each file that is whole takes the place of the one before, so that a killed broker goes on from it.</summary>
    /// <exception cref="DiskRefusedException">The disk cannot become an image.</exception>
    public async Task<DiskFacts> RunAsync(ImportRow import, Action<ImportStep, double> tell, CancellationToken ct)
    {
        var (part, raw, half) = (folder.Part(import.ImageImportId), folder.Raw(import.ImageImportId), folder.Half(import.ImageImportId));
        if (File.Exists(part))
        {
            tell(ImportStep.Check, 0);
            var header = await QemuImg.HeaderAsync(part, ct);
            if (header.Format == DiskFormat.Qcow2) await QemuImg.CheckAsync(part, ct);
            if (header.Format == DiskFormat.Qcow2 && !import.Seal)
            {
                File.Move(part, half, overwrite: true);
                return Kept(header);
            }
            if (header.Format == DiskFormat.Qcow2) await UnpackAsync(part, half, raw, tell, ct);
            else File.Move(part, raw, overwrite: true);
        }
        if (!File.Exists(raw)) return import.Seal ? await SealedBeforeAsync(import, half, ct) : Kept(await QemuImg.HeaderAsync(half, ct));

        var facts = Kept(await QemuImg.HeaderAsync(raw, ct));
        if (import.Seal)
        {
            tell(ImportStep.Seal, 0);
            var (system, report) = await SealDisk.RunAsync(raw, share => tell(ImportStep.Seal, share), ct);
            facts = facts with { OperatingSystem = system, Sealed = true, SealReport = report };
            await File.WriteAllTextAsync(ReportOf(half), $"{system}\n{report}", ct);
        }
        tell(ImportStep.Convert, 0);
        await QemuImg.ConvertAsync(raw, DiskFormat.Raw, half, DiskFormat.Qcow2, share => tell(ImportStep.Convert, share), ct);
        File.Delete(raw);
        return facts;
    }

    // The half file is the place to write until it is whole: whoever finds a part beside it begins again.
    private static async Task UnpackAsync(string part, string half, string raw, Action<ImportStep, double> tell, CancellationToken ct)
    {
        tell(ImportStep.Convert, 0);
        await QemuImg.ConvertAsync(part, DiskFormat.Qcow2, half, DiskFormat.Raw, share => tell(ImportStep.Convert, share), ct);
        File.Move(half, raw, overwrite: true);
        File.Delete(part);
    }

    private static async Task<DiskFacts> SealedBeforeAsync(ImportRow import, string half, CancellationToken ct)
    {
        if (!File.Exists(ReportOf(half))) throw new DiskRefusedException(RefusalReason.ImageNotSealable, $"the files of import {import.ImageImportId} are not what a sealing leaves");
        var kept = (await File.ReadAllTextAsync(ReportOf(half), ct)).Split('\n', 2);
        return Kept(await QemuImg.HeaderAsync(half, ct)) with { OperatingSystem = kept[0], Sealed = true, SealReport = kept[1] };
    }

    private static string ReportOf(string half) => Path.ChangeExtension(half, ".report");

    private static DiskFacts Kept(DiskHeader header) => new("", "", header.VirtualBytes ?? 0, Sealed: false, SealDisk.StaysIn);
}
