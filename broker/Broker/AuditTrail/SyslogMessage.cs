using System.Buffers;
using System.Globalization;
using System.Text;

namespace Montalegre.Vdi.Broker.AuditTrail;

/// <summary>One line of an audit export as a syslog message (RFC 5424) in an octet-counted frame (RFC 5425 4.3).</summary>
internal static class SyslogMessage
{
    private const int LogAudit = 13;         // RFC 5424 6.2.1: facility "log audit"
    private const int Informational = 6;
    private const int LongestName = 32;      // MSGID

    /// <param name="name">What kind of line it is: an action, or batch. Printable ASCII; other characters become a question mark.</param>
    /// <param name="line">JSON of the export, which verifies itself; UTF-8 without a byte order mark, as MSG-ANY.</param>
    public static void Write(IBufferWriter<byte> frame, DateTimeOffset at, string host, string name, string line)
    {
        var header = string.Create(CultureInfo.InvariantCulture, $"<{LogAudit * 8 + Informational}>1 {at.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'} {Printable(host, 255)} montalegre-vdi {Environment.ProcessId} {Printable(name, LongestName)} - ");
        Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{header.Length + Encoding.UTF8.GetByteCount(line)} "), frame);
        Encoding.ASCII.GetBytes(header, frame);
        Encoding.UTF8.GetBytes(line, frame);
    }

    private static string Printable(string text, int longest)
    {
        var kept = new string([.. text.Take(longest).Select(letter => letter is > ' ' and <= '~' ? letter : '?')]);
        return kept.Length == 0 ? "-" : kept;
    }
}
