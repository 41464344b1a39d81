namespace Montalegre.Vdi.Gateway.Hosting;

/// <summary>Section <c>Gateway:Limits</c>: what one source address may do. An IPv6 source is its /64.</summary>
internal sealed class AddressLimitsOptions
{
    private const string Section = $"{GatewayOptions.Section}:Limits";

    /// <summary>Handshakes at once from all addresses together; bounds memory under attack, some 16 KB each. When they are all taken nobody comes in.</summary>
    public int Handshakes { get; set; } = 10_000;

    /// <summary>Handshakes at once from one address. Whole offices sit behind one address, so it is not small.</summary>
    public int HandshakesPerAddress { get; set; } = 64;

    /// <summary>Handshakes and relays at once from one address.</summary>
    public int ConnectionsPerAddress { get; set; } = 2000;

    /// <summary>New connections per second from one address, with bursts of four seconds' worth.</summary>
    public int ConnectionsPerSecond { get; set; } = 50;

    /// <summary>Wrong tickets in a minute from one address; then it has to wait for the minute's end.</summary>
    public int WrongTicketsPerMinute { get; set; } = 30;

    public IEnumerable<string> Problems()
    {
        foreach (var (name, value) in new[]
        {
            (nameof(Handshakes), Handshakes), (nameof(HandshakesPerAddress), HandshakesPerAddress),
            (nameof(ConnectionsPerAddress), ConnectionsPerAddress), (nameof(ConnectionsPerSecond), ConnectionsPerSecond),
            (nameof(WrongTicketsPerMinute), WrongTicketsPerMinute),
        })
        {
            if (value < 1) yield return $"{Section}:{name} is {value}; use 1 or more.";
        }
    }
}
