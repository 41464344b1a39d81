using System.Buffers.Binary;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Domain.Tests.Images;

public sealed class DiskHeaderTests
{
    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void Whole_qcow2_disk_is_taken_with_the_size_that_a_machine_sees(int version) =>
        Assert.Equal(new DiskHeader(DiskFormat.Qcow2, 8L << 30, null), DiskHeader.Read(Qcow2(version)));

    [Theory]
    [InlineData(8, 0x70, "base")]               // backing_file_offset
    [InlineData(72, 1L << 2, "another file")]   // incompatible_features: external data file
    [InlineData(72, 1L << 1, "corrupt")]
    [InlineData(28, 1, "encrypted")]            // low half of the eight bytes ends in crypt_method
    [InlineData(24, 1L << 62, "size")]
    public void Qcow2_disk_that_needs_more_than_itself_is_refused(int at, long value, string says)
    {
        var header = Qcow2(3);
        if (at == 28) BinaryPrimitives.WriteUInt32BigEndian(header.AsSpan(32), 1);
        else BinaryPrimitives.WriteInt64BigEndian(header.AsSpan(at), value);

        Assert.Contains(says, DiskHeader.Read(header).Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_truncated_qcow2_header_is_refused()
    {
        var header = Qcow2(3);
        for (var length = 0; length < 104; length++) Assert.NotNull(DiskHeader.Read(header.AsSpan(0, length)).Problem);
        Assert.Null(DiskHeader.Read(header.AsSpan(0, 104)).Problem);
    }

    [Fact]
    public void Raw_disk_needs_the_mark_of_a_boot_sector()
    {
        var sector = new byte[512];
        Assert.NotNull(DiskHeader.Read(sector).Problem);
        (sector[510], sector[511]) = (0x55, 0xaa);
        Assert.Equal(new DiskHeader(DiskFormat.Raw, null, null), DiskHeader.Read(sector));
    }

    [Fact]
    public void Other_kinds_of_file_are_named()
    {
        Assert.Contains("gzip", DiskHeader.Read([0x1f, 0x8b, 8, 0]).Problem, StringComparison.Ordinal);
        Assert.Contains("VMDK", DiskHeader.Read("KDMV"u8).Problem, StringComparison.Ordinal);
        Assert.Contains("neither", DiskHeader.Read([]).Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void No_bytes_whatever_make_it_throw()
    {
        var random = new Random(4711);
        var bytes = new byte[DiskHeader.Length];
        for (var i = 0; i < 20_000; i++)
        {
            random.NextBytes(bytes);
            if (i % 2 == 0) Qcow2(3).AsSpan(0, 8).CopyTo(bytes);
            var header = DiskHeader.Read(bytes.AsSpan(0, random.Next(bytes.Length)));
            Assert.True(header.Problem is null || header.Problem.Length > 0);
        }
    }

    private static byte[] Qcow2(int version)
    {
        var header = new byte[DiskHeader.Length];
        new byte[] { 0x51, 0x46, 0x49, 0xfb, 0, 0, 0, (byte)version }.CopyTo(header, 0);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(20), 16);            // cluster_bits
        BinaryPrimitives.WriteInt64BigEndian(header.AsSpan(24), 8L << 30);      // size
        return header;
    }
}
