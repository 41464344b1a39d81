using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.NetworkInformation;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;

namespace Montalegre.Vdi.Broker.Alerts;

/// <summary>
/// Posts one message as JSON over HTTPS. It follows no redirect, reads little of the answer, and does not connect to this
/// machine or to link-local addresses, whatever a name resolves to: the address is checked where the connection is made.
/// </summary>
internal static class SendWebhook
{
    private const int LongestAnswer = 4 * 1024;

    /// <summary>Where the signature is: <c>t=UNIX_SECONDS,v1=HEX</c>, HMAC-SHA256 over <c>UNIX_SECONDS.BODY</c>.</summary>
    public const string SignatureHeader = "X-Montalegre-Signature";

    public static async Task RunAsync(AlertChannelSettings channel, AlertMessage message, TimeSpan patience, bool thisMachine, DateTimeOffset now, CancellationToken ct)
    {
        using var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false, UseProxy = false, UseCookies = false, ConnectTimeout = patience, MaxResponseHeadersLength = 16, AutomaticDecompression = DecompressionMethods.None,
            ConnectCallback = (context, token) => ConnectAsync(context.DnsEndPoint, thisMachine, token),
            SslOptions = new SslClientAuthenticationOptions { CertificateChainPolicy = channel.Trust() },
        };
        using var client = new HttpClient(handler) { Timeout = patience };
        var body = message.Json(channel.Culture, now);
        using var request = new HttpRequestMessage(HttpMethod.Post, channel.Url) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json", "utf-8");
        request.Headers.Add("X-Montalegre-Delivery", message.Id.ToString("D"));
        if (channel.Secret.Length > 0) request.Headers.Add(SignatureHeader, Sign(channel.Secret, now.ToUnixTimeSeconds(), body));
        using var answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, ct);
        if (!answer.IsSuccessStatusCode) throw new HttpRequestException($"it answered {(int)answer.StatusCode}: {await SomeAsync(answer, ct)}");
    }

    public static string Sign(string key, long unixSeconds, ReadOnlySpan<byte> body)
    {
        using var mac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, Encoding.UTF8.GetBytes(key));
        mac.AppendData(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{unixSeconds}.")));
        mac.AppendData(body);
        return string.Create(CultureInfo.InvariantCulture, $"t={unixSeconds},v1={Convert.ToHexStringLower(mac.GetHashAndReset())}");
    }

    private static async ValueTask<Stream> ConnectAsync(DnsEndPoint to, bool thisMachine, CancellationToken ct)
    {
        var addresses = IPAddress.TryParse(to.Host, out var literal) ? [literal] : await Dns.GetHostAddressesAsync(to.Host, ct);
        var allowed = addresses.Where(a => MayBeAsked(a, thisMachine)).ToArray();
        if (allowed.Length == 0) throw new HttpRequestException($"{to.Host} is this machine or a link-local address, where no message is sent");
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(allowed, to.Port, ct);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Addresses inside the house are where receivers are; this machine and link-local ones (metadata of clouds) are not.</summary>
    internal static bool MayBeAsked(IPAddress address, bool thisMachine)
    {
        if (address.IsIPv4MappedToIPv6) address = address.MapToIPv4();
        if (address.IsIPv6LinkLocal || address.IsIPv6Multicast || address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any)) return false;
        if (address.AddressFamily is AddressFamily.InterNetwork && address.GetAddressBytes() is [169, 254, ..] or [>= 224, ..] or [0, ..]) return false;
        return thisMachine || (!IPAddress.IsLoopback(address) && !Own().Contains(address));
    }

    private static IEnumerable<IPAddress> Own() => NetworkInterface.GetAllNetworkInterfaces().SelectMany(i => i.GetIPProperties().UnicastAddresses).Select(a => a.Address);

    private static async Task<string> SomeAsync(HttpResponseMessage answer, CancellationToken ct)
    {
        await using var stream = await answer.Content.ReadAsStreamAsync(ct);
        var bytes = new byte[LongestAnswer];
        var read = await stream.ReadAtLeastAsync(bytes, bytes.Length, throwOnEndOfStream: false, ct);
        return Encoding.UTF8.GetString(bytes, 0, read);
    }
}
