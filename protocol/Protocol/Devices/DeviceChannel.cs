using System.Text;
using Montalegre.Vdi.Protocol.Wire;

namespace Montalegre.Vdi.Protocol.Devices;

/// <summary>A device that is offered to a machine, DEVICE_ANNOUNCE of MS-RDPEFS 2.2.1.3.</summary>
/// <param name="DosName">ASCII, at most seven letters.</param>
public sealed record Device(DeviceKind Kind, uint Id, string DosName, byte[] Data)
{
    private const uint DefaultPrinter = 2;

    public static Device Drive(uint id, string name) => new(DeviceKind.FileSystem, id, name, Utf16(name));

    /// <summary>A printer whose driver, which every Windows has, makes PostScript. DR_PRN_DEVICE_ANNOUNCE, MS-RDPEPC 2.2.2.1.</summary>
    public static Device PostScriptPrinter(uint id, string name)
    {
        var (driver, title) = (Utf16("MS Publisher Imagesetter"), Utf16(name));
        var w = new WireWriter(new byte[24 + driver.Length + title.Length], nameof(PostScriptPrinter));
        w.WriteUInt32(DefaultPrinter);
        w.WriteUInt32(0);                                   // CodePage
        w.WriteUInt32(0);                                   // PnPNameLen
        w.WriteUInt32((uint)driver.Length);
        w.WriteUInt32((uint)title.Length);
        w.WriteUInt32(0);                                   // CachedFieldsLen
        w.WriteBytes(driver);
        w.WriteBytes(title);
        return new(DeviceKind.Printer, id, "PRN1", w.WrittenSpan.ToArray());
    }

    private static byte[] Utf16(string text) => Encoding.Unicode.GetBytes(text + '\0');
}

/// <summary>DeviceType of DEVICE_ANNOUNCE.</summary>
public enum DeviceKind : uint { Printer = 4, FileSystem = 8 }

/// <summary>What a message of the machine asks for, beyond what <see cref="DeviceChannel"/> answers by itself.</summary>
public abstract record DeviceEvent
{
    private DeviceEvent() { }

    /// <summary>The machine answered the announcement of a device.</summary>
    public sealed record Replied(uint Device, bool IsAccepted) : DeviceEvent;

    /// <summary>DR_DEVICE_IOREQUEST 2.2.1.4; its body is the rest of the message.</summary>
    public sealed record Requested(uint Device, uint File, uint Completion, uint Major, uint Minor) : DeviceEvent
    {
        public const int BodyAt = 4 + 20;
    }
}

/// <summary>
/// The client's side of the device channel, MS-RDPEFS 3.2.5: it introduces itself, and announces devices once the machine
/// says that the person is there.
/// </summary>
/// <remarks>xrdp 0.9 says so before its capabilities, Windows after; a server that says it never is not waited for.</remarks>
public sealed class DeviceChannel(string clientName, IReadOnlyList<Device> devices, Action<ReadOnlyMemory<byte>> send)
{
    private const ushort Core = 0x4472;
    private const ushort ServerAnnounce = 0x496E, ClientIdConfirm = 0x4343, ClientName = 0x434E, ServerCapability = 0x5350, ClientCapability = 0x4350;
    private const ushort UserLoggedOn = 0x554C, DeviceListAnnounce = 0x4441, DeviceReply = 0x6472, IoRequest = 0x4952, IoCompletion = 0x4943;
    private const ushort Major = 1, Minor = 0x000C, MinorWithoutLogon = 5;
    private const uint LoggedOnPdu = 4;
    private const ushort GeneralCapability = 1, PrinterCapability = 2, DriveCapability = 4;
    private const int MostCapabilities = 16;
    private const int AnswerHeader = 16;

    private uint _clientId;
    private bool _isConfirmed;
    private bool _isLoggedOn;
    private bool _isAnnounced;
    private bool _saysLogon = true;

    public DeviceEvent? Step(ReadOnlySpan<byte> message)
    {
        var r = new WireReader(message, nameof(DeviceChannel));
        // Printers have messages of their own, about settings that we keep nowhere.
        if (r.ReadUInt16("component") != Core) return null;
        switch (r.ReadUInt16("packet"))
        {
            case ServerAnnounce:
                var (_, minor) = (r.ReadUInt16("versionMajor"), r.ReadUInt16("versionMinor"));
                _clientId = r.ReadUInt32("clientId");
                (_isConfirmed, _isLoggedOn, _isAnnounced) = (false, false, false);
                Introduce(Math.Min(minor, Minor));
                return null;
            case ServerCapability:
                ReadCapabilities(ref r);
                Send(ClientCapability, Capabilities);
                return null;
            case ClientIdConfirm:
                _ = r.ReadUInt16("versionMajor");
                if (r.ReadUInt16("versionMinor") == MinorWithoutLogon) _saysLogon = false;
                _clientId = r.ReadUInt32("clientId");
                _isConfirmed = true;
                Announce();
                return null;
            case UserLoggedOn:
                _isLoggedOn = true;
                Announce();
                return null;
            case DeviceReply: return new DeviceEvent.Replied(r.ReadUInt32("device"), r.ReadUInt32("result") == (uint)NtStatus.Success);
            case IoRequest:
                return new DeviceEvent.Requested(r.ReadUInt32("device"), r.ReadUInt32("file"), r.ReadUInt32("completion"), r.ReadUInt32("major"), r.ReadUInt32("minor"));
            default: return null;
        }
    }

