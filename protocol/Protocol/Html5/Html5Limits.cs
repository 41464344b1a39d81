namespace Montalegre.Vdi.Protocol.Html5;

/// <summary>Bounds of the browser protocol; the document's table of limits.</summary>
public static class Html5Limits
{
    public const string SubProtocol = "montalegre.desktop.1";
    public const ushort Version = 1;
    public const int LongestHello = 1024;
    public const int LongestFromBrowser = (8 * 1024 * 1024) + 16;
    public const int LongestToBrowser = 8 * 1024 * 1024;
    public const int MostPixelBytes = 4 * 1024 * 1024;
    public const int MostOps = 16_384;
    public const int MostRects = 1024;
    public const int LongestSide = 8192;
    public const int ShortestSide = 200;
    public const int MostPixels = 33_554_432;
    public const int MostMonitors = 4;
    public const int LongestTicket = 64;
    public const int LongestText = 1024;
    public const int LongestClipboardText = 1024 * 1024;
    public const int LongestClipboardPicture = 8 * 1024 * 1024;
    public const int MostCacheSlots = 4096;
    public const int FramesInFlight = 3;
    public const ushort NoSlot = 0xFFFF;
    public const int LongestPointerSide = 384;
    public const int LongestChunk = 64 * 1024;
    public const int FileWindow = 1024 * 1024;

    /// <summary>Bytes of a name: 255 characters of at most four.</summary>
    public const int LongestFileName = 1020;
    public const int FilesAtOnce = 8;
    public const uint UploadBit = 0x8000_0000;
    public const int LongestMicrophone = 32 * 1024;

    /// <summary>Bytes of a document in one message between worker and gateway.</summary>
    public const int LongestPrintPiece = 48 * 1024;
}
