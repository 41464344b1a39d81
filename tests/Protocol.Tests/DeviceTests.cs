using Montalegre.Vdi.Fuzz.Corpus;
using Montalegre.Vdi.Protocol.Devices;
using Montalegre.Vdi.Protocol.Wire;

namespace Montalegre.Vdi.Protocol.Tests;

/// <summary>The client's side of the device channel, MS-RDPEFS.</summary>
public sealed class DeviceTests
{
    private const ushort ClientIdConfirm = 0x4343, ClientName = 0x434E, ClientCapability = 0x4350, DeviceList = 0x4441, Completion = 0x4943;
    private readonly List<byte[]> _sent = [];
    private readonly DeviceChannel _channel;

    public DeviceTests() => _channel = new("browser", [Device.Drive(1, "Portal"), Device.PostScriptPrinter(2, "PDF")], m => _sent.Add(m.ToArray()));

    private IEnumerable<ushort> Packets => _sent.Select(m => BitConverter.ToUInt16(m, 2));

    [Fact]
    public void Windows_is_told_the_devices_when_the_person_has_signed_in()
    {
        Assert.All(new[] { DeviceSamples.ServerAnnounce, DeviceSamples.ServerCapability, DeviceSamples.ClientIdConfirm }, m => Assert.Null(_channel.Step(m)));
        Assert.Equal([ClientIdConfirm, ClientName, ClientCapability], Packets);
        _channel.Step(DeviceSamples.UserLoggedOn);
        Assert.Equal(DeviceList, Packets.Last());
        Assert.Equal(2, BitConverter.ToInt32(_sent[^1], 4));
        Assert.Equal("Portal"u8.ToArray(), _sent[^1][16..22]);
        _channel.Step(DeviceSamples.UserLoggedOn);
        Assert.Equal(4, _sent.Count);
    }

    [Fact]
    public void Xrdp_which_speaks_of_the_person_before_it_says_what_it_can_is_told_too()
    {
        foreach (var message in new[] { DeviceSamples.ServerAnnounce, DeviceSamples.UserLoggedOn, DeviceSamples.ServerCapability, DeviceSamples.ClientIdConfirm }) _channel.Step(message);
        Assert.Equal([ClientIdConfirm, ClientName, ClientCapability, DeviceList], Packets);
    }

    [Fact]
    public void Server_that_starts_anew_is_told_anew()
    {
        for (var round = 0; round < 2; round++)
            foreach (var message in new[] { DeviceSamples.ServerAnnounce, DeviceSamples.ServerCapability, DeviceSamples.ClientIdConfirm, DeviceSamples.UserLoggedOn }) _channel.Step(message);
        Assert.Equal(2, Packets.Count(p => p == DeviceList));
    }

    [Fact]
    public void Request_is_read_and_answered_under_its_number()
    {
        var request = Assert.IsType<DeviceEvent.Requested>(_channel.Step(DeviceSamples.Request));
        Assert.Equal((1u, 5u, 0u), (request.Device, request.Completion, request.Major));
        var create = Assert.IsType<DeviceRequest.Create>(DeviceRequest.From(request.Major, request.Minor, DeviceSamples.Request.AsSpan(DeviceEvent.Requested.BodyAt)));
        Assert.Equal("\\a", create.Path);
        _channel.Complete(request, NtStatus.NoSuchFile, [0, 0, 0, 0, 0]);
        Assert.Equal(Completion, Packets.Single());
        Assert.Equal([1, 0, 0, 0, 5, 0, 0, 0, 0x0F, 0, 0, 0xC0, 0, 0, 0, 0, 0], _sent[0][4..]);
    }

    [Fact]
    public void Reply_says_whether_the_machine_took_the_device()
    {
        Assert.Equal(new DeviceEvent.Replied(1, true), _channel.Step(DeviceSamples.DeviceReply));
        byte[] refused = [.. DeviceSamples.DeviceReply[..8], 0xBB, 0x00, 0x00, 0xC0];
        Assert.Equal(new DeviceEvent.Replied(1, false), _channel.Step(refused));
    }

    [Fact]
    public void Every_truncation_of_a_message_is_refused()
    {
        foreach (var message in new[] { DeviceSamples.ServerAnnounce, DeviceSamples.ServerCapability, DeviceSamples.ClientIdConfirm, DeviceSamples.DeviceReply, DeviceSamples.Request[..24] })
            for (var length = 0; length < message.Length; length++)
                Assert.Throws<WireFormatException>(() => _channel.Step(message.AsSpan(0, length)));
    }

    [Fact]
    public void Write_longer_than_its_data_is_refused() =>
        Assert.Throws<WireFormatException>(() => DeviceRequest.From(4, 0, [3, 0, 0, 0, .. new byte[28], 1, 2]));
}
