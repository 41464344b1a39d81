using System.Buffers;
using System.Text;
using Montalegre.Vdi.Gateway.RdGateway;
using Montalegre.Vdi.Protocol.Wire;
using Montalegre.Vdi.Tls;

namespace Montalegre.Vdi.Gateway.Listening;

/// <summary>The answer to somebody who speaks HTTP without TLS: where to go instead.</summary>
internal static class PlainHttp
{
    private const string Words = "Este endereço só fala HTTPS: escreva https:// antes dele.\r\nThis address speaks HTTPS only: write https:// in front of it.\r\n";
    private const int LongestHost = 255;
    private static readonly SearchValues<char> HostCharacters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-:[]");

    /// <param name="redirect">Whether the same address has pages to go to.</param>
    public static async Task AnswerAsync(TcpStream network, bool redirect, CancellationToken ct)
    {
        string? place = null;
        try
        {
            // Read whole before it is answered: closing with bytes unread would reset the connection under the answer.
            var head = await new HeadReader(network, []).ReadAsync(ct);
            if (redirect && head.Method is "GET" or "HEAD" && head["Host"] is { Length: > 0 and <= LongestHost } host && !host.AsSpan().ContainsAnyExcept(HostCharacters))
                place = $"https://{host}{head.Path}";
        }
        catch (WireFormatException)
        {
            // Like HTTP, but broken: the words are the same.
        }
        var body = Encoding.UTF8.GetBytes(Words);
        var answer = $"HTTP/1.1 {(place is null ? "400 Bad Request" : $"307 Temporary Redirect\r\nLocation: {place}")}\r\n"
            + $"Content-Type: text/plain; charset=utf-8\r\nContent-Length: {body.Length}\r\nConnection: close\r\n\r\n";
        await network.WriteAsync((byte[])[.. Encoding.Latin1.GetBytes(answer), .. body], ct);
        network.FinishWriting();
    }
}
