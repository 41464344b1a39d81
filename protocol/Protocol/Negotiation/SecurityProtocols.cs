namespace Montalegre.Vdi.Protocol.Negotiation;

/// <summary>requestedProtocols and selectedProtocol, MS-RDPBCGR 2.2.1.1.1 and 2.2.1.2.1.</summary>
[Flags]
public enum SecurityProtocols : uint
{
    StandardRdp = 0,
    Tls = 0x1,
    Hybrid = 0x2,
    RdsTls = 0x4,
    HybridEx = 0x8,
    RdsAad = 0x10,
}