    /// <summary>Sends the answer to a request, DR_DEVICE_IOCOMPLETION 2.2.1.5.</summary>
    public void Complete(DeviceEvent.Requested request, NtStatus status, ReadOnlySpan<byte> body)
    {
        var w = new WireWriter(new byte[AnswerHeader + body.Length], nameof(IoCompletion));
        w.WriteUInt16(Core);
        w.WriteUInt16(IoCompletion);
        w.WriteUInt32(request.Device);
        w.WriteUInt32(request.Completion);
        w.WriteUInt32((uint)status);
        w.WriteBytes(body);
        send(w.WrittenSpan.ToArray());
    }

    private void Introduce(ushort minor)
    {
        Span<byte> version = stackalloc byte[8];
        var w = new WireWriter(version, nameof(ServerAnnounce));
        w.WriteUInt16(Major);
        w.WriteUInt16(minor);
        w.WriteUInt32(_clientId);
        Send(ClientIdConfirm, version);

        var name = Encoding.Unicode.GetBytes(clientName + '\0');
        var body = new WireWriter(new byte[12 + name.Length], nameof(ClientName));
        body.WriteUInt32(1);                                // UnicodeFlag
        body.WriteUInt32(0);                                // CodePage
        body.WriteUInt32((uint)name.Length);
        body.WriteBytes(name);
        Send(ClientName, body.WrittenSpan);
    }

    private void ReadCapabilities(ref WireReader r)
    {
        var count = Math.Min((int)r.ReadUInt16("count"), MostCapabilities);
        _ = r.ReadUInt16("padding");
        for (var i = 0; i < count; i++)
        {
            var (kind, length) = (r.ReadUInt16("capability"), r.ReadUInt16("capabilityLength"));
            if (length < 8) WireFormatException.Throw(nameof(DeviceChannel), "capabilityLength", $"is {length}");
            var body = new WireReader(r.ReadBytes(length - 4, "capability"), nameof(GeneralCapability));
            if (kind != GeneralCapability || body.Left < 4 + 24) continue;
            _ = body.ReadBytes(4 + 20, "version, system, codes");
            if ((body.ReadUInt32("extendedPdu") & LoggedOnPdu) == 0) _saysLogon = false;
        }
    }

    private void Announce()
    {
        if (_isAnnounced || !_isConfirmed || (_saysLogon && !_isLoggedOn)) return;
        _isAnnounced = true;
        var w = new WireWriter(new byte[4 + devices.Sum(d => 20 + d.Data.Length)], nameof(DeviceListAnnounce));
        w.WriteUInt32((uint)devices.Count);
        foreach (var device in devices)
        {
            w.WriteUInt32((uint)device.Kind);
            w.WriteUInt32(device.Id);
            var dosName = w.Take(8);
            dosName.Clear();
            Encoding.ASCII.GetBytes(device.DosName, dosName);
            w.WriteUInt32((uint)device.Data.Length);
            w.WriteBytes(device.Data);
        }
        Send(DeviceListAnnounce, w.WrittenSpan);
    }

    /// <summary>DR_CORE_CAPABILITY_RSP 2.2.2.8: general, printer and drive.</summary>
    private static byte[] Capabilities
    {
        get
        {
            var w = new WireWriter(new byte[4 + 44 + 8 + 8], nameof(ClientCapability));
            w.WriteUInt16(3);
            w.WriteUInt16(0);
            Head(ref w, GeneralCapability, 44, 2);
            w.WriteUInt32(0);                               // osType
            w.WriteUInt32(0);                               // osVersion
            w.WriteUInt16(Major);
            w.WriteUInt16(Minor);
            w.WriteUInt32(0xFFFF);                          // ioCode1: every request
            w.WriteUInt32(0);
            w.WriteUInt32(1 | 2 | LoggedOnPdu);             // device removal, display name, logon
            w.WriteUInt32(1);                               // ENABLE_ASYNCIO
            w.WriteUInt32(0);
            w.WriteUInt32(0);                               // special devices
            Head(ref w, PrinterCapability, 8, 1);
            Head(ref w, DriveCapability, 8, 2);
            return w.WrittenSpan.ToArray();
        }
    }

    private static void Head(ref WireWriter w, ushort kind, ushort length, uint version)
    {
        w.WriteUInt16(kind);
        w.WriteUInt16(length);
        w.WriteUInt32(version);
    }

    private void Send(ushort packet, ReadOnlySpan<byte> body)
    {
        var w = new WireWriter(new byte[4 + body.Length], nameof(DeviceChannel));
        w.WriteUInt16(Core);
        w.WriteUInt16(packet);
        w.WriteBytes(body);
        send(w.WrittenSpan.ToArray());
    }
}
