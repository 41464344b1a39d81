using System.Buffers.Binary;
using System.Text;
using Montalegre.Vdi.Protocol.Wire;

namespace Montalegre.Vdi.Protocol.Devices;

/// <summary>What a drive says of one file or folder.</summary>
/// <param name="Name">Without a path; at most 255 characters.</param>
public readonly record struct FileFacts(string Name, bool IsFolder, long Length, DateTimeOffset Made, DateTimeOffset Written, bool DeletePending = false);

/// <summary>The answers' structures, MS-FSCC 2.4 and 2.5 without their alignment, as RDPDR has them (MS-RDPEFS 2.2.3.4).</summary>
public static class FileInformation
{
    /// <summary>Room for any of them, with its length before it.</summary>
    public const int Longest = 1024;

    private const uint Folder = 0x10, Archive = 0x20;       // FILE_ATTRIBUTE_*
    private const int Unit = 64 * 1024;                     // what the drive gives out; MS-FSCC's "allocation unit"
    private const uint Sector = 512;

    /// <summary>Writes the file's information of this class with its length; false for a class that we do not have.</summary>
    public static bool TryWrite(ref WireWriter w, uint kind, FileFacts file)
    {
        var length = w.Take(4);
        var from = w.Written;
        switch (kind)
        {
            case 4:
                WriteTimes(ref w, file);
                w.WriteUInt32(Attributes(file));
                break;
            case 5:
                WriteInt64(ref w, Allocated(file.Length));
                WriteInt64(ref w, file.Length);
                w.WriteUInt32(1);
                w.WriteByte(file.DeletePending ? (byte)1 : (byte)0);
                w.WriteByte(file.IsFolder ? (byte)1 : (byte)0);
                break;
            case 35:
                w.WriteUInt32(Attributes(file));
                w.WriteUInt32(0);
                break;
            default: return false;
        }
        BinaryPrimitives.WriteInt32LittleEndian(length, w.Written - from);
        return true;
    }

    /// <summary>Writes one entry of a directory with its length.</summary>
    public static bool TryWriteEntry(ref WireWriter w, uint kind, FileFacts file)
    {
        if (kind is not (1 or 2 or 3 or 12)) return false;
        var length = w.Take(4);
        var from = w.Written;
        var name = Encoding.Unicode.GetBytes(file.Name);
        w.WriteUInt32(0);                                   // NextEntryOffset: each entry has an answer of its own
        w.WriteUInt32(0);
        if (kind != 12)
        {
            WriteTimes(ref w, file);
            WriteInt64(ref w, file.Length);
            WriteInt64(ref w, Allocated(file.Length));
            w.WriteUInt32(Attributes(file));
        }
        w.WriteUInt32((uint)name.Length);
        if (kind is 2 or 3) w.WriteUInt32(0);               // EaSize
        if (kind == 3) w.Take(1 + 24).Clear();              // no short name
        w.WriteBytes(name);
        BinaryPrimitives.WriteInt32LittleEndian(length, w.Written - from);
        return true;
    }

    /// <summary>Writes what the whole drive is, with its length.</summary>
    public static bool TryWriteVolume(ref WireWriter w, uint kind, string label, long size, long free)
    {
        var length = w.Take(4);
        var from = w.Written;
        var name = Encoding.Unicode.GetBytes(label);
        switch (kind)
        {
            case 1:
                WriteInt64(ref w, 0);
                w.WriteUInt32(0x4D564449);
                w.WriteUInt32((uint)name.Length);
                w.WriteByte(0);
                w.WriteBytes(name);
                break;
            case 3:
                WriteInt64(ref w, size / Unit);
                WriteInt64(ref w, free / Unit);
                w.WriteUInt32(Unit / Sector);
                w.WriteUInt32(Sector);
                break;
            case 4:
                w.WriteUInt32(7);                           // FILE_DEVICE_DISK
                w.WriteUInt32(0x10);                        // FILE_REMOTE_DEVICE
                break;
            case 5:
                w.WriteUInt32(0x02 | 0x04);                 // FILE_CASE_PRESERVED_NAMES, FILE_UNICODE_ON_DISK
                w.WriteUInt32(255);
                w.WriteUInt32((uint)name.Length);
                w.WriteBytes(name);
                break;
            case 7:
                WriteInt64(ref w, size / Unit);
                WriteInt64(ref w, free / Unit);
                WriteInt64(ref w, free / Unit);
                w.WriteUInt32(Unit / Sector);
                w.WriteUInt32(Sector);
                break;
            default: return false;
        }
        BinaryPrimitives.WriteInt32LittleEndian(length, w.Written - from);
        return true;
    }

    private static uint Attributes(FileFacts file) => file.IsFolder ? Folder : Archive;

    private static long Allocated(long length) => (length + Unit - 1) / Unit * Unit;

    private static void WriteTimes(ref WireWriter w, FileFacts file)
    {
        WriteInt64(ref w, file.Made.ToFileTime());
        for (var i = 0; i < 3; i++) WriteInt64(ref w, file.Written.ToFileTime());       // access, write, change
    }

    private static void WriteInt64(ref WireWriter w, long value) => BinaryPrimitives.WriteInt64LittleEndian(w.Take(8), value);
}
