namespace Montalegre.Vdi.Protocol.SignIns;

/// <summary>The flags of TS_INFO_PACKET this gateway reads or sets, MS-RDPBCGR 2.2.1.11.1.1.</summary>
[Flags]
public enum InfoFlags : uint
{
    None = 0,
    AutoLogon = 0x0000_0008,
    Unicode = 0x0000_0010,
    RemoteApplication = 0x0000_8000,
    PasswordIsSmartCardPin = 0x0004_0000,
    RemoteApplicationHiDef = 0x0200_0000,
}
