using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Contracts.Common.V1;

namespace Montalegre.Vdi.AdminUi.Tests.Fakes;

/// <summary>Imports and copies of images, kept in memory.</summary>
internal sealed class FakeImages(FakeWorld world) : Images.ImagesBase
{
    public override Task<ListImportsResponse> ListImports(ListImportsRequest request, ServerCallContext context)
    {
        lock (world.Imports) return Task.FromResult(new ListImportsResponse { Imports = { world.Imports } });
    }

    public override Task<ImageImport> BeginImport(BeginImportRequest request, ServerCallContext context)
    {
        world.Demand(context);
        var import = new ImageImport
        {
            ImportId = Guid.NewGuid().ToString(), Name = request.Name, Source = request.FileName, SizeBytes = request.SizeBytes, State = ImportState.Receiving,
            CreatedBy = "rita", CreatedAt = DateTimeOffset.UtcNow.ToTimestamp(), Seal = !request.KeepIdentity,
        };
        lock (world.Imports) world.Imports.Add(import);
        return Task.FromResult(import);
    }

    public override Task<ImageImport> AppendImport(AppendImportRequest request, ServerCallContext context)
    {
        world.Demand(context);
        lock (world.Imports)
        {
            var import = world.Imports.Single(i => i.ImportId == request.ImportId);
            if (request.Offset != import.ReceivedBytes) return Task.FromResult(import);
            request.Data.WriteTo(world.Sent);
            import.ReceivedBytes += (ulong)request.Data.Length;
            return Task.FromResult(import);
        }
    }

    public override Task<ImageImport> FinishImport(ImportRequest request, ServerCallContext context)
    {
        world.Demand(context);
        lock (world.Imports)
        {
            var import = world.Imports.Single(i => i.ImportId == request.ImportId);
            if (import.State == ImportState.Receiving) (import.State, import.Step, import.Percent) = (ImportState.Working, ImportStep.Seal, 40);
            return Task.FromResult(import);
        }
    }

    public override Task<ImageImport> CancelImport(ImportRequest request, ServerCallContext context)
    {
        world.Demand(context);
        lock (world.Imports)
        {
            var import = world.Imports.Single(i => i.ImportId == request.ImportId);
            import.State = ImportState.Cancelled;
            return Task.FromResult(import);
        }
    }

    public override Task<ImageImport> PublishUnsealed(ImportRequest request, ServerCallContext context)
    {
        world.Demand(context);
        lock (world.Imports)
        {
            var import = world.Imports.Single(i => i.ImportId == request.ImportId);
            (import.State, import.Step, import.Reason, import.Seal) = (ImportState.Working, ImportStep.Publish, null, false);
            return Task.FromResult(import);
        }
    }

    public override Task<ListCaptureSourcesResponse> ListCaptureSources(ListCaptureSourcesRequest request, ServerCallContext context) => Task.FromResult(new ListCaptureSourcesResponse
    {
        Machines =
        {
            new CaptureSource { DomainUuid = "7d3c0000-0000-4000-8000-000000000001", Name = "contabilidade-antiga", Power = PowerState.On, Disks = 1 },
            new CaptureSource { DomainUuid = "7d3c0000-0000-4000-8000-000000000002", Name = "modelo-balcao", Power = PowerState.Off, Disks = 1 },
        },
    });

    public override Task<ImageImport> Capture(CaptureRequest request, ServerCallContext context)
    {
        world.Demand(context);
        if (request.DomainUuid.EndsWith('1')) throw FakeWorld.Refuse(StatusCode.FailedPrecondition, ReasonCode.MachineRunning, "contabilidade-antiga");
        var import = new ImageImport { ImportId = Guid.NewGuid().ToString(), Name = request.Name, Source = "modelo-balcao", State = ImportState.Working, Step = ImportStep.Fetch, Percent = 12, Capture = true };
        lock (world.Imports) world.Imports.Add(import);
        return Task.FromResult(import);
    }

    public override Task<ImageVersion> SetNote(SetNoteRequest request, ServerCallContext context)
    {
        world.Demand(context);
        var image = world.Images.Single(i => i.ImageVersionId == request.ImageVersionId);
        image.Note = request.Note;
        return Task.FromResult(image);
    }

    public override Task<ImageVersion> CheckCopies(CheckCopiesRequest request, ServerCallContext context)
    {
        world.Demand(context);
        var image = world.Images.Single(i => i.ImageVersionId == request.ImageVersionId);
        foreach (var copy in image.Copies) copy.Checking = true;
        return Task.FromResult(image);
    }
}
