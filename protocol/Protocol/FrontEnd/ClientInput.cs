using Montalegre.Vdi.Protocol.Wire;

namespace Montalegre.Vdi.Protocol.FrontEnd;

/// <summary>Client Input Event PDU, MS-RDPBCGR 2.2.8.1.1.3: only whether something was pressed; what was typed is nobody's business here.</summary>
internal static class ClientInput
{
    private const ushort ScanCode = 0x0004;
    private const ushort Unicode = 0x0005;
    private const ushort Mouse = 0x8001;
    private const ushort KeyReleased = 0x8000;
    private const ushort ButtonDown = 0x8000;
    private const ushort AnyButton = 0x7000;

    public static bool HasPress(ref WireReader r)
    {
        var count = r.ReadUInt16("numEvents");
        r.ReadUInt16("pad");
        var pressed = false;
        for (var i = 0; i < count; i++)
        {
            r.ReadUInt32("eventTime");
            var type = r.ReadUInt16("messageType");
            var flags = r.ReadUInt16("flags");
            r.ReadBytes(4, "event");
            pressed |= type switch
            {
                ScanCode or Unicode => (flags & KeyReleased) == 0,
                Mouse => (flags & ButtonDown) != 0 && (flags & AnyButton) != 0,
                _ => false,
            };
        }
        return pressed;
    }
}
