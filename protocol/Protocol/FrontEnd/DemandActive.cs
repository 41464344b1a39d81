using System.Buffers.Binary;
using Montalegre.Vdi.Protocol.Wire;

namespace Montalegre.Vdi.Protocol.FrontEnd;

/// <summary>Demand Active PDU, MS-RDPBCGR 2.2.1.13.1: a server that shows bitmaps and hears keyboard and mouse, and nothing else.</summary>
internal static class DemandActive
{
    private const int Sets = 7;

    public static void Write(ref WireWriter w, ushort width, ushort height, ushort bitsPerPixel)
    {
        var frame = ShareFrame.Begin(ref w, SharePduType.DemandActive);
        w.WriteUInt32(ShareFrame.ShareId);
        w.WriteUInt16(4);                                   // lengthSourceDescriptor
        var combined = w.Take(2);
        w.WriteBytes("RDP\0"u8);
        var start = w.Written;
        w.WriteUInt16(Sets);
        w.WriteUInt16(0);                                   // pad
        WriteGeneral(ref w);
        WriteBitmap(ref w, width, height, bitsPerPixel);
        WriteOrder(ref w);
        WritePointer(ref w);
        WriteInput(ref w);
        WriteVirtualChannel(ref w);
        WriteShare(ref w);
        BinaryPrimitives.WriteUInt16LittleEndian(combined, (ushort)(w.Written - start));
        w.WriteUInt32(0);                                   // sessionId
        frame.End(w);
    }

    /// <summary>2.2.7.1.1; no fast-path, so that every client speaks the one dialect this front end reads.</summary>
    private static void WriteGeneral(ref WireWriter w)
    {
        WriteHeader(ref w, 1, 24);
        w.WriteUInt16(1);                                   // osMajorType: Windows, as every server says
        w.WriteUInt16(3);                                   // osMinorType
        w.WriteUInt16(0x0200);                              // protocolVersion
        w.Take(12).Clear();                                 // pad, compression types, extraFlags, update, unshare, level
        w.WriteUInt16(0);                                   // refreshRectSupport, suppressOutputSupport
    }

    /// <summary>2.2.7.1.2.</summary>
    private static void WriteBitmap(ref WireWriter w, ushort width, ushort height, ushort bitsPerPixel)
    {
        WriteHeader(ref w, 2, 28);
        w.WriteUInt16(bitsPerPixel);
        w.WriteUInt16(1);
        w.WriteUInt16(1);
        w.WriteUInt16(1);                                   // receive 1, 4 and 8 bits per pixel
        w.WriteUInt16(width);
        w.WriteUInt16(height);
        w.WriteUInt16(0);
        w.WriteUInt16(1);                                   // desktopResizeFlag
        w.WriteUInt16(1);                                   // bitmapCompressionFlag
        w.WriteUInt16(0);                                   // highColorFlags, drawingFlags
        w.WriteUInt16(1);                                   // multipleRectangleSupport
        w.WriteUInt16(0);
    }

    /// <summary>2.2.7.1.3; no drawing order at all.</summary>
    private static void WriteOrder(ref WireWriter w)
    {
        WriteHeader(ref w, 3, 88);
        w.Take(20).Clear();                                 // terminalDescriptor, pad
        w.WriteUInt16(1);                                   // desktopSaveXGranularity
        w.WriteUInt16(20);                                  // desktopSaveYGranularity
        w.WriteUInt16(0);
        w.WriteUInt16(1);                                   // maximumOrderLevel
        w.WriteUInt16(0);
        w.WriteUInt16(0x0022);                              // NEGOTIATEORDERSUPPORT | ZEROBOUNDSDELTASSUPPORT, both must be set
        w.Take(52).Clear();                                 // orderSupport and all after it
    }

    /// <summary>2.2.7.1.5.</summary>
    private static void WritePointer(ref WireWriter w)
    {
        WriteHeader(ref w, 8, 10);
        w.WriteUInt16(1);
        w.WriteUInt16(25);
        w.WriteUInt16(25);
    }

    /// <summary>2.2.7.1.6; INPUT_FLAG_SCANCODES, MOUSEX and UNICODE.</summary>
    private static void WriteInput(ref WireWriter w)
    {
        WriteHeader(ref w, 13, 88);
        w.WriteUInt16(0x0015);
        w.Take(82).Clear();
    }

    /// <summary>2.2.7.1.10.</summary>
    private static void WriteVirtualChannel(ref WireWriter w)
    {
        WriteHeader(ref w, 20, 12);
        w.WriteUInt32(0);
        w.WriteUInt32(1600);
    }

    /// <summary>2.2.7.2.4.</summary>
    private static void WriteShare(ref WireWriter w)
    {
        WriteHeader(ref w, 9, 8);
        w.WriteUInt16(ServerFrame.ServerUser);
        w.WriteUInt16(0);
    }

    private static void WriteHeader(ref WireWriter w, ushort type, ushort length)
    {
        w.WriteUInt16(type);
        w.WriteUInt16(length);
    }
}
