using Montalegre.Vdi.Protocol.Wire;

namespace Montalegre.Vdi.Protocol.FrontEnd;

/// <summary>errorInfo of the Set Error Info PDU, MS-RDPBCGR 2.2.5.1.1: those a gateway has a use for. Clients name them to the person.</summary>
public enum ErrorInfoCode : uint
{
    None = 0,
    IdleTimeout = 0x0003,
    LogonTimeout = 0x0004,
    ServerDeniedConnection = 0x0007,
    ServerInsufficientPrivileges = 0x0009,
    FreshCredentialsRequired = 0x000A,
    BrokerDestinationNotFound = 0x0400,
    BrokerDestinationPoolNotFree = 0x0408,
    BrokerConnectionCancelled = 0x0409,
    BrokerMachineBootTimeout = 0x0411,
    BrokerMachineMonitorFailed = 0x0412,
}

/// <summary>Set Error Info PDU, MS-RDPBCGR 2.2.5.1.</summary>
internal static class ErrorInfo
{
    public static void Write(ref WireWriter w, ErrorInfoCode code)
    {
        var frame = ShareFrame.BeginData(ref w, ShareDataType.ErrorInfo);
        w.WriteUInt32((uint)code);
        frame.End(w);
    }
}
