using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Montalegre.Vdi.Broker.Hosting;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Broker.Storage;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Domain;
using Montalegre.Vdi.Native.Libvirt;
using Contract = Montalegre.Vdi.Contracts.Admin.V1;

namespace Montalegre.Vdi.Broker.Images;

/// <summary>The gRPC and REST face of imports.</summary>
internal sealed class ImagesService(
    ImportStore imports, ImageFolder folder, BeginImport begin, AppendImport append, FinishImport finish, CancelImport cancel, PublishUnsealed unsealed, CaptureMachine capture,
    ImageStore images, CopyStore copies, CheckCopies check, DescribeImages describe) : Contract.Images.ImagesBase
{
    public override async Task<ImageImport> BeginImport(BeginImportRequest request, ServerCallContext context) => Answer(await begin.RunAsync(
        new(request.Name.Trim(), request.FileName, (long)Math.Min(request.SizeBytes, long.MaxValue), request.Sha256.IsEmpty ? null : request.Sha256.ToByteArray(), request.Note.Trim(), !request.KeepIdentity),
        context.Caller(), context.CancellationToken));

    public override async Task<ImageImport> AppendImport(AppendImportRequest request, ServerCallContext context) =>
        Answer(await append.RunAsync(Id(request.ImportId), (long)Math.Min(request.Offset, long.MaxValue / 2), request.Data.Memory, context.CancellationToken));

    public override async Task<ImageImport> FinishImport(ImportRequest request, ServerCallContext context) => Answer(await finish.RunAsync(Id(request.ImportId), context.CancellationToken));

    public override async Task<ImageImport> CancelImport(ImportRequest request, ServerCallContext context) => Answer(await cancel.RunAsync(Id(request.ImportId), context.Caller(), context.CancellationToken));

    public override async Task<ImageImport> PublishUnsealed(ImportRequest request, ServerCallContext context) => Answer(await unsealed.RunAsync(Id(request.ImportId), context.Caller(), context.CancellationToken));

    public override async Task<ImageImport> Capture(CaptureRequest request, ServerCallContext context) => Answer(await capture.RunAsync(
        new(Ids.Parse(request.HostId, "host_id")), Ids.Parse(request.DomainUuid, "domain_uuid"), request.Name.Trim(), request.Note.Trim(), !request.KeepIdentity, context.Caller(), context.CancellationToken));

    public override async Task<ListCaptureSourcesResponse> ListCaptureSources(ListCaptureSourcesRequest request, ServerCallContext context)
    {
        try
        {
            var found = await capture.SourcesAsync(new(Ids.Parse(request.HostId, "host_id")), context.CancellationToken);
            return new() { Machines = { found.Select(s => new CaptureSource { DomainUuid = s.Domain.ToString(), Name = s.Name, Disks = (uint)s.Disks, PoolName = s.Pool ?? "", Power = s.Running ? Contract.PowerState.On : Contract.PowerState.Off }) } };
        }
        catch (Exception e) when (e is Hypervisors.HypervisorUnavailableException or LibvirtException) { throw Refusal.Refused(RefusalReason.HostUnavailable, e.Message); }
    }

    public override async Task<ImageImport> GetImport(ImportRequest request, ServerCallContext context) =>
        await imports.OneAsync(Id(request.ImportId), context.CancellationToken) is { } row ? Describe(row) : throw Refusal.Refused(RefusalReason.NotFound, "import");

    public override async Task<ListImportsResponse> ListImports(ListImportsRequest request, ServerCallContext context) =>
        new() { Imports = { (await imports.RecentAsync(context.CancellationToken)).Select(Describe) } };

    public override async Task<ImageVersion> SetNote(SetNoteRequest request, ServerCallContext context)
    {
        var (image, by) = (ImageId(request.ImageVersionId), context.Caller());
        if (request.Note.Trim().Length > 2000) throw Refusal.Refused(RefusalReason.InvalidField, "note: at most 2000 characters");
        await images.SetNoteAsync(image, request.Note.Trim(), by.UserName, by.SourceAddress);
        return await ImageAsync(image, context.CancellationToken);
    }

    public override async Task<ImageVersion> CheckCopies(CheckCopiesRequest request, ServerCallContext context)
    {
        var (image, by) = (ImageId(request.ImageVersionId), context.Caller());
        if (await copies.WantCheckAsync(image, by.UserName, by.SourceAddress)) check.Ring();
        return await ImageAsync(image, context.CancellationToken);
    }

    private async Task<ImageVersion> ImageAsync(ImageVersionId image, CancellationToken ct) =>
        await describe.OneAsync(image, ct) ?? throw Refusal.Refused(RefusalReason.NotFound, "image");

    private static ImageVersionId ImageId(string text) => new(Ids.Parse(text, "image_version_id"));

    private static Guid Id(string text) => Ids.Parse(text, "import_id");

    private ImageImport Answer(ImportOutcome outcome) => outcome switch
    {
        ImportOutcome.Stands(var import) => Describe(import),
        ImportOutcome.Refused(var reason, var detail) => throw Refusal.Refused(reason, detail),
        _ => throw new InvalidOperationException($"An import answered {outcome}."),
    };

    private ImageImport Describe(ImportRow row)
    {
        var import = new ImageImport
        {
            ImportId = row.ImageImportId.ToString(), Name = row.Name, Source = row.Source, SizeBytes = (ulong)row.SizeBytes, Seal = row.Seal, Capture = row.Kind == "capture",
            ReceivedBytes = (ulong)(row.IsReceiving ? folder.Received(row.ImageImportId) : row.SizeBytes), State = (Contract.ImportState)(int)SqlText.Parse<ImportState>(row.State),
            Step = row.State == "working" && row.Step.Length > 0 ? (Contract.ImportStep)(int)SqlText.Parse<ImportStep>(row.Step) : Contract.ImportStep.Unspecified, Percent = (uint)row.Percent,
            CreatedBy = row.CreatedBy, CreatedAt = At(row.CreatedAt), EndedAt = row.EndedAt is { } ended ? At(ended) : null, ImageVersionId = row.ImageVersionId?.ToString() ?? "",
        };
        if (row.Sha256 is { } sha256) import.Sha256 = ByteString.CopyFrom(sha256);
        if (row.Reason is { } reason) import.Reason = System.Enum.Parse<RefusalReason>(reason).ToContract(row.Error ?? "");
        return import;
    }

    private static Timestamp At(DateTime utc) => Timestamp.FromDateTime(DateTime.SpecifyKind(utc, DateTimeKind.Utc));
}
