using System.Diagnostics.CodeAnalysis;
using System.Text;
using Montalegre.Vdi.Protocol.Wire;

namespace Montalegre.Vdi.Protocol.Http;

/// <summary>Request line and headers of one HTTP/1.1 request, RFC 9112 2 to 5, read strictly: nothing is repaired.</summary>
/// <remarks>Only what an RD Gateway client sends has to be understood, so a header that comes twice is refused.</remarks>
public sealed class RequestHead
{
    /// <summary>Our limit. Authorization headers of Kerberos clients are the longest there are.</summary>
    public const int LongestHead = 16 * 1024;

    private const string Pdu = "RequestHead";
    private const int MostHeaders = 64;
    private static ReadOnlySpan<byte> EndOfHead => "\r\n\r\n"u8;
    private readonly Dictionary<string, string> _headers = new(StringComparer.OrdinalIgnoreCase);

    private RequestHead(string method, string path) => (Method, Path) = (method, path);

    public string Method { get; }

    /// <summary>As it stood there, with the query.</summary>
    public string Path { get; }

    /// <summary>The value of a header; null when it is not there.</summary>
    public string? this[string name] => _headers.GetValueOrDefault(name);

    /// <summary>True when a header that is a list names this, in any case.</summary>
    public bool Names(string header, string token) =>
        this[header] is { } value && value.Split(',').Any(part => part.AsSpan().Trim().Equals(token, StringComparison.OrdinalIgnoreCase));

    /// <summary>True when the head is whole; <paramref name="length"/> is how long it was.</summary>
    public static bool TryRead(ReadOnlySpan<byte> received, [NotNullWhen(true)] out RequestHead? head, out int length)
    {
        head = null;
        length = 0;
        var end = received[..Math.Min(received.Length, LongestHead)].IndexOf(EndOfHead);
        if (end < 0)
        {
            if (received.Length >= LongestHead) WireFormatException.Throw(Pdu, "length", $"is over {LongestHead}");
            return false;
        }
        length = end + EndOfHead.Length;
        var lines = received[..(end + 2)];
        head = ReadRequestLine(TakeLine(ref lines));
        while (lines.Length > 0) head.AddHeader(TakeLine(ref lines));
        return true;
    }

    /// <summary>Headers may hold a password, so the text names the request line only.</summary>
    public override string ToString() => $"{Method} {Path}";

    private static RequestHead ReadRequestLine(string line)
    {
        var parts = line.Split(' ');
        if (parts.Length != 3 || parts[0].Length == 0 || !parts[1].StartsWith('/')) WireFormatException.Throw(Pdu, "requestLine", "is not method, path and version");
        if (parts[2] != "HTTP/1.1") WireFormatException.Throw(Pdu, "version", "is not HTTP/1.1");
        return new(parts[0], parts[1]);
    }

    private void AddHeader(string line)
    {
        var colon = line.IndexOf(':', StringComparison.Ordinal);
        if (colon <= 0 || line.AsSpan(0, colon).ContainsAny(" \t")) WireFormatException.Throw(Pdu, "header", "has no name");
        if (_headers.Count == MostHeaders) WireFormatException.Throw(Pdu, "header", $"comes after {MostHeaders} others");
        if (!_headers.TryAdd(line[..colon], line[(colon + 1)..].Trim(' ', '\t'))) WireFormatException.Throw(Pdu, "header", "is there twice");
    }

    private static string TakeLine(ref ReadOnlySpan<byte> rest)
    {
        var end = rest.IndexOf("\r\n"u8);
        var line = rest[..end];
        rest = rest[(end + 2)..];
        foreach (var b in line)
        {
            if (b is < 0x20 and not (byte)'\t' or 0x7F) WireFormatException.Throw(Pdu, "line", $"holds the control character 0x{b:X2}");
        }
        return Encoding.Latin1.GetString(line);
    }
}
