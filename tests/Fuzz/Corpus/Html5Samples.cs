using Montalegre.Vdi.Protocol.Html5;
using Montalegre.Vdi.Protocol.Wire;

namespace Montalegre.Vdi.Fuzz.Corpus;

/// <summary>Good messages of the browser protocol, and of gateway and worker among themselves.</summary>
internal static class Html5Samples
{
    public static readonly byte[] Hello =
    [
        0x81,                                                       // type = Hello
        0x01, 0x00,                                                 // version
        0x00,                                                       // kind = launch ticket
        0x04, 0x74, 0x69, 0x63, 0x6B,                               // ticket = "tick"
        0x00, 0x04, 0x00, 0x03,                                     // 1024 x 768
        0x64, 0x00,                                                 // scale = 100 %
        0x16, 0x08, 0x00, 0x00,                                     // keyboard = Portuguese
        0x03, 0x00, 0x00, 0x00,                                     // capabilities = avc1 | zstd
        0x00, 0x04,                                                 // cache slots = 1024
        0x05, 0x70, 0x74, 0x2D, 0x50, 0x54,                         // language = "pt-PT"
        0x00,                                                       // time zone: none
    ];

    public static readonly byte[][] Inputs =
    [
        [0x82, 0x07, 0x00, 0x00, 0x00],                             // Ack of frame 7
        [0x83, 0x02, 0x4B],                                         // left arrow down
        [0x84, 0x63, 0xC3, 0xA1, 0xE2, 0x82, 0xAC],                 // Text "cá€"
        [0x85, 0x10, 0x00, 0x20, 0x00, 0x01],                       // Mouse at 16,32, left button
        [0x86, 0x10, 0x00, 0x20, 0x00, 0x88, 0xFF, 0x00, 0x00],     // Wheel one notch up
        [0x87, 0x00, 0x05, 0x20, 0x03, 0x96, 0x00],                 // Resize 1280 x 800 at 150 %
        [0x88, 0x02], [0x89, 0x01, 0x6F, 0x6C, 0xC3, 0xA1],         // clipboard: ask for PNG, give "olá"
        [0x91, 0x01, 0x02, 0x03, 0x04], [0x92, 0x01, 0x02], [0x93, 0x00],
    ];

    /// <summary>A red rectangle, a move, a cached tile and an H.264 unit with one rectangle.</summary>
    public static readonly byte[] Frame =
    [
        0x02, 0x01, 0x00, 0x00, 0x00, 0x00,                         // Frame 1, no more of this picture
        0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,             // no pixels
        0x04, 0x00,                                                 // four operations
        0x00, 0x00, 0x00, 0x00, 0x00, 0x40, 0x00, 0x40, 0x00, 0xFF, 0x00, 0x00,
        0x03, 0x00, 0x00, 0x40, 0x00, 0x40, 0x00, 0x40, 0x00, 0x00, 0x00, 0x00, 0x00,
        0x04, 0x05, 0x00, 0x40, 0x00, 0x40, 0x00,
        0x05, 0x01, 0x00, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x04, 0x00, 0x03, 0x01, 0x00,
        0x00, 0x00, 0x00, 0x00, 0x00, 0x04, 0x00, 0x03, 0x05, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 0x65,
    ];

    public static byte[] WorkerStart { get; } = Written();

    private static byte[] Written()
    {
        var w = new WireWriter(new byte[Protocol.Html5.WorkerStart.Longest], nameof(WorkerStart));
        new WorkerStart(Allowed.PasteIn, new byte[32], "maria", "", [1, 2, 3], "browser", new DriveLimits(512, 256), new byte[Protocol.SignIns.ClientTimeZone.Length], Protocol.Html5.Hello.Read(Hello)).Write(ref w);
        return w.WrittenSpan.ToArray();
    }
}
