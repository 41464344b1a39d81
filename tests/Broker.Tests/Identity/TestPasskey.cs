using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text.Json.Nodes;

namespace Montalegre.Vdi.Broker.Tests.Identity;

/// <summary>An authenticator and its browser in memory: one ES256 credential (WebAuthn level 3, sections 6.1 and 6.5).</summary>
internal sealed class TestPasskey : IDisposable
{
    public const string Host = "vdi.example.pt";
    public const string Portal = "https://portal.vdi.example.pt";
    public const string Console = "https://console.vdi.example.pt:9443";

    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly byte[] _credential = RandomNumberGenerator.GetBytes(32);
    private string _userHandle = "";

    /// <summary>Raised before each signature; null: an authenticator that does not count.</summary>
    public uint? Counter { get; set; } = 0;

    /// <summary>Whether it knows its owner: a fingerprint or a number.</summary>
    public bool Verifies { get; init; } = true;

    public byte[] Credential => _credential;

    public static (string, string)[] Settings => [("Passkeys:Host", Host), ("Passkeys:Origins:0", Portal), ("Passkeys:Origins:1", Console)];

    /// <summary>What navigator.credentials.create gives for a question.</summary>
    public string Make(string options, string origin = Portal, string? host = null)
    {
        var asked = JsonNode.Parse(options)!;
        _userHandle = asked["user"]!["id"]!.GetValue<string>();
        var point = _key.ExportParameters(false).Q;
        byte[] publicKey = [0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20, .. point.X!, 0x22, 0x58, 0x20, .. point.Y!];
        byte[] data = [.. AuthenticatorData(host, 0x40), .. new byte[16], 0, 32, .. _credential, .. publicKey];
        byte[] attestation = [0xa3, 0x63, .. "fmt"u8, 0x64, .. "none"u8, 0x67, .. "attStmt"u8, 0xa0, 0x68, .. "authData"u8, 0x58, (byte)data.Length, .. data];
        return Answer(new JsonObject
        {
            ["clientDataJSON"] = Base64Url.EncodeToString(ClientData("webauthn.create", asked, origin)),
            ["attestationObject"] = Base64Url.EncodeToString(attestation),
            ["transports"] = new JsonArray("internal"),
        });
    }

    /// <summary>What navigator.credentials.get gives for a question.</summary>
    public string Show(string options, string origin = Portal, string? host = null)
    {
        if (Counter is { } counter) Counter = counter + 1;
        var client = ClientData("webauthn.get", JsonNode.Parse(options)!, origin);
        var data = AuthenticatorData(host, 0);
        return Answer(new JsonObject
        {
            ["clientDataJSON"] = Base64Url.EncodeToString(client),
            ["authenticatorData"] = Base64Url.EncodeToString(data),
            ["signature"] = Base64Url.EncodeToString(_key.SignData([.. data, .. SHA256.HashData(client)], HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence)),
            ["userHandle"] = _userHandle,
        });
    }

    public void Dispose() => _key.Dispose();

    private static byte[] ClientData(string type, JsonNode asked, string origin) => System.Text.Encoding.UTF8.GetBytes(new JsonObject
    {
        ["type"] = type, ["challenge"] = asked["challenge"]!.GetValue<string>(), ["origin"] = origin, ["crossOrigin"] = false,
    }.ToJsonString());

    private byte[] AuthenticatorData(string? host, byte flags)
    {
        var counter = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(counter, Counter ?? 0);
        return [.. SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(host ?? Host)), (byte)(flags | 0x01 | (Verifies ? 0x04 : 0)), .. counter];
    }

    private string Answer(JsonObject response) => new JsonObject
    {
        ["id"] = Base64Url.EncodeToString(_credential), ["rawId"] = Base64Url.EncodeToString(_credential), ["type"] = "public-key",
        ["clientExtensionResults"] = new JsonObject(), ["response"] = response,
    }.ToJsonString();
}
