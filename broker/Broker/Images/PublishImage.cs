using System.Security.Cryptography;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Images;

/// <summary>What came of publishing.</summary>
internal abstract record PublishOutcome
{
    private PublishOutcome() { }

    public sealed record Published(ImageVersionId Id) : PublishOutcome;

    public sealed record Refused(RefusalReason Reason, string Detail) : PublishOutcome;
}

/// <summary>Records a new image version by the hash of its content; the copying to hosts goes on by itself and survives a restart.</summary>
internal sealed class PublishImage(ImageStore store, CopyImages copies, TimeProvider time)
{
    public async Task<PublishOutcome> RunAsync(string name, string path, Caller caller, CancellationToken ct)
    {
        if (name is not { Length: >= 1 and <= 80 }) return new PublishOutcome.Refused(RefusalReason.InvalidField, "name: 1 to 80 characters");
        if (!Path.IsPathFullyQualified(path) || !File.Exists(path)) return new PublishOutcome.Refused(RefusalReason.ImageMissing, path);
        byte[] sha256;
        long size;
        DiskHeader header;
        try
        {
            header = await QemuImg.HeaderAsync(path, ct);
            if (header.Format != DiskFormat.Qcow2) return new PublishOutcome.Refused(RefusalReason.InvalidField, $"path: {path} is not a qcow2 disk; import it instead, which converts it");
            await QemuImg.CheckAsync(path, ct);
        }
        catch (DiskRefusedException e) { return new PublishOutcome.Refused(e.Reason, $"path: {e.Message}"); }
        await using (var disk = File.OpenRead(path))
        {
            sha256 = await SHA256.HashDataAsync(disk, ct);
            size = disk.Length;
        }
        if (await store.SameContentAsync(name, sha256, ct) is { } same) return new PublishOutcome.Published(new(same.ImageVersionId));
        var id = new ImageVersionId(Guid.CreateVersion7(time.GetUtcNow()));
        await store.AddAsync(id, name, path, sha256, size, header.VirtualBytes, caller.UserName, caller.SourceAddress);
        copies.Ring();
        return new PublishOutcome.Published(id);
    }
}
