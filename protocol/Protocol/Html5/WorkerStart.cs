using System.Text;
using Montalegre.Vdi.Protocol.SignIns;
using Montalegre.Vdi.Protocol.Wire;

namespace Montalegre.Vdi.Protocol.Html5;

/// <summary>All a worker is told: where it is, as whom, and for which browser. Comes from the gateway, once.</summary>
/// <param name="Secret">UTF-8; empty when the machine asks by itself. Both sides clear it after use.</param>
/// <param name="TimeZone">A <see cref="ClientTimeZone"/> as it is sent, or empty.</param>
public sealed record WorkerStart(
    Allowed Allowed, byte[] CertificateSha256, string UserName, string Domain, byte[] Secret, string ClientName, DriveLimits Drive, byte[] TimeZone, Hello Browser)
{
    /// <summary>What the machine starts in place of the desktop; empty: the desktop.</summary>
    public string Program { get; init; } = "";

    public const int Longest = 4096;
    private const int HashLength = 32;

    public static WorkerStart Read(ReadOnlySpan<byte> message)
    {
        var r = new WireReader(message, nameof(WorkerStart));
        r.Expect((uint)WorkerMessage.Start, r.ReadByte("type"), "type");
        var program = ReadText(ref r, "program");
        return new(
            (Allowed)r.ReadUInt32("allowed"), r.ReadBytes(HashLength, "certificate").ToArray(), ReadText(ref r, "userName"), ReadText(ref r, "domain"),
            r.ReadBytes(r.ReadUInt16("secret"), "secret").ToArray(), ReadText(ref r, "clientName"),
            new DriveLimits((int)r.ReadUInt32("driveSize"), (int)r.ReadUInt32("largestFile")), ReadTimeZone(ref r), Hello.Read(r.Rest)) { Program = program };
    }

    public void Write(ref WireWriter w)
    {
        w.WriteByte((byte)WorkerMessage.Start);
        WriteText(ref w, Program);
        w.WriteUInt32((uint)Allowed);
        w.WriteBytes(CertificateSha256.AsSpan(0, HashLength));
        WriteText(ref w, UserName);
        WriteText(ref w, Domain);
        w.WriteUInt16((ushort)Secret.Length);
        w.WriteBytes(Secret);
        WriteText(ref w, ClientName);
        w.WriteUInt32((uint)Drive.Megabytes);
        w.WriteUInt32((uint)Drive.LargestFileMegabytes);
        w.WriteByte((byte)TimeZone.Length);
        w.WriteBytes(TimeZone);
        Browser.Write(ref w);
    }

    public override string ToString() => $"WorkerStart {{ {Browser} }}";

    private static byte[] ReadTimeZone(ref WireReader r)
    {
        var length = r.ReadByte("timeZone");
        if (length is not (0 or ClientTimeZone.Length)) WireFormatException.Throw(nameof(WorkerStart), "timeZone", $"{length} bytes");
        return r.ReadBytes(length, "timeZone").ToArray();
    }

    private static string ReadText(ref WireReader r, string field) => Encoding.UTF8.GetString(r.ReadBytes(r.ReadUInt16(field), field));

    private static void WriteText(ref WireWriter w, string text)
    {
        var length = w.Take(2);
        var from = w.Written;
        w.WriteBytes(Encoding.UTF8.GetBytes(text));
        System.Buffers.Binary.BinaryPrimitives.WriteUInt16LittleEndian(length, (ushort)(w.Written - from));
    }
}

/// <summary>How much a desktop's drive holds; both in MiB.</summary>
public readonly record struct DriveLimits(int Megabytes, int LargestFileMegabytes);
