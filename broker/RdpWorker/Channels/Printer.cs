using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using Montalegre.Vdi.Protocol.Devices;
using Montalegre.Vdi.Protocol.Html5;
using Montalegre.Vdi.Protocol.Wire;
using Montalegre.Vdi.RdpWorker.Channels.Drive;
using Montalegre.Vdi.RdpWorker.Link;

namespace Montalegre.Vdi.RdpWorker.Channels;

/// <summary>
/// The printer of a desktop: what is printed goes to the gateway piece by piece, which has it made into a PDF elsewhere,
/// and comes back to be offered to the browser.
/// </summary>
internal sealed class Printer(GatewayLink link, PortalDrive drive, DriveWords words, long largest)
{
    private const int MostJobs = 8;
    private const int HeadLength = 8 * 1024;
    private const int Header = 6;                           // type, job, piece
    private static readonly byte[] TitleMark = "%%Title:"u8.ToArray();

    private readonly Lock _gate = new();
    private readonly Dictionary<uint, Job> _jobs = [];
    private uint _next = 1;

    private sealed class Job
    {
        public long Length { get; set; }

        public bool IsOpen { get; set; } = true;

        /// <summary>The beginning, where a PostScript document says its name.</summary>
        public List<byte> Head { get; } = [];

        public Content? Pdf { get; set; }
    }

    /// <summary>Serves the machine: a document is a file that is opened, written and closed, MS-RDPEPC 3.1.</summary>
    public NtStatus Answer(uint major, uint minor, uint file, ReadOnlySpan<byte> body, ReplyBody answer)
    {
        try
        {
            switch (DeviceRequest.From(major, minor, body))
            {
                case DeviceRequest.Create: return Begin(answer);
                case DeviceRequest.Write write: return Write(file, write, body, answer);
                case DeviceRequest.Close: return End(file, answer);
                default:
                    answer([0, 0, 0, 0]);
                    return NtStatus.NotSupported;
            }
        }
        catch (WireFormatException) { return NtStatus.InvalidParameter; }
    }

    /// <summary>A piece of what the gateway made of a job.</summary>
    public void Printed(ReadOnlySpan<byte> message)
    {
        var r = new WireReader(message, nameof(Printed));
        r.Expect((uint)WorkerMessage.Printed, r.ReadByte("type"), "type");
        var (number, piece) = (r.ReadUInt32("job"), (PrintPiece)r.ReadByte("piece"));
        lock (_gate)
        {
            if (!_jobs.TryGetValue(number, out var job) || job.IsOpen) return;
            job.Pdf ??= drive.NewDocument();
            if (piece == PrintPiece.Data && drive.TryAppend(job.Pdf, r.Rest)) return;
            _jobs.Remove(number);
            if (piece == PrintPiece.End) drive.OfferDocument(job.Pdf, NameOf(job));
            else
            {
                drive.Drop(job.Pdf);
                drive.RefuseDocument(NameOf(job));
            }
        }
    }

    private NtStatus Begin(ReplyBody answer)
    {
        lock (_gate)
        {
            if (_jobs.Count >= MostJobs)
            {
                answer([0, 0, 0, 0, 0]);
                return NtStatus.InsufficientResources;
            }
            while (_next == 0 || _jobs.ContainsKey(_next)) _next++;
            _jobs[_next] = new Job();
            Span<byte> reply = stackalloc byte[5];
            reply.Clear();
            BinaryPrimitives.WriteUInt32LittleEndian(reply, _next++);
            answer(reply);
            return NtStatus.Success;
        }
    }

    private NtStatus Write(uint file, DeviceRequest.Write write, ReadOnlySpan<byte> body, ReplyBody answer)
    {
        Span<byte> reply = stackalloc byte[5];
        reply.Clear();
        // The machine waits here when the gateway is slower than it.
        link.WaitForRoom();
        lock (_gate)
        {
            if (!_jobs.TryGetValue(file, out var job) || !job.IsOpen)
            {
                answer(reply);
                return NtStatus.InvalidHandle;
            }
            var data = write.DataOf(body);
            if (job.Length + data.Length > largest)
            {
                answer(reply);
                return NtStatus.DiskFull;
            }
            job.Length += data.Length;
            job.Head.AddRange(data[..Math.Min(data.Length, HeadLength - job.Head.Count)]);
            for (var at = 0; at < data.Length; at += Html5Limits.LongestPrintPiece)
                Send(file, PrintPiece.Data, data.Slice(at, Math.Min(Html5Limits.LongestPrintPiece, data.Length - at)));
            BinaryPrimitives.WriteInt32LittleEndian(reply, data.Length);
            answer(reply);
            return NtStatus.Success;
        }
    }

    private NtStatus End(uint file, ReplyBody answer)
    {
        answer([0, 0, 0, 0, 0]);
        lock (_gate)
        {
            if (!_jobs.TryGetValue(file, out var job) || !job.IsOpen) return NtStatus.InvalidHandle;
            job.IsOpen = false;
            if (job.Length == 0) _jobs.Remove(file);
            else Send(file, PrintPiece.End, []);
            return NtStatus.Success;
        }
    }

    private void Send(uint job, PrintPiece piece, ReadOnlySpan<byte> data)
    {
        var rented = GatewayLink.Rent(Header + data.Length);
        var message = GatewayLink.Body(rented).Span;
        message[0] = (byte)WorkerMessage.Printing;
        BinaryPrimitives.WriteUInt32LittleEndian(message[1..], job);
        message[5] = (byte)piece;
        data.CopyTo(message[Header..]);
        link.Send(rented, Header + data.Length);
    }

    /// <summary>The name a document says of itself (DSC 3.0, %%Title), as a file.</summary>
    private string NameOf(Job job)
    {
        var head = System.Runtime.InteropServices.CollectionsMarshal.AsSpan(job.Head);
        var at = head.IndexOf(TitleMark);
        var title = "";
        if (at >= 0)
        {
            var line = head[(at + TitleMark.Length)..];
            var end = line.IndexOfAny((byte)'\r', (byte)'\n');
            title = Encoding.Latin1.GetString(end < 0 ? line : line[..end]).Trim().Trim('(', ')', '"');
        }
        return FileNames.Clean(title.Length > 80 ? title[..80] : title, words.Document) + ".pdf";
    }
}
