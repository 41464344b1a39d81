using System.Buffers;
using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;

namespace Montalegre.Vdi.Contracts;

/// <summary>
/// What a machine needs for first contact with its broker. The broker writes it into an SMBIOS type 11 OEM string (or
/// an administrator into a file); the agent reads it. One line of printable ASCII without blank, comma, quote or
/// percent, so that it passes unchanged through libvirt XML, QEMU's option parser and the firmware:
/// <code>montalegre-join;v=1;machine=UUID;enrol=URL;channel=URL;ca=HEX;token=BASE64URL</code>
/// Keys that this version does not know are skipped, so that a newer broker can add some.
/// </summary>
/// <param name="MachineId">The broker's id of the machine; also its SMBIOS system UUID unless the machine is physical.</param>
/// <param name="Enrolment">Where <c>AgentEnrolment</c> listens: TLS without a client certificate.</param>
/// <param name="Channel">Where <c>AgentChannel</c> listens: mutual TLS.</param>
/// <param name="AuthoritySha256">SHA-256 of the installation CA's DER certificate, 64 lower-case hexadecimal digits.</param>
/// <param name="Token">The one-time join token: base64url, without padding, of 32 random bytes.</param>
public sealed record JoinDocument(Guid MachineId, Uri Enrolment, Uri Channel, string AuthoritySha256, string Token)
{
    /// <summary>First characters of every join document; other OEM strings are not ours.</summary>
    public const string Prefix = "montalegre-join;";

    /// <summary>No join document is longer; QEMU passes at most 1024 bytes of one OEM string.</summary>
    public const int LongestText = 900;

    /// <summary>The DNS name in the broker's server certificate, whatever address the machine reaches it by.</summary>
    public const string BrokerServerName = "broker.montalegre.internal";

    private const int LongestUrl = 300;
    private const int TokenBytes = 32;

    /// <summary>A new token: 256 random bits. The broker keeps only <see cref="TokenSha256"/> of it.</summary>
    public static string NewToken() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(TokenBytes));

    /// <summary>What the broker stores and looks a token up by: SHA-256 of its 32 bytes; null if it is not a token.</summary>
    public static byte[]? TokenSha256(string token) =>
        TryDecodeToken(token, out var bytes) ? SHA256.HashData(bytes) : null;

    /// <summary>The document as the one line that <see cref="TryParse"/> reads.</summary>
    /// <exception cref="ArgumentException">A field cannot stand in a join document.</exception>
    public string Format()
    {
        var text = string.Create(
            CultureInfo.InvariantCulture,
            $"{Prefix}v=1;machine={MachineId:D};enrol={Enrolment.AbsoluteUri};channel={Channel.AbsoluteUri};ca={AuthoritySha256};token={Token}");
        if (!TryParse(text, out var parsed, out var problem)) throw new ArgumentException($"This join document cannot be written: {problem}");
        return parsed == this ? text : throw new ArgumentException("This join document would not be read back as it was written.");
    }

    /// <summary>Reads a join document. Never throws; <paramref name="problem"/> names the field, never a value of it.</summary>
    public static bool TryParse(string? text, [NotNullWhen(true)] out JoinDocument? document, [NotNullWhen(false)] out string? problem)
    {
        document = null;
        problem = Read(text, out var fields) ?? Build(fields, out document);
        return problem is null;
    }

    /// <summary>Leaves the token out, so that a logged document shows nothing secret.</summary>
    public override string ToString() => $"join document of machine {MachineId:D} at {Enrolment}";

    private static string? Read(string? text, out Dictionary<string, string> fields)
    {
        fields = new Dictionary<string, string>(StringComparer.Ordinal);
        if (text is null || !text.StartsWith(Prefix, StringComparison.Ordinal)) return $"it does not begin with {Prefix}";
        if (text.Length > LongestText) return $"it is longer than {LongestText} characters";
        foreach (var c in text)
        {
            if (c is <= ' ' or > '~' or ',' or '"' or '\'' or '%' or '<' or '>' or '&') return "it has a character that is not allowed";
        }

        foreach (var part in text[Prefix.Length..].Split(';'))
        {
            var equals = part.IndexOf('=', StringComparison.Ordinal);
            if (equals <= 0) return "it has a part that is not key=value";
            if (!fields.TryAdd(part[..equals], part[(equals + 1)..])) return "it has a key twice";
        }
        return null;
    }

    private static string? Build(Dictionary<string, string> fields, out JoinDocument? document)
    {
        document = null;
        if (fields.GetValueOrDefault("v") != "1") return "v is not 1";
        if (!Guid.TryParseExact(fields.GetValueOrDefault("machine"), "D", out var machine)) return "machine is not a UUID";
        if (!TryUrl(fields.GetValueOrDefault("enrol"), out var enrolment)) return "enrol is not an https URL of a server";
        if (!TryUrl(fields.GetValueOrDefault("channel"), out var channel)) return "channel is not an https URL of a server";
        if (fields.GetValueOrDefault("ca") is not { Length: 64 } authority || !authority.All(char.IsAsciiHexDigitLower)) return "ca is not a SHA-256";
        if (fields.GetValueOrDefault("token") is not { } token || !TryDecodeToken(token, out _)) return "token is not 32 bytes of base64url";
        document = new JoinDocument(machine, enrolment, channel, authority, token);
        return null;
    }

    private static bool TryUrl(string? text, [NotNullWhen(true)] out Uri? url)
    {
        if (text is not { Length: > 0 and <= LongestUrl } || !Uri.TryCreate(text, UriKind.Absolute, out url))
        {
            url = null;
            return false;
        }
        return url.Scheme == Uri.UriSchemeHttps && url.Host.Length > 0 && url.UserInfo.Length == 0 && url.PathAndQuery == "/" && url.Fragment.Length == 0;
    }

    private static bool TryDecodeToken(string token, out byte[] bytes)
    {
        bytes = new byte[TokenBytes];
        // 43 characters carry 258 bits: only the spelling that encodes back is a token, so that one token has one hash.
        return token.Length == 43
            && Base64Url.DecodeFromChars(token, bytes, out _, out var written) == OperationStatus.Done && written == TokenBytes
            && Base64Url.EncodeToString(bytes) == token;
    }
}
