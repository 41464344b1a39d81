using Microsoft.Extensions.Options;
using Montalegre.Vdi.Broker.Hosting;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Images;

/// <summary>Files of imported images and of disks on their way, on the broker's own disk. Names come from identifiers only.</summary>
internal sealed class ImageFolder(IOptions<ImagesOptions> options, IOptions<HostingOptions> hosting)
{
    /// <summary>What the records call this computer: only it has the files.</summary>
    public static string Holder => Environment.MachineName;

    private string Root => options.Value.Folder is { Length: > 0 } given ? given : Path.Combine(hosting.Value.StateDirectory, "images");

    /// <summary>What has arrived of an import.</summary>
    public string Part(Guid import) => Path.Combine(Root, $"import-{import:N}.part");

    /// <summary>A whole disk as plain bytes, while an import is sealed.</summary>
    public string Raw(Guid import) => Path.Combine(Root, $"import-{import:N}.raw");

    /// <summary>A qcow2 disk that is being written.</summary>
    public string Half(Guid import) => Path.Combine(Root, $"import-{import:N}.qcow2");

    /// <summary>The finished disk of an image version.</summary>
    public string Image(ImageVersionId image) => Path.Combine(Root, $"image-{image.Value:N}.qcow2");

    /// <summary>Space that may be used, in bytes.</summary>
    public long FreeBytes
    {
        get
        {
            Prepare();
            return Math.Max(0, new DriveInfo(Root).AvailableFreeSpace - ((long)options.Value.ReserveMib << 20));
        }
    }

    public void Prepare() => System.IO.Directory.CreateDirectory(Root, HostingOptions.OwnerOnly);

    /// <summary>How much of an import is there.</summary>
    public long Received(Guid import) => new FileInfo(Part(import)) is { Exists: true } file ? file.Length : 0;

    /// <summary>A broker that was killed between naming the finished disk and recording it goes on from there.</summary>
    public void TakeBack(Guid import, ImageVersionId image)
    {
        if (!File.Exists(Part(import)) && !File.Exists(Raw(import)) && !File.Exists(Half(import)) && File.Exists(Image(image))) File.Move(Image(image), Half(import));
    }

    /// <summary>True once the disk is here, in whatever step.</summary>
    public bool HasAny(Guid import) => File.Exists(Part(import)) || File.Exists(Raw(import)) || File.Exists(Half(import));

    /// <summary>Removes everything of an import but its finished image.</summary>
    public void Forget(Guid import)
    {
        foreach (var file in (string[])[Part(import), Raw(import), Half(import), Path.ChangeExtension(Half(import), ".report"), Path.ChangeExtension(Part(import), ".coming")]) File.Delete(file);
    }

    /// <summary>Removes the finished disk of a version; one that was published from elsewhere is not ours and stays.</summary>
    public void DeleteOurs(ImageVersionId image) => File.Delete(Image(image));

    /// <summary>Removes files of imports that no record names any more.</summary>
    public void ForgetAllBut(IReadOnlySet<Guid> imports)
    {
        Prepare();
        foreach (var file in System.IO.Directory.EnumerateFiles(Root, "import-*"))
            if (Guid.TryParseExact(Path.GetFileNameWithoutExtension(file).AsSpan(7), "N", out var import) && !imports.Contains(import)) File.Delete(file);
    }
}
