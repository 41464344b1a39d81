using System.DirectoryServices.Protocols;
using System.Text;

namespace Montalegre.Vdi.Broker.Directories;

/// <summary>Asks a server to go on in TLS: the extended operation of RFC 4511 section 4.14.</summary>
internal static class StartTls
{
    private const int LongestAnswer = 4096;
    private const int ExtendedRequest = 0x77;     // [APPLICATION 23]
    private const int RequestName = 0x80;         // [0]
    private static readonly byte[] Oid = Encoding.ASCII.GetBytes("1.3.6.1.4.1.1466.20037");

    /// <summary>Null when the server agrees, else its result code; everything it sends after that is TLS.</summary>
    public static async Task<int?> AskAsync(Stream stream, CancellationToken ct)
    {
        await stream.WriteAsync(BerConverter.Encode("{it{to}}", 1, ExtendedRequest, RequestName, Oid), ct);
        var received = new byte[LongestAnswer];
        for (var length = 0; length < received.Length;)
        {
            var read = await stream.ReadAsync(received.AsMemory(length), ct);
            if (read == 0) throw new IOException("the server closed the connection when it was asked for StartTLS");
            length += read;
            if (ResultOf(received[..length]) is { } code) return code == 0 ? null : code;
        }
        throw new IOException("the server's answer to StartTLS is too long");
    }

    // Null while the answer is not complete.
    private static int? ResultOf(byte[] answer)
    {
        try { return (int)BerConverter.Decode("{i{eaa}}", answer)[1]; }
        catch (BerConversionException) { return null; }
    }
}
