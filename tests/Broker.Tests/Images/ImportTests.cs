using System.Security.Cryptography;
using Google.Protobuf;
using Microsoft.Extensions.DependencyInjection;
using Montalegre.Vdi.Broker.Hosting;
using Montalegre.Vdi.Broker.Images;
using Montalegre.Vdi.Broker.Tests.Agents;
using Montalegre.Vdi.Contracts.Admin.V1;
using ImportState = Montalegre.Vdi.Contracts.Admin.V1.ImportState;

namespace Montalegre.Vdi.Broker.Tests.Images;

/// <summary>Disks sent to a whole broker, piece by piece, with everything that goes wrong on the way.</summary>
public sealed class ImportTests(ImagesBroker images) : IClassFixture<ImagesBroker>
{
    private readonly TestBroker _broker = images.Broker;
    private readonly ImagesRig _rig = images.Rig;
    private readonly string _folder = Directory.CreateDirectory(Path.Combine(images.Folder, Guid.NewGuid().ToString("N"))).FullName;

    [Fact]
    public async Task Qcow2_disk_becomes_a_version_byte_for_byte()
    {
        var disk = await ImagesRig.Qcow2Async(_folder);

        var done = await _rig.ImportAsync(disk, "first");
        var image = await _rig.ImageAsync(done.ImageVersionId);

        Assert.Equal((ImportState.Done, "disk.qcow2"), (done.State, done.Source));
        Assert.Equal(("first", 1u, "rosa", "disk.qcow2", 3ul << 20), (image.Name, image.Number, image.PublishedBy, image.Source, image.VirtualBytes));
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(await File.ReadAllBytesAsync(disk, TestContext.Current.CancellationToken))), image.Sha256);
        Assert.True(File.Exists(image.Path));
        await images.NothingIsLeftAsync();
    }

    [Fact]
    public async Task Raw_disk_is_converted_and_keeps_its_content()
    {
        var disk = await ImagesRig.RawAsync(_folder);

        var image = await _rig.ImageAsync((await _rig.ImportAsync(disk)).ImageVersionId);

        await Rig.Postgres.Run.ToEndAsync("qemu-img", ["compare", "-f", "raw", "-F", "qcow2", disk, image.Path], ct: TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Upload_goes_on_where_it_was_after_the_broker_was_replaced_and_repeats_do_no_harm()
    {
        var disk = await ImagesRig.Qcow2Async(_folder, 4);
        var import = await _rig.SendAsync(await _rig.BeginAsync(disk), disk, until: 1_300_000);
        await _broker.RestartAsync();
        await _rig.ConnectAsync();

        var again = await _rig.Images.GetImportAsync(new() { ImportId = import.ImportId }, _rig.With);
        var repeated = await _rig.Images.AppendImportAsync(new() { ImportId = import.ImportId, Offset = 0, Data = ByteString.CopyFrom(new byte[1000]) }, _rig.With);
        var ahead = await _rig.Images.AppendImportAsync(new() { ImportId = import.ImportId, Offset = 2_000_000, Data = ByteString.CopyFrom(new byte[1000]) }, _rig.With);
        var early = await ImagesRig.RefusedAsync(async () => await _rig.Images.FinishImportAsync(new() { ImportId = import.ImportId }, _rig.With));
        await _rig.SendAsync(again, disk);
        await _rig.Images.FinishImportAsync(new() { ImportId = import.ImportId }, _rig.With);
        await _rig.Images.FinishImportAsync(new() { ImportId = import.ImportId }, _rig.With);
        var done = await _rig.EndAsync(import.ImportId);

        Assert.Equal((1_300_000ul, 1_300_000ul, 1_300_000ul), (again.ReceivedBytes, repeated.ReceivedBytes, ahead.ReceivedBytes));
        Assert.StartsWith("IMPORT_INCOMPLETE: 1300000 of", early, StringComparison.Ordinal);
        Assert.Equal(ImportState.Done, done.State);
    }

    [Theory]
    [InlineData("hash")]
    [InlineData("half")]
    [InlineData("image")]
    public async Task Work_of_a_killed_broker_is_taken_up_from_whatever_it_left(string left)
    {
        var disk = await ImagesRig.Qcow2Async(_folder);
        var import = await _rig.SendAsync(await _rig.BeginAsync(disk), disk);
        var id = Guid.Parse(import.ImportId);
        var folder = _broker.Services.GetRequiredService<ImageFolder>();
        // As a broker leaves it that is killed in the step, with its claim not yet run out.
        if (left == "half") File.Move(folder.Part(id), folder.Half(id));
        if (left == "image") File.Move(folder.Part(id), folder.Image(new(id)));
        var rows = new Arrange(_broker.Database.DataSource);
        await rows.ExecuteAsync("update image_import set state = 'working', step = 'hash', claimed_until = now() + interval '1 second' where image_import_id = @id", new { id });

        var done = await _rig.EndAsync(import.ImportId);

        Assert.Equal(ImportState.Done, done.State);
        Assert.True(File.Exists(folder.Image(new(id))));
        await images.NothingIsLeftAsync();
    }

    [Fact]
    public async Task Overlay_external_data_and_broken_disks_are_refused_and_leave_nothing()
    {
        var whole = await ImagesRig.Qcow2Async(_folder);
        var overlay = Path.Combine(_folder, "overlay.qcow2");
        var external = Path.Combine(_folder, "external.qcow2");
        await Rig.Postgres.Run.ToEndAsync("qemu-img", ["create", "-q", "-f", "qcow2", "-b", "/etc/passwd", "-F", "raw", overlay], ct: TestContext.Current.CancellationToken);
        await Rig.Postgres.Run.ToEndAsync("qemu-img", ["create", "-q", "-f", "qcow2", "-o", $"data_file={Path.Combine(_folder, "data.raw")}", external, "8M"], ct: TestContext.Current.CancellationToken);
        var broken = Path.Combine(_folder, "broken.qcow2");
        var bytes = await File.ReadAllBytesAsync(whole, TestContext.Current.CancellationToken);
        bytes.AsSpan(2 << 16, 1 << 16).Fill(0x5a);   // the refcount block
        await File.WriteAllBytesAsync(broken, bytes, TestContext.Current.CancellationToken);

        Assert.StartsWith("IMAGE_REFUSED: it is an overlay", await ImagesRig.RefusedAsync(() => _rig.ImportAsync(overlay, "bad")), StringComparison.Ordinal);
        await CancelAllAsync();
        Assert.StartsWith("IMAGE_REFUSED: it keeps its data in another file", await ImagesRig.RefusedAsync(() => _rig.ImportAsync(external, "bad")), StringComparison.Ordinal);
        await CancelAllAsync();
        var failed = await _rig.ImportAsync(broken, "bad");

        Assert.Equal((ImportState.Failed, Contracts.Common.V1.ReasonCode.ImageRefused), (failed.State, failed.Reason.Code));
        Assert.Contains("qemu-img check", failed.Reason.Detail, StringComparison.Ordinal);
        Assert.DoesNotContain((await _rig.Infrastructure.ListImagesAsync(new(), _rig.With)).Images, i => i.Name == "bad");
        await images.NothingIsLeftAsync();
    }

    [Fact]
    public async Task Overlay_that_hides_behind_small_pieces_is_refused_before_any_program_opens_it()
    {
        var overlay = Path.Combine(_folder, "overlay.qcow2");
        await Rig.Postgres.Run.ToEndAsync("qemu-img", ["create", "-q", "-f", "qcow2", "-b", "/etc/passwd", "-F", "raw", overlay], ct: TestContext.Current.CancellationToken);
        var import = await _rig.BeginAsync(overlay);
        import = await _rig.SendAsync(import, overlay, until: 4);
        await _rig.SendAsync(import, overlay);
        await _rig.Images.FinishImportAsync(new() { ImportId = import.ImportId }, _rig.With);

        Assert.Equal(Contracts.Common.V1.ReasonCode.ImageRefused, (await _rig.EndAsync(import.ImportId)).Reason.Code);
    }

    [Fact]
    public async Task File_that_arrives_other_than_it_was_sent_is_refused()
    {
        var disk = await ImagesRig.Qcow2Async(_folder);
        var import = await _rig.BeginAsync(disk);
        await _rig.SendAsync(import, disk);
        await using (var part = File.OpenWrite(_broker.Services.GetRequiredService<ImageFolder>().Part(Guid.Parse(import.ImportId))))
        {
            part.Position = 1 << 20;
            part.WriteByte(0xff);
        }
        await _rig.Images.FinishImportAsync(new() { ImportId = import.ImportId }, _rig.With);

        Assert.Equal(Contracts.Common.V1.ReasonCode.ImportIncomplete, (await _rig.EndAsync(import.ImportId)).Reason.Code);
    }

    [Fact]
    public async Task Uploads_are_bounded_in_size_number_and_time()
    {
        var huge = await ImagesRig.RefusedAsync(async () => await _rig.Images.BeginImportAsync(new() { Name = "x", FileName = "x", SizeBytes = 1ul << 50 }, _rig.With));
        var first = await _rig.Images.BeginImportAsync(new() { Name = "x", FileName = "x", SizeBytes = 1 << 20 }, _rig.With);
        await _rig.Images.BeginImportAsync(new() { Name = "y", FileName = "y", SizeBytes = 1 << 20 }, _rig.With);
        var third = await ImagesRig.RefusedAsync(async () => await _rig.Images.BeginImportAsync(new() { Name = "z", FileName = "z", SizeBytes = 1 << 20 }, _rig.With));
        var beyond = await ImagesRig.RefusedAsync(async () => await _rig.Images.AppendImportAsync(new() { ImportId = first.ImportId, Offset = (1 << 20) - 10, Data = ByteString.CopyFrom(new byte[11]) }, _rig.With));
        var long_ = await ImagesRig.RefusedAsync(async () => await _rig.Images.AppendImportAsync(new() { ImportId = first.ImportId, Data = ByteString.CopyFrom(new byte[AppendImport.LongestPiece + 1]) }, _rig.With));
        await new Arrange(_broker.Database.DataSource).ExecuteAsync("update image_import set created_at = now() - interval '3 days' where state = 'receiving'", new { });
        await _broker.Services.GetRequiredService<ProcessImports>().TidyAsync(TestContext.Current.CancellationToken);

        Assert.StartsWith("STORAGE_FULL", huge, StringComparison.Ordinal);
        Assert.StartsWith("TOO_MANY_IMPORTS", third, StringComparison.Ordinal);
        Assert.StartsWith("INVALID_FIELD: data: beyond", beyond, StringComparison.Ordinal);
        Assert.StartsWith("INVALID_FIELD: data: 1 to", long_, StringComparison.Ordinal);
        Assert.Equal([ImportState.Failed, ImportState.Failed], (await _rig.Images.ListImportsAsync(new(), _rig.With)).Imports.Where(i => i.Name is "x" or "y").Select(i => i.State));
    }

    [Fact]
    public async Task Cancelled_import_leaves_nothing_and_makes_room_for_another()
    {
        var disk = await ImagesRig.Qcow2Async(_folder);
        var import = await _rig.SendAsync(await _rig.BeginAsync(disk), disk, until: 600_000);

        var cancelled = await _rig.Images.CancelImportAsync(new() { ImportId = import.ImportId }, _rig.With);
        var after = await _rig.Images.AppendImportAsync(new() { ImportId = import.ImportId, Offset = 600_000, Data = ByteString.CopyFrom(new byte[10]) }, _rig.With);

        Assert.Equal((ImportState.Cancelled, ImportState.Cancelled), (cancelled.State, after.State));
        await images.NothingIsLeftAsync();
        Assert.Equal(ImportState.Done, (await _rig.ImportAsync(disk)).State);
    }

    [Fact]
    public async Task Nobody_but_an_administrator_imports() =>
        Assert.Equal("SIGN_IN_EXPIRED: ", await ImagesRig.RefusedAsync(async () => await _rig.Images.BeginImportAsync(new() { Name = "x", FileName = "x", SizeBytes = 1 << 20 }, cancellationToken: TestContext.Current.CancellationToken)));

    private async Task CancelAllAsync()
    {
        foreach (var import in (await _rig.Images.ListImportsAsync(new(), _rig.With)).Imports.Where(i => i.State == ImportState.Receiving)) await _rig.Images.CancelImportAsync(new() { ImportId = import.ImportId }, _rig.With);
    }
}
