using Google.Protobuf.WellKnownTypes;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Broker.Storage;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Domain;
using Contract = Montalegre.Vdi.Contracts.Admin.V1;

namespace Montalegre.Vdi.Broker.Images;

/// <summary>Image versions as the public API shows them, with how each host's copy stands.</summary>
internal sealed class DescribeImages(ImageStore images, CopyStore store, CopyImages copying, CheckCopies checking)
{
    public async Task<IEnumerable<ImageVersion>> AllAsync(PoolScope scope, CancellationToken ct)
    {
        var copies = await CopiesAsync(ct);
        return (await images.AllAsync(scope, ct)).Select(image => Describe(image, copies[image.ImageVersionId]));
    }

    public async Task<ImageVersion?> OneAsync(ImageVersionId id, CancellationToken ct) =>
        await images.OneAsync(id, ct) is { } image ? Describe(image, (await CopiesAsync(ct))[id.Value]) : null;

    private async Task<ILookup<Guid, ImageCopy>> CopiesAsync(CancellationToken ct)
    {
        var states = (await store.RunningStatesAsync(ct)).ToLookup(state => (state.ImageVersionId, state.HostId), Describe);
        return (await store.AllAsync(ct)).ToLookup(row => row.ImageVersionId, row => Describe(row, states[(row.ImageVersionId, row.HostId)]));
    }

    private ImageVersion Describe(ImageRow row, IEnumerable<ImageCopy> copies)
    {
        var image = new ImageVersion
        {
            ImageVersionId = row.ImageVersionId.ToString(), Name = row.Name, Number = (uint)row.Number, State = row.State, Error = row.Error ?? "", Path = row.Path,
            Sha256 = row.Sha256 is null ? "" : Convert.ToHexStringLower(row.Sha256), SizeBytes = (ulong)(row.SizeBytes ?? 0),
            PublishedAt = At(row.PublishedAt), PublishedBy = row.PublishedBy, Source = row.Source, OperatingSystem = row.OperatingSystem, AgentVersion = row.AgentVersion,
            VirtualBytes = (ulong)(row.VirtualBytes ?? 0), Note = row.Note, Sealed = row.Sealed, SealReport = row.SealReport, FreedBytes = (ulong)row.FreedBytes,
            Copies = { copies },
        };
        if (row.State == "publishing" && copying.Percent(new(row.ImageVersionId)) is { } percent) image.Percent = (uint)percent;
        return image;
    }

    private ImageCopy Describe(CopyRow row, IEnumerable<RunningState> states)
    {
        var (host, image) = (new HostId(row.HostId), new ImageVersionId(row.ImageVersionId));
        var copy = new ImageCopy
        {
            HostId = row.HostId.ToString(), HostName = row.HostName, State = (Contract.CopyState)(int)SqlText.Parse<CopyState>(row.State),
            StateSince = At(row.StateSince), CheckedAt = row.CheckedAt is { } at ? At(at) : null, Checking = row.CheckWanted,
            RunningStates = { states },
        };
        if ((copying.Percent(host, image) ?? checking.Percent(host, image)) is { } percent) copy.Percent = (uint)percent;
        return copy;
    }

    private static RunningState Describe(StateRow row) => new()
    {
        Cpus = (uint)row.Cpus, MemoryMib = (uint)row.MemoryMib, StateSince = At(row.StateSince), Error = row.Error,
        State = row.State switch
        {
            "preparing" => RunningStateState.Preparing, "ready" => RunningStateState.Ready, "failed" => RunningStateState.Failed, "bad" => RunningStateState.Bad,
            _ => RunningStateState.Unspecified,
        },
    };

    private static Timestamp At(DateTime utc) => Timestamp.FromDateTime(DateTime.SpecifyKind(utc, DateTimeKind.Utc));
}
