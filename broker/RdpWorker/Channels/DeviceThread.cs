using System.Buffers;
using Montalegre.Vdi.Protocol.Devices;
using Montalegre.Vdi.Protocol.Html5;
using Montalegre.Vdi.Protocol.Wire;
using Montalegre.Vdi.RdpWorker.Channels.Drive;

namespace Montalegre.Vdi.RdpWorker.Channels;

/// <summary>Takes bytes for the machine.</summary>
internal delegate void ToMachine(ReadOnlySpan<byte> message);

/// <summary>
/// Serves drive and printer on a thread of its own: reading a disk or waiting for a slow gateway must not stop the picture.
/// </summary>
internal sealed class DeviceThread
{
    private const uint DriveId = 1, PrinterId = 2;
    private const long MostWaiting = 32 * 1024 * 1024;
    private readonly Queue<(byte[] Buffer, int Length)> _waiting = new();
    private readonly List<Device> _devices = [];
    private readonly PortalDrive _drive;
    private readonly Printer _printer;
    private readonly string _clientName;
    private readonly ArrayBufferWriter<byte> _answer = new();
    private long _waitingBytes;
    private bool _isBroken;

    public DeviceThread(string clientName, Allowed allowed, PortalDrive drive, Printer printer)
    {
        (_clientName, _drive, _printer) = (clientName, drive, printer);
        if ((allowed & (Allowed.Upload | Allowed.Download)) != 0) _devices.Add(Device.Drive(DriveId, "Portal"));
        if (allowed.HasFlag(Allowed.Print)) _devices.Add(Device.PostScriptPrinter(PrinterId, "PDF"));
    }

    public void Start(ToMachine send) => new Thread(() => Serve(send)) { IsBackground = true, Name = "devices" }.Start();

    /// <summary>A machine waits for answers; one that sends on and on is not listened to any more.</summary>
    public void Put(ReadOnlySpan<byte> message)
    {
        lock (_waiting)
        {
            if (_isBroken || _waitingBytes + message.Length > MostWaiting)
            {
                _isBroken = true;
                return;
            }
            var rented = ArrayPool<byte>.Shared.Rent(message.Length);
            message.CopyTo(rented);
            _waiting.Enqueue((rented, message.Length));
            _waitingBytes += message.Length;
            Monitor.Pulse(_waiting);
        }
    }

    private void Serve(ToMachine send)
    {
        var channel = new DeviceChannel(_clientName, _devices, m => send(m.Span));
        while (true)
        {
            var (buffer, length) = Next();
            try { Step(channel, buffer.AsSpan(0, length)); }
            catch (WireFormatException)
            {
                // What a machine says wrong is left out; the rest of its session is not worth less.
            }
            finally { ArrayPool<byte>.Shared.Return(buffer); }
        }
    }

    private (byte[] Buffer, int Length) Next()
    {
        lock (_waiting)
        {
            while (_waiting.Count == 0) Monitor.Wait(_waiting);
            var next = _waiting.Dequeue();
            _waitingBytes -= next.Length;
            return next;
        }
    }

    private void Step(DeviceChannel channel, ReadOnlySpan<byte> message)
    {
        switch (channel.Step(message))
        {
            case DeviceEvent.Replied { Device: DriveId, IsAccepted: true }: _drive.Taken(); break;
            case DeviceEvent.Requested request:
                _answer.ResetWrittenCount();
                var body = message[DeviceEvent.Requested.BodyAt..];
                var status = request.Device switch
                {
                    DriveId => _drive.Answer(request.Major, request.Minor, request.File, body, _answer.Write),
                    PrinterId => _printer.Answer(request.Major, request.Minor, request.File, body, _answer.Write),
                    _ => NtStatus.NotSupported,
                };
                if (status != NtStatus.NoAnswer) channel.Complete(request, status, _answer.WrittenSpan);
                break;
        }
    }
}
