using System.DirectoryServices.Protocols;
using System.Text;

namespace Montalegre.Vdi.Broker.Directories;

/// <summary>One entry as a directory answered it; attribute names without regard to case.</summary>
internal sealed class DirectoryEntry
{
    private readonly Dictionary<string, byte[][]> _attributes = new(StringComparer.OrdinalIgnoreCase);

    public DirectoryEntry(SearchResultEntry entry)
    {
        Dn = entry.DistinguishedName;
        foreach (DirectoryAttribute attribute in entry.Attributes.Values)
            _attributes[attribute.Name] = [.. attribute.GetValues(typeof(byte[])).Cast<byte[]>()];
    }

    public string Dn { get; }

    public byte[]? Bytes(string attribute) => _attributes.TryGetValue(attribute, out var values) && values.Length > 0 ? values[0] : null;

    public string Text(string attribute) => Bytes(attribute) is { } value ? Encoding.UTF8.GetString(value) : "";

    public IEnumerable<string> Texts(string attribute) => _attributes.TryGetValue(attribute, out var values) ? values.Select(Encoding.UTF8.GetString) : [];

    public bool Has(string attribute) => _attributes.ContainsKey(attribute);
}
