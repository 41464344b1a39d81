using System.Buffers.Binary;

namespace Montalegre.Vdi.Domain;

/// <summary>Format of a disk image that somebody hands over.</summary>
public enum DiskFormat { Unknown = 0, Qcow2, Raw }

/// <summary>
/// What the first bytes of a disk image say, read before any program opens the file: QEMU would follow a name in it to any
/// file of the computer. qcow2 after QEMU's docs/interop/qcow2.txt.
/// </summary>
/// <param name="Format">What it is.</param>
/// <param name="VirtualBytes">Size that a machine would see; null where the header does not say.</param>
/// <param name="Problem">Why it cannot become an image, or null.</param>
public readonly record struct DiskHeader(DiskFormat Format, long? VirtualBytes, string? Problem)
{
    /// <summary>As much as <see cref="Read"/> wants to see, where the file has it.</summary>
    public const int Length = 1024;

    private const long LargestDisk = 64L << 40;
    private const ulong Corrupt = 1 << 1, ExternalDataFile = 1 << 2;
    private const int Version2 = 72, Version3 = 104;

    private static readonly (byte[] Start, string What)[] Others =
    [
        ([0x1f, 0x8b], "gzip-compressed"), ([0xfd, .. "7zXZ"u8], "xz-compressed"), ([0x28, 0xb5, 0x2f, 0xfd], "zstd-compressed"), ([.. "BZh"u8], "bzip2-compressed"),
        ([.. "PK\u0003\u0004"u8], "a zip archive"), ([.. "KDMV"u8], "a VMDK disk"), ([.. "# Disk DescriptorFile"u8], "a VMDK description"),
        ([.. "vhdxfile"u8], "a VHDX disk"), ([.. "conectix"u8], "a VHD disk"), ([.. "<<< "u8], "a VDI disk"), ([.. "LUKS"u8], "an encrypted disk"),
    ];

    /// <summary>Judges the first bytes of a file.</summary>
    public static DiskHeader Read(ReadOnlySpan<byte> start)
    {
        if (start is [0x51, 0x46, 0x49, 0xfb, ..]) return ReadQcow2(start);   // "QFI\xfb"
        foreach (var (magic, what) in Others)
            if (start.StartsWith(magic)) return new(DiskFormat.Unknown, null, $"it is {what}, not a qcow2 or raw disk; convert or unpack it first");
        // A disk that can start a computer has a boot sector's mark, also beside a GUID partition table.
        return start.Length >= 512 && start[510] == 0x55 && start[511] == 0xaa
            ? new(DiskFormat.Raw, null, null)
            : new(DiskFormat.Unknown, null, "it is neither a qcow2 disk nor a raw disk with a partition table");
    }

    private static DiskHeader ReadQcow2(ReadOnlySpan<byte> start)
    {
        if (start.Length < Version2) return Refuse("its qcow2 header is cut off");
        var version = BinaryPrimitives.ReadUInt32BigEndian(start[4..]);
        if (version is not (2 or 3)) return Refuse($"it is a qcow disk of version {version}; 2 and 3 are known");
        if (version == 3 && start.Length < Version3) return Refuse("its qcow2 header is cut off");
        var size = BinaryPrimitives.ReadUInt64BigEndian(start[24..]);
        if (size > LargestDisk) return Refuse($"its qcow2 header names a size of {size} bytes");
        // Any of the three makes QEMU open another file, or ask for a secret.
        if (BinaryPrimitives.ReadUInt64BigEndian(start[8..]) != 0) return Refuse("it is an overlay that names another file as its base; make a whole disk of it with qemu-img convert");
        var features = version == 3 ? BinaryPrimitives.ReadUInt64BigEndian(start[72..]) : 0;
        if ((features & ExternalDataFile) != 0) return Refuse("it keeps its data in another file; make a whole disk of it with qemu-img convert");
        if (BinaryPrimitives.ReadUInt32BigEndian(start[32..]) != 0) return Refuse("it is encrypted");
        if ((features & Corrupt) != 0) return Refuse("it is marked as corrupt; repair it with qemu-img check -r all");
        return new(DiskFormat.Qcow2, (long)size, null);
    }

    private static DiskHeader Refuse(string problem) => new(DiskFormat.Qcow2, null, problem);
}
