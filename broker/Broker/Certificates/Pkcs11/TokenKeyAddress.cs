using System.Text;
using Montalegre.Vdi.Broker.Hosting;

namespace Montalegre.Vdi.Broker.Certificates.Pkcs11;

/// <summary>Which key of which token, as a key file says it: a PKCS #11 URI, RFC 7512. It names no library and no PIN: those are the configuration's.</summary>
internal sealed record TokenKeyAddress(string Token, string? Serial, string Key)
{
    private const string Scheme = "pkcs11:";

    public static bool IsMeant(string text) => text.StartsWith(Scheme, StringComparison.Ordinal);

    /// <exception cref="StartUpException">The file names no key, or more than a key.</exception>
    public static TokenKeyAddress Parse(string text, string file)
    {
        string? token = null, serial = null, key = null;
        foreach (var part in text[Scheme.Length..].Split(';', StringSplitOptions.RemoveEmptyEntries))
        {
            if (part.Split('=', 2) is not [var name, var written] || written.Length == 0 || part.Contains('?', StringComparison.Ordinal)) throw Wrong(file, part);
            var value = Uri.UnescapeDataString(written);
            switch (name)
            {
                case "token": token = value; break;
                case "serial": serial = value; break;
                case "object": key = value; break;
                case "type" when value is "secret-key": break;
                default: throw Wrong(file, part);
            }
        }
        return token is not null && key is not null ? new(token, serial, key) : throw Wrong(file, token is null ? "token" : "object");
    }

    public override string ToString()
    {
        var text = new StringBuilder(Scheme).Append("token=").Append(Uri.EscapeDataString(Token));
        if (Serial is not null) text.Append(";serial=").Append(Uri.EscapeDataString(Serial));
        return text.Append(";object=").Append(Uri.EscapeDataString(Key)).Append(";type=secret-key").ToString();
    }

    // Of the part only what comes before its value: somebody may have written a PIN.
    private static StartUpException Wrong(string file, string part) =>
        new($"The key file {file} does not name a key of a token (at '{part.Split('=', '?')[0]}'). It must be like pkcs11:token=montalegre;object=montalegre-2;type=secret-key; library and PIN belong into Certificates:Pkcs11.");
}
