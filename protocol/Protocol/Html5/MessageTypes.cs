namespace Montalegre.Vdi.Protocol.Html5;

/// <summary>First byte of a message from the server to the browser; layouts in docs/html5-protocol.md.</summary>
public enum ServerMessage : byte
{
    Welcome = 0x01, Frame = 0x02, Resize = 0x03, Pointer = 0x04, PointerHidden = 0x05, PointerDefault = 0x06,
    ClipboardOffer = 0x07, ClipboardData = 0x08,
    FileOffer = 0x09, FileAccepted = 0x0A, FileChunk = 0x0B, FileProgress = 0x0C, FileDone = 0x0D, FileRefused = 0x0E,
    AudioFormat = 0x10, Audio = 0x11, MicrophoneWanted = 0x12, Status = 0x13, Notice = 0x14, Pong = 0x15, KeyboardState = 0x16, PointerAt = 0x17, Monitors = 0x18,
    Ended = 0x1F,
}

/// <summary>First byte of a message from the browser to the server.</summary>
public enum BrowserMessage : byte
{
    Hello = 0x81, Ack = 0x82, Key = 0x83, Text = 0x84, Mouse = 0x85, Wheel = 0x86, Resize = 0x87,
    ClipboardRequest = 0x88, ClipboardData = 0x89,
    FileOffer = 0x8A, FileChunk = 0x8B, FileDone = 0x8C, FileAccepted = 0x8D, FileProgress = 0x8E, FileCancel = 0x8F,
    MicrophoneAudio = 0x90, Ping = 0x91, Focus = 0x92, Visible = 0x93, Consent = 0x94, Bye = 0x95,
}

/// <summary>
/// First byte of what gateway and worker say to each other beside the browser's messages, which pass between them as
/// they are. Each message has its length as u32 before it.
/// </summary>
public enum WorkerMessage : byte
{
    /// <summary>Worker: its sandbox stands and it waits for <see cref="Start"/>.</summary>
    Ready = 0x40,

    /// <summary>Worker: a picture exists, or a new browser is served; everything after it is for that browser.
    /// Width, height u16, then a byte: 1 when the machine takes any character as text.</summary>
    Opened = 0x41,

    /// <summary>Worker: the session is over. <see cref="WorkerEnd"/> as a byte.</summary>
    Over = 0x42,

    /// <summary>Worker: for a viewer. Its number u8, then a message as the browser gets it, or <see cref="Opened"/>.</summary>
    ToViewer = 0x43,
    /// <summary>Worker: a part of a document that the desktop prints. Job u32, <see cref="PrintPiece"/> u8, bytes.</summary>
    Printing = 0x48,

    /// <summary>Gateway: a part of that document as PDF, in the same layout.</summary>
    Printed = 0xC8,

    /// <summary>Gateway: <see cref="WorkerStart"/>.</summary>
    Start = 0xC0,

    /// <summary>Gateway: another browser looks from now on; a Hello without its ticket follows the type byte.</summary>
    Attach = 0xC1,

    /// <summary>Gateway: nobody looks for the moment.</summary>
    Detach = 0xC2,

    /// <summary>Gateway: somebody sees the desktop beside the person from now on. Its number u8, then a Hello without its ticket.</summary>
    ViewerAttach = 0xC3,

    /// <summary>Gateway: a viewer has gone. Its number u8.</summary>
    ViewerDetach = 0xC4,

    /// <summary>Gateway: what a viewer said and may say. Its number u8, then the browser's message.</summary>
    FromViewer = 0xC5,
}

/// <summary>What a message about a printed document carries.</summary>
public enum PrintPiece : byte { Data = 0, End = 1, Failed = 2 }

/// <summary>Why a worker's session is over. The names are the worker's own; the gateway turns them into public reasons.</summary>
public enum WorkerEnd : byte { Ended = 0, NoAnswer = 1, OtherCertificate = 2, SignInRefused = 3, SignedOut = 4, TakenOver = 5, Unsupported = 6, Fault = 7 }

/// <summary>What the browser may do in this desktop; the pool's policy, and what the machine can.</summary>
[Flags]
public enum Allowed : uint
{
    None = 0, PasteIn = 1, CopyOut = 2, Upload = 4, Download = 8, Print = 16, AudioOut = 32, Microphone = 64, Resize = 128, H264 = 256, Text = 512, Avc444 = 1024,

    /// <summary>Somebody else's desktop, and input passes.</summary>
    Control = 32768,
}

/// <summary>What the browser said it can.</summary>
[Flags]
public enum BrowserCapabilities : uint { None = 0, Avc1 = 1, Zstd = 2, AudioOut = 4, Microphone = 8, Touch = 16 }

/// <summary>The operations of a <see cref="ServerMessage.Frame"/>.</summary>
public enum FrameOp : byte { Solid = 0, Lossless = 1, Jpeg = 2, Copy = 3, Cached = 4, H264 = 5, DecoderEnd = 6 }
