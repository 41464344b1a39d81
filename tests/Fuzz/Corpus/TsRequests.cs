namespace Montalegre.Vdi.Fuzz.Corpus;

/// <summary>Messages of network level authentication as machines send them, MS-CSSP 2.2.1.</summary>
internal static class TsRequests
{
    /// <summary>Version 6 with a token of four bytes.</summary>
    public static byte[] Challenge =>
    [
        0x30, 0x15,                                         // SEQUENCE, 21 bytes
        0xA0, 0x03, 0x02, 0x01, 0x06,                       // version [0] INTEGER 6
        0xA1, 0x0E, 0x30, 0x0C, 0x30, 0x0A, 0xA0, 0x08, 0x04, 0x06, // negoTokens [1], one token
        0x4E, 0x54, 0x4C, 0x4D, 0x53, 0x53,
    ];

    /// <summary>pubKeyAuth of 200 bytes, so that lengths need their long form.</summary>
    public static byte[] Proof =>
    [
        0x30, 0x81, 0xD3,
        0xA0, 0x03, 0x02, 0x01, 0x06,
        0xA3, 0x81, 0xCB, 0x04, 0x81, 0xC8, .. Enumerable.Range(0, 200).Select(i => (byte)i),
    ];

    /// <summary>STATUS_LOGON_FAILURE.</summary>
    public static byte[] Refusal => [0x30, 0x0E, 0xA0, 0x03, 0x02, 0x01, 0x06, 0xA4, 0x07, 0x02, 0x05, 0x00, 0xC0, 0x00, 0x00, 0x6D];
}
