using System.Text;
using Montalegre.Vdi.Broker.Images;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Contracts.Common.V1;
using ImportState = Montalegre.Vdi.Contracts.Admin.V1.ImportState;

namespace Montalegre.Vdi.Broker.Tests.Images;

/// <summary>Real file systems with what a machine leaves in them, sealed on their way in.</summary>
public sealed class SealTests(ImagesBroker images) : IClassFixture<ImagesBroker>
{
    private const string Secret = "PRIVATE-KEY-OF-THE-ORIGINAL";
    private readonly string _folder = Directory.CreateDirectory(Path.Combine(images.Folder, Guid.NewGuid().ToString("N"))).FullName;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("mbr", false)]
    [InlineData("gpt", true)]
    public async Task Sealed_version_holds_nothing_of_the_machine_it_was_made_on(string table, bool qcow2)
    {
        var disk = await SystemDiskAsync(table);
        if (qcow2)
        {
            var packed = Path.Combine(_folder, "system.qcow2");
            await Rig.Postgres.Run.ToEndAsync("qemu-img", ["convert", "-f", "raw", "-O", "qcow2", disk, packed], ct: Ct);
            disk = packed;
        }

        var done = await images.Rig.ImportAsync(disk, $"sealed-{table}", keepIdentity: false);
        Assert.True(done.State == ImportState.Done, done.Reason?.Detail);
        var image = await images.Rig.ImageAsync(done.ImageVersionId);
        var raw = Path.Combine(_folder, "sealed.raw");
        await Rig.Postgres.Run.ToEndAsync("qemu-img", ["convert", "-f", "qcow2", "-O", "raw", image.Path, raw], ct: Ct);
        var system = new Ext4(raw, 1 << 20);

        Assert.True(image.Sealed);
        Assert.Equal("Debian GNU/Linux 12 (bookworm)", image.OperatingSystem);
        Assert.Contains("ssh_keys:remade:2", image.SealReport.Split('\n'));
        Assert.All(image.SealReport.Split('\n'), line => Assert.NotEqual(Contracts.SealTexts.Sentence(line, new("pt-PT")), Contracts.SealTexts.Sentence(line, new("en"))));
        Assert.Contains("SSH host keys: 2 files removed; each machine makes its own before the server starts", image.SealReport.Split('\n').Select(line => Contracts.SealTexts.Sentence(line, new("en"))));
        Assert.Equal(-1, (await File.ReadAllBytesAsync(raw, Ct)).AsSpan().IndexOf(Encoding.ASCII.GetBytes(Secret)));
        Assert.Equal(0, (await system.ListAsync("/etc", Ct)).Single(e => e.Name == "machine-id").Size);
        Assert.Empty((await system.ListAsync("/var/lib/montalegre", Ct)).Concat(await system.ListAsync("/var/log/journal/abc", Ct)).Concat(await system.ListAsync("/home/ana", Ct)));
        Assert.Contains("ssh-keygen -A", await system.TextAsync("/etc/systemd/system/ssh.service.d/montalegre-keys.conf", Ct), StringComparison.Ordinal);
        Assert.Contains("keep me", await system.TextAsync("/etc/motd", Ct), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Disk_that_cannot_be_sealed_waits_for_an_explicit_word_and_then_says_what_stays_in()
    {
        var import = await images.Rig.ImportAsync(await ImagesRig.RawAsync(_folder), "odd", keepIdentity: false);
        Assert.Equal((ImportState.Failed, ReasonCode.ImageNotSealable), (import.State, import.Reason.Code));

        await images.Rig.Images.PublishUnsealedAsync(new() { ImportId = import.ImportId }, images.Rig.With);
        var done = await images.Rig.EndAsync(import.ImportId);
        var image = await images.Rig.ImageAsync(done.ImageVersionId);

        Assert.Equal(ImportState.Done, done.State);
        Assert.False(image.Sealed);
        Assert.Contains("chaves do agente", Contracts.SealTexts.Sentence(image.SealReport, new("pt-PT")), StringComparison.Ordinal);
        await images.NothingIsLeftAsync();
    }

    [Fact]
    public async Task Partition_tables_that_lie_name_no_place_outside_of_the_disk()
    {
        var disk = new byte[1 << 20];
        var random = new Random(99);
        for (var i = 0; i < 2000; i++)
        {
            random.NextBytes(disk.AsSpan(0, 2048));
            (disk[510], disk[511]) = (0x55, 0xaa);
            if (i % 2 == 0)
            {
                disk[450] = 0xee;
                "EFI PART"u8.CopyTo(disk.AsSpan(512));
                disk.AsSpan(512 + 72, 8).Clear();
                disk[512 + 72] = 2;
                (disk[512 + 84], disk[512 + 85], disk[512 + 86], disk[512 + 87]) = (128, 0, 0, 0);
            }
            await using var stream = new MemoryStream(disk);
            Assert.All(PartitionTable.Read(stream), p => Assert.InRange(p.Offset + p.Length, 512, disk.Length));
        }
    }

    // One partition from 1 MiB on, with a small Debian that has run.
    private async Task<string> SystemDiskAsync(string table)
    {
        var root = Path.Combine(_folder, "root");
        foreach (var (path, text) in new[]
        {
            ("etc/os-release", "NAME=Debian\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n"), ("etc/machine-id", "0123456789abcdef0123456789abcdef\n"), ("etc/motd", "keep me\n"),
            ("etc/ssh/ssh_host_ed25519_key", Secret), ("etc/ssh/ssh_host_ed25519_key.pub", "public"), ("etc/ssh/sshd_config", "Port 22\n"), ("etc/systemd/system/x.service", "[Unit]\n"),
            ("usr/lib/systemd/system/ssh.service", "[Unit]\n"), ("var/lib/montalegre/identity/key.pem", Secret), ("var/log/journal/abc/system.journal", Secret), ("var/log/wtmp", Secret),
            ("var/lib/dhcp/dhclient.leases", "lease"), ("var/lib/systemd/random-seed", Secret), ("home/ana/.bash_history", Secret),
        })
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(root, path))!);
            await File.WriteAllTextAsync(Path.Combine(root, path), text, Ct);
        }
        var disk = Path.Combine(_folder, "system.raw");
        await using (var file = File.Create(disk)) file.SetLength(26 << 20);
        await Rig.Postgres.Run.ToEndAsync("/sbin/mke2fs", ["-q", "-F", "-t", "ext4", "-E", "offset=1048576", "-d", root, disk, "24M"], ct: Ct);
        await using var table_ = new FileStream(disk, FileMode.Open, FileAccess.ReadWrite);
        if (table == "mbr") WriteMbr(table_, 0x83, 2048, 24 << 11);
        else
        {
            WriteMbr(table_, 0xee, 1, (26 << 11) - 1);
            var header = new byte[512];
            "EFI PART"u8.CopyTo(header);
            (header[72], header[80], header[84]) = (2, 128, 128);
            Write(table_, 512, header);
            var entry = new byte[128];
            entry[0] = 0xaf;   // of any type
            BitConverter.TryWriteBytes(entry.AsSpan(32), 2048L);
            BitConverter.TryWriteBytes(entry.AsSpan(40), 2048L + (24 << 11) - 1);
            Write(table_, 1024, entry);
        }
        return disk;
    }

    private static void WriteMbr(FileStream disk, byte type, int start, int sectors)
    {
        var entry = new byte[66];
        entry[4] = type;
        BitConverter.TryWriteBytes(entry.AsSpan(8), start);
        BitConverter.TryWriteBytes(entry.AsSpan(12), sectors);
        (entry[64], entry[65]) = (0x55, 0xaa);
        Write(disk, 446, entry);
    }

    private static void Write(FileStream disk, long at, byte[] bytes)
    {
        disk.Position = at;
        disk.Write(bytes);
    }
}
