using System.Security.Cryptography;
using Microsoft.Extensions.DependencyInjection;
using Montalegre.Vdi.Broker.Hypervisors;
using Montalegre.Vdi.Broker.Tests.Agents;
using Montalegre.Vdi.Broker.Tests.Storage;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Rig.Libvirt;

namespace Montalegre.Vdi.Broker.Tests.Images;

/// <summary>Copies of an image in the storage of a real libvirt: damaged, deleted, retired.</summary>
public sealed class CopyHealthTests(TestCluster cluster) : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mvih-").FullName;
    private readonly TestBroker _broker = new(cluster);
    private LibvirtDaemons _daemons = null!;
    private ImagesRig _rig = null!;
    private string _image = "";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private string CopyPath => Path.Combine(_daemons.StoragePath, StorageXml.Image(new(Guid.Parse(_image))));

    public async ValueTask InitializeAsync()
    {
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(_folder, (UnixFileMode)0b111_101_101);
        _daemons = await LibvirtDaemons.StartAsync(Path.Combine(_folder, "lv"), null, Ct);
        await _broker.StartAsync([]);
        _rig = await ImagesRig.SignInAsync(_broker);
        await _rig.Infrastructure.AddHostAsync(new() { Name = "casa", Uri = _daemons.Uri, Network = "user", StoragePath = _daemons.StoragePath }, _rig.With);
        _image = (await _rig.ImportAsync(await ImagesRig.Qcow2Async(_folder))).ImageVersionId;
        await Eventually.IsTrueAsync(async () => (await _rig.ImageAsync(_image)).State == "ready", "the image is on the host");
    }

    public async ValueTask DisposeAsync()
    {
        await _broker.DisposeAsync();
        await _daemons.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task Flipped_byte_and_deleted_file_are_found_shown_and_made_good()
    {
        var rows = new Arrange(_broker.Database.DataSource);
        await rows.ExecuteAsync("insert into pool (pool_id, name, kind, size, image_version_id, machine_name_pattern) values (@id, 'Balcao', 'floating', 0, @image, 'b-{n}')", new { id = Guid.NewGuid(), image = Guid.Parse(_image) });
        var first = Assert.Single((await _rig.ImageAsync(_image)).Copies);
        Assert.Equal(("casa", CopyState.Good), (first.HostName, first.State));
        Assert.NotNull(first.CheckedAt);

        await using (var copy = new FileStream(CopyPath, FileMode.Open, FileAccess.ReadWrite))
        {
            copy.Position = 2_000_000;
            var value = copy.ReadByte();
            copy.Position = 2_000_000;
            copy.WriteByte((byte)~value);
        }
        await CheckAsync();
        await Eventually.IsTrueAsync(async () => await rows.AuditsAsync(Guid.Parse(_image), "image.copy_damaged") == 1, "the damage is found");
        await WholeAgainAsync();

        File.Delete(CopyPath);
        await CheckAsync();
        await Eventually.IsTrueAsync(async () => await rows.AuditsAsync(Guid.Parse(_image), "image.copy_missing") == 1, "the loss is found");
        await WholeAgainAsync();
    }

    [Fact]
    public async Task Retired_version_leaves_the_host_and_the_broker_and_nobody_can_use_it_again()
    {
        var local = (await _rig.ImageAsync(_image)).Path;
        var rows = new Arrange(_broker.Database.DataSource);
        var pool = Guid.NewGuid();
        await rows.ExecuteAsync("insert into pool (pool_id, name, kind, size) values (@pool, 'Manual', 'manual', 0)", new { pool });
        await rows.ExecuteAsync("insert into machine (machine_id, pool_id, ordinal, name, state, manual, image_version_id) values (@pool, @pool, 1, 'm-1', 'available', true, @image)", new { pool, image = Guid.Parse(_image) });
        var used = await ImagesRig.RefusedAsync(async () => await _rig.Infrastructure.RetireImageAsync(new() { ImageVersionId = _image }, _rig.With));
        Assert.True(File.Exists(CopyPath));
        await rows.ExecuteAsync("delete from machine where machine_id = @pool", new { pool });

        await _rig.Infrastructure.RetireImageAsync(new() { ImageVersionId = _image }, _rig.With);
        await Eventually.IsTrueAsync(async () => (await _rig.ImageAsync(_image)) is { FreedBytes: > 3 << 20, Copies.Count: 0 } && !File.Exists(local), "its files are gone");
        var late = await Assert.ThrowsAsync<Npgsql.PostgresException>(() => rows.ExecuteAsync("update pool set image_version_id = @image where pool_id = @pool", new { pool, image = Guid.Parse(_image) }));

        Assert.StartsWith("IN_USE", used, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(_daemons.StoragePath, "image-*"));
        Assert.Equal("image_version_is_offered", late.ConstraintName);
    }

    private async Task CheckAsync() => await _rig.Images.CheckCopiesAsync(new() { ImageVersionId = _image }, _rig.With);

    private async Task WholeAgainAsync()
    {
        await Eventually.IsTrueAsync(async () => (await _rig.ImageAsync(_image)).Copies.Single().State == CopyState.Good, "the copy is brought anew");
        Assert.Equal((await _rig.ImageAsync(_image)).Sha256, Convert.ToHexStringLower(SHA256.HashData(await File.ReadAllBytesAsync(CopyPath, Ct))));
    }
}
