using System.Text;
using Montalegre.Vdi.Protocol.Wire;

namespace Montalegre.Vdi.Protocol.Mcs;

/// <summary>Client Network Data (TS_UD_CS_NET), MS-RDPBCGR 2.2.1.3.4, without its block header: the static virtual channels.</summary>
internal static class ClientNetworkData
{
    private const uint MostChannels = 31;
    private const int NameLength = 8;
    private const int EntryLength = NameLength + 4;
    private const int CountLength = 4;

    /// <summary>The names in lower case, in the client's order. An absent block has none.</summary>
    public static IReadOnlyList<string> Read(ReadOnlySpan<byte> body)
    {
        if (body.IsEmpty) return [];
        var r = new WireReader(body, ConnectInitial.Pdu);
        var count = r.ReadUInt32("channelCount");
        if (count > MostChannels) WireFormatException.Throw(ConnectInitial.Pdu, "channelCount", $"{count} is over {MostChannels}");
        var names = new string[count];
        for (var i = 0; i < names.Length; i++)
        {
            names[i] = Name(r.ReadBytes(NameLength, "channelName"));
            r.ReadUInt32("channelOptions");
        }
        return names;
    }

    /// <summary>
    /// Renames blocked channels to names that no server knows. The number of channels stays, so that the ids which the
    /// machine gives out still fit the client's list; on a channel nobody serves nothing ever happens.
    /// </summary>
    public static void Block(Span<byte> body, IReadOnlySet<string> blocked)
    {
        var names = Read(body);
        for (var i = 0; i < names.Count; i++)
        {
            if (!blocked.Contains(names[i])) continue;
            var name = body.Slice(CountLength + (i * EntryLength), NameLength);
            name.Clear();
            name[0] = (byte)'x';
            name[1] = (byte)('0' + (i / 10));
            name[2] = (byte)('0' + (i % 10));
        }
    }

    private static string Name(ReadOnlySpan<byte> ansi)
    {
        var end = ansi.IndexOf((byte)0);
        return Encoding.Latin1.GetString(end < 0 ? ansi : ansi[..end]).ToLowerInvariant();
    }
}
