using System.Formats.Asn1;
using System.Security.Cryptography.X509Certificates;
using Grpc.Core;

namespace Montalegre.Vdi.Broker.Certificates;

/// <summary>Who may hold a certificate of ours.</summary>
internal enum PeerKind { Machine, Gateway }

/// <summary>The other end of a channel, as its certificate says; checked before a channel service sees a call.</summary>
internal sealed record PeerIdentity(PeerKind Kind, Guid SubjectId, string SerialNumber)
{
    private const string CommonName = "2.5.4.3";
    private const string OrganisationalUnit = "2.5.4.11";

    /// <summary>The checked peer of a call to a channel service.</summary>
    public static PeerIdentity Of(ServerCallContext context) =>
        context.GetHttpContext().Features.Get<PeerIdentity>() ?? throw new InvalidOperationException("This service is not mapped on the channel endpoint.");

    /// <summary>Reads <c>CN=id, OU=machine|gateway</c>; null when the subject is not one that we write.</summary>
    public static PeerIdentity? From(X509Certificate2 certificate)
    {
        string? name = null, unit = null;
        foreach (var part in certificate.SubjectName.EnumerateRelativeDistinguishedNames())
        {
            if (part.HasMultipleElements) return null;
            switch (part.GetSingleElementType().Value)
            {
                case CommonName when name is null: name = part.GetSingleElementValue(); break;
                case OrganisationalUnit when unit is null: unit = part.GetSingleElementValue(); break;
                default: return null;
            }
        }
        if (!Guid.TryParseExact(name, "D", out var subject)) return null;
        return unit switch
        {
            "machine" => new PeerIdentity(PeerKind.Machine, subject, certificate.SerialNumber),
            "gateway" => new PeerIdentity(PeerKind.Gateway, subject, certificate.SerialNumber),
            _ => null,
        };
    }

    /// <summary>The subject that <see cref="From"/> reads.</summary>
    public static X500DistinguishedName Subject(PeerKind kind, Guid subject)
    {
        var name = new X500DistinguishedNameBuilder();
        name.AddCommonName(subject.ToString("D"));
        name.Add(OrganisationalUnit, Storage.SqlText.Of(kind), UniversalTagNumber.UTF8String);
        return name.Build();
    }
}
