using System.Globalization;
using System.Xml.Linq;

namespace Montalegre.Vdi.Broker.Hypervisors;

/// <summary>
/// The metadata element that makes a domain ours. A domain without it, or with another installation's, is never touched,
/// whatever its name. It also carries the newest lease epoch that acted on the domain, so that an older leader is refused.
/// </summary>
internal sealed record MachineMark(Guid Installation, long LeaseEpoch, int Generation)
{
    public const string Prefix = "montalegre";
    public static readonly XNamespace Namespace = "urn:montalegre:vdi:machine:1";

    /// <summary>As it stands in a definition that we write.</summary>
    public XElement ToXml() => new(Namespace + "machine",
        new XAttribute(XNamespace.Xmlns + Prefix, Namespace.NamespaceName), Facts());

    /// <summary>As libvirt wants it for an existing domain: it adds the namespace by itself and refuses one that is there.</summary>
    public XElement ToBareXml() => new("machine", Facts());

    /// <summary>Null for an element that we did not write.</summary>
    public static MachineMark? Read(string? element)
    {
        if (element is null) return null;
        var mark = XElement.Parse(element);
        return Guid.TryParse((string?)mark.Attribute("installation"), out var installation)
            && long.TryParse((string?)mark.Attribute("epoch"), CultureInfo.InvariantCulture, out var epoch)
            && int.TryParse((string?)mark.Attribute("generation"), CultureInfo.InvariantCulture, out var generation)
            ? new MachineMark(installation, epoch, generation)
            : null;
    }

    private XAttribute[] Facts() =>
    [
        new("installation", Installation.ToString("D")),
        new("epoch", LeaseEpoch.ToString(CultureInfo.InvariantCulture)),
        new("generation", Generation.ToString(CultureInfo.InvariantCulture)),
    ];
}
