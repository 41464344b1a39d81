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
    private static readonly byte[] Qcow2Magic = [0x51, 0x46, 0x49, 0xfb];   // "QFI\xfb"

    public async Task<PublishOutcome> RunAsync(string name, string path, Caller caller, CancellationToken ct)
    {
        if (name is not { Length: >= 1 and <= 80 }) return new PublishOutcome.Refused(RefusalReason.InvalidField, "name: 1 to 80 characters");
        if (!Path.IsPathFullyQualified(path) || !File.Exists(path)) return new PublishOutcome.Refused(RefusalReason.ImageMissing, path);
        byte[] sha256;
        long size;
        await using (var disk = File.OpenRead(path))
        {
            var head = new byte[4];
            if (await disk.ReadAtLeastAsync(head, 4, throwOnEndOfStream: false, ct) < 4 || !head.AsSpan().SequenceEqual(Qcow2Magic))
                return new PublishOutcome.Refused(RefusalReason.InvalidField, $"path: {path} is not a qcow2 disk");
            disk.Position = 0;
            sha256 = await SHA256.HashDataAsync(disk, ct);
            size = disk.Length;
        }
        if (await store.SameContentAsync(name, sha256, ct) is { } same) return new PublishOutcome.Published(new(same.ImageVersionId));
        var id = new ImageVersionId(Guid.CreateVersion7(time.GetUtcNow()));
        await store.AddAsync(id, name, path, sha256, size, caller.UserName, caller.SourceAddress);
        copies.Ring();
        return new PublishOutcome.Published(id);
    }
}
