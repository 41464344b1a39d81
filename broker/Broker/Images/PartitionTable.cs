using System.Buffers.Binary;

namespace Montalegre.Vdi.Broker.Images;

/// <summary>One partition of a raw disk, in bytes.</summary>
internal readonly record struct Partition(long Offset, long Length);

/// <summary>
/// Reads MBR and GUID partition tables (UEFI specification 2.10, 5.2 and 5.3) of a disk that somebody handed over.
/// Logical partitions inside an extended one are not followed: no system image of the last twenty years has its root there.
/// </summary>
internal static class PartitionTable
{
    private const int Sector = 512, MostEntries = 128;
    private const byte GptProtective = 0xee;

    /// <param name="disk">Positioned anywhere; read only.</param>
    /// <returns>Partitions that lie within the disk.</returns>
    public static IReadOnlyList<Partition> Read(Stream disk)
    {
        var first = ReadAt(disk, 0, Sector);
        if (first.Length < Sector || first[510] != 0x55 || first[511] != 0xaa) return [];
        var found = new List<Partition>();
        for (var entry = 446; entry < 510; entry += 16)
        {
            if (first[entry + 4] == GptProtective) return ReadGuid(disk);
            Add(found, BinaryPrimitives.ReadUInt32LittleEndian(first.AsSpan(entry + 8)), BinaryPrimitives.ReadUInt32LittleEndian(first.AsSpan(entry + 12)), disk.Length);
        }
        return found;
    }

    private static List<Partition> ReadGuid(Stream disk)
    {
        var header = ReadAt(disk, Sector, Sector);
        if (header.Length < Sector || !header.AsSpan(0, 8).SequenceEqual("EFI PART"u8)) return [];
        var at = BinaryPrimitives.ReadUInt64LittleEndian(header.AsSpan(72));
        var count = Math.Min(MostEntries, BinaryPrimitives.ReadUInt32LittleEndian(header.AsSpan(80)));
        var size = BinaryPrimitives.ReadUInt32LittleEndian(header.AsSpan(84));
        if (size is < 128 or > 1024 || at > (ulong)(disk.Length / Sector)) return [];
        var found = new List<Partition>();
        for (var i = 0; i < count; i++)
        {
            var entry = ReadAt(disk, ((long)at * Sector) + (i * (long)size), 48);
            if (entry.Length < 48) break;
            if (entry.AsSpan(0, 16).ContainsAnyExcept((byte)0))
            {
                var (start, end) = (BinaryPrimitives.ReadUInt64LittleEndian(entry.AsSpan(32)), BinaryPrimitives.ReadUInt64LittleEndian(entry.AsSpan(40)));
                if (end >= start) Add(found, start, end - start + 1, disk.Length);
            }
        }
        return found;
    }

    private static void Add(List<Partition> found, ulong start, ulong sectors, long disk)
    {
        var most = (ulong)(disk / Sector);
        if (start == 0 || sectors == 0 || start > most || sectors > most - start) return;
        found.Add(new((long)start * Sector, (long)sectors * Sector));
    }

    private static byte[] ReadAt(Stream disk, long at, int count)
    {
        var bytes = new byte[count];
        disk.Position = at;
        return bytes[..disk.ReadAtLeast(bytes, count, throwOnEndOfStream: false)];
    }
}
