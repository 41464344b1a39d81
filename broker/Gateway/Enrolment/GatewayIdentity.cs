using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Montalegre.Vdi.Gateway.Hosting;

namespace Montalegre.Vdi.Gateway.Enrolment;

/// <summary>Who this gateway is to the broker. The key was made here and never leaves; the file is for this user only.</summary>
internal sealed record GatewayIdentity(string GatewayId, Uri Channel, string AuthoritySha256, X509Certificate2 Certificate)
{
    private const string FileName = "identity.json";

    /// <summary>Two thirds of the certificate's life leave a third to find a broker that renews it.</summary>
    public DateTimeOffset RenewAt
    {
        get
        {
            var life = Certificate.NotAfter - Certificate.NotBefore;
            return new DateTimeOffset(Certificate.NotBefore + (life / 3 * 2));
        }
    }

    public static GatewayIdentity? Load(string stateDirectory)
    {
        var path = Path.Combine(stateDirectory, FileName);
        if (!File.Exists(path)) return null;
        var kept = JsonSerializer.Deserialize<Kept>(File.ReadAllText(path))
            ?? throw new InvalidDataException($"{path} is empty; delete it and join again with a new token.");
        return new(kept.GatewayId, new Uri(kept.Channel), kept.AuthoritySha256, X509Certificate2.CreateFromPem(kept.Certificate, kept.Key));
    }

    public void Save(string stateDirectory)
    {
        using var key = Certificate.GetECDsaPrivateKey() ?? throw new InvalidOperationException("The identity has no key.");
        var kept = new Kept(GatewayId, Channel.AbsoluteUri, AuthoritySha256, Certificate.ExportCertificatePem(), key.ExportPkcs8PrivateKeyPem());
        PrivateFile.Write(Path.Combine(stateDirectory, FileName), JsonSerializer.Serialize(kept));
    }

    private sealed record Kept(string GatewayId, string Channel, string AuthoritySha256, string Certificate, string Key);
}
