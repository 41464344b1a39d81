namespace Montalegre.Vdi.Protocol.Devices;

/// <summary>How a device request ended, MS-ERREF 2.3; only those a drive or printer of ours answers.</summary>
public enum NtStatus : uint
{
    Success = 0,
    NoMoreFiles = 0x80000006,
    NoSuchFile = 0xC000000F,
    InvalidParameter = 0xC000000D,
    InvalidHandle = 0xC0000008,
    AccessDenied = 0xC0000022,
    ObjectNameInvalid = 0xC0000033,
    ObjectNameCollision = 0xC0000035,
    DiskFull = 0xC000007F,
    InsufficientResources = 0xC000009A,
    FileIsADirectory = 0xC00000BA,
    NotSupported = 0xC00000BB,
    DirectoryNotEmpty = 0xC0000101,
    NotADirectory = 0xC0000103,
    TooManyOpenedFiles = 0xC000011F,
    CannotDelete = 0xC0000121,

    /// <summary>No status: the request is left unanswered, as a directory that is watched and does not change leaves it.</summary>
    NoAnswer = 0xFFFFFFFF,
}
