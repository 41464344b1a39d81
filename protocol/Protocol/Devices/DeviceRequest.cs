using System.Text;
using Montalegre.Vdi.Protocol.Wire;

namespace Montalegre.Vdi.Protocol.Devices;

/// <summary>What a machine asks of a redirected drive or printer: the body of a DR_DEVICE_IOREQUEST, MS-RDPEFS 2.2.1.4.</summary>
public abstract record DeviceRequest
{
    private const int LongestPath = 2048;           // bytes; ours, the specification names none
    private const int LongestRead = 1024 * 1024;
    private const int Padding = 20;

    private DeviceRequest() { }

    /// <summary>DR_CREATE_REQ 2.2.1.4.1. The path has backslashes and begins with one; empty is the root.</summary>
    public sealed record Create(uint Access, uint Disposition, uint Options, string Path) : DeviceRequest;

    public sealed record Close : DeviceRequest;

    public sealed record Read(int Length, long Offset) : DeviceRequest;

    /// <summary>DR_WRITE_REQ 2.2.1.4.4; the data are the last <paramref name="Length"/> bytes of the body.</summary>
    public sealed record Write(int Length, long Offset) : DeviceRequest
    {
        public ReadOnlySpan<byte> DataOf(ReadOnlySpan<byte> body) => body.Slice(4 + 8 + Padding, Length);
    }

    /// <param name="Class">MS-FSCC 2.5.</param>
    public sealed record QueryVolume(uint Class) : DeviceRequest;

    /// <param name="Class">MS-FSCC 2.4.</param>
    public sealed record QueryInformation(uint Class) : DeviceRequest;

    public sealed record SetBasic(long LastWrite) : DeviceRequest;

    /// <summary>FileEndOfFileInformation: the file is this long from now on.</summary>
    public sealed record SetEndOfFile(long Length) : DeviceRequest;

    /// <summary>FileAllocationInformation: a hint, never a promise.</summary>
    public sealed record SetAllocation(long Length) : DeviceRequest;

    public sealed record SetDisposition(bool Delete) : DeviceRequest;

    public sealed record Rename(bool ReplaceIfExists, string Path) : DeviceRequest;

    /// <param name="Path">With the pattern as its last part; means something in the first query of a directory only.</param>
    public sealed record QueryDirectory(uint Class, bool IsInitial, string Path) : DeviceRequest;

    public sealed record WatchDirectory : DeviceRequest;

    /// <summary>Locks are granted and mean nothing: the drive has one machine.</summary>
    public sealed record Lock : DeviceRequest;

    public sealed record Control(uint Code) : DeviceRequest;

    /// <summary>Well-formed, and nothing that we serve.</summary>
    public sealed record Other : DeviceRequest;

    public static DeviceRequest From(uint major, uint minor, ReadOnlySpan<byte> body)
    {
        var r = new WireReader(body, nameof(DeviceRequest));
        switch (major)
        {
            case 0x00: return ReadCreate(ref r);
            case 0x02: return new Close();
            case 0x03: return new Read((int)Math.Min(r.ReadUInt32("length"), LongestRead), ReadOffset(ref r, "offset"));
            case 0x04: return ReadWrite(ref r);
            case 0x05: return new QueryInformation(r.ReadUInt32("class"));
            case 0x06: return ReadSet(ref r);
            case 0x0A: return new QueryVolume(r.ReadUInt32("class"));
            case 0x0C when minor == 1: return ReadQueryDirectory(ref r);
            case 0x0C when minor == 2: return new WatchDirectory();
            case 0x0E:
                _ = r.ReadBytes(8, "lengths");
                return new Control(r.ReadUInt32("code"));
            case 0x11: return new Lock();
            default: return new Other();
        }
    }

    private static Create ReadCreate(ref WireReader r)
    {
        var access = r.ReadUInt32("desiredAccess");
        _ = r.ReadBytes(8 + 4 + 4, "allocation, attributes, sharing");
        var (disposition, options) = (r.ReadUInt32("createDisposition"), r.ReadUInt32("createOptions"));
        return new(access, disposition, options, ReadPath(ref r, r.ReadUInt32("pathLength")));
    }

    private static Write ReadWrite(ref WireReader r)
    {
        var (length, offset) = (r.ReadUInt32("length"), ReadOffset(ref r, "offset"));
        _ = r.ReadBytes(Padding, "padding");
        if (length > r.Left) WireFormatException.Throw(nameof(Write), "length", $"is {length}, {r.Left} bytes follow");
        return new((int)length, offset);
    }

    private static DeviceRequest ReadSet(ref WireReader r)
    {
        var (kind, length) = (r.ReadUInt32("class"), r.ReadUInt32("length"));
        _ = r.ReadBytes(24, "padding");
        switch (kind)
        {
            case 4:
                _ = r.ReadBytes(16, "creation, access");
                return new SetBasic((long)ReadUInt64(ref r, "lastWrite"));
            case 10:
                var replaces = r.ReadByte("replaceIfExists") != 0;
                _ = r.ReadByte("rootDirectory");
                return new Rename(replaces, ReadPath(ref r, r.ReadUInt32("nameLength")));
            // An empty buffer means yes, MS-RDPEFS 2.2.3.3.9.
            case 13: return new SetDisposition(length == 0 || r.Left == 0 || r.ReadByte("deletePending") != 0);
            case 19: return new SetAllocation(ReadOffset(ref r, "allocation"));
            case 20: return new SetEndOfFile(ReadOffset(ref r, "endOfFile"));
            default: return new Other();
        }
    }

    private static QueryDirectory ReadQueryDirectory(ref WireReader r)
    {
        var (kind, initial, length) = (r.ReadUInt32("class"), r.ReadByte("initialQuery") != 0, r.ReadUInt32("pathLength"));
        _ = r.ReadBytes(23, "padding");
        return new(kind, initial, ReadPath(ref r, length));
    }

    private static string ReadPath(ref WireReader r, uint length)
    {
        if (length > LongestPath) WireFormatException.Throw(nameof(DeviceRequest), "path", $"{length} bytes is over {LongestPath}");
        return Encoding.Unicode.GetString(r.ReadBytes((int)length & ~1, "path")).TrimEnd('\0');
    }

    private static long ReadOffset(ref WireReader r, string field)
    {
        var value = ReadUInt64(ref r, field);
        if (value > long.MaxValue / 2) WireFormatException.Throw(nameof(DeviceRequest), field, $"is {value}");
        return (long)value;
    }

    private static ulong ReadUInt64(ref WireReader r, string field) => r.ReadUInt32(field) | ((ulong)r.ReadUInt32(field) << 32);
}
