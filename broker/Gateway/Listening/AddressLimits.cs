using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.Extensions.Options;
using Montalegre.Vdi.Gateway.Hosting;

namespace Montalegre.Vdi.Gateway.Listening;

/// <summary>Decides, before anything is allocated for a connection, whether its source address may have one more.</summary>
internal sealed class AddressLimits(IOptions<GatewayOptions> options, TimeProvider time)
{
    private const int BurstSeconds = 4;
    private const int MostAddresses = 100_000;
    private static readonly TimeSpan TicketWindow = TimeSpan.FromMinutes(1);

    private readonly AddressLimitsOptions _limits = options.Value.Limits;
    private readonly Dictionary<UInt128, Source> _sources = [];
    private readonly Lock _gate = new();
    private int _handshakes;

    public enum Entry { Allowed, TooManyAtOnce, TooFast, TooManyWrongTickets }

    /// <summary>Counts a connection in when allowed; the caller then says <see cref="HandshakeOver"/> once and <see cref="Leave"/> once.</summary>
    public Entry TryEnter(IPAddress address) => TryEnter(address, handshakes: 1);

    /// <summary>For somebody who has signed in already: no stranger, so no handshake is counted. A whole office may come back at once. Ends by <see cref="Leave"/>.</summary>
    public Entry TryEnterKnown(IPAddress address) => TryEnter(address, handshakes: 0);

    private Entry TryEnter(IPAddress address, int handshakes)
    {
        var key = KeyOf(address);
        var now = time.GetTimestamp();
        lock (_gate)
        {
            if (_handshakes + handshakes > _limits.Handshakes) return Entry.TooManyAtOnce;
            if (_sources.Count >= MostAddresses && !_sources.ContainsKey(key) && !Forget(now)) return Entry.TooManyAtOnce;
            ref var source = ref CollectionsMarshal.GetValueRefOrAddDefault(_sources, key, out var known);
            if (!known) source = new Source { Tokens = Burst, At = now, TicketsSince = now };
            Refill(ref source, now);
            if (source.WrongTickets > _limits.WrongTicketsPerMinute) return Entry.TooManyWrongTickets;
            if (source.Handshakes + handshakes > _limits.HandshakesPerAddress || source.Connections >= _limits.ConnectionsPerAddress) return Entry.TooManyAtOnce;
            if (source.Tokens < 1) return Entry.TooFast;
            source.Tokens--;
            source.Handshakes += handshakes;
            source.Connections++;
            _handshakes += handshakes;
            return Entry.Allowed;
        }
    }

    /// <summary>The connection became a relay, or is about to leave.</summary>
    public void HandshakeOver(IPAddress address)
    {
        lock (_gate)
        {
            CollectionsMarshal.GetValueRefOrNullRef(_sources, KeyOf(address)).Handshakes--;
            _handshakes--;
        }
    }

    public void Leave(IPAddress address)
    {
        lock (_gate) CollectionsMarshal.GetValueRefOrNullRef(_sources, KeyOf(address)).Connections--;
    }

    /// <summary>True exactly when this wrong ticket is the one that trips the limit, so that it is told once.</summary>
    public bool CountWrongTicket(IPAddress address)
    {
        lock (_gate)
        {
            ref var source = ref CollectionsMarshal.GetValueRefOrNullRef(_sources, KeyOf(address));
            return ++source.WrongTickets == _limits.WrongTicketsPerMinute + 1;
        }
    }

    private double Burst => (double)_limits.ConnectionsPerSecond * BurstSeconds;

    private void Refill(ref Source source, long now)
    {
        var passed = time.GetElapsedTime(source.At, now).TotalSeconds;
        source.Tokens = Math.Min(Burst, source.Tokens + (passed * _limits.ConnectionsPerSecond));
        source.At = now;
        if (time.GetElapsedTime(source.TicketsSince, now) < TicketWindow) return;
        source.WrongTickets = 0;
        source.TicketsSince = now;
    }

    /// <summary>Drops sources about which nothing needs to be remembered; false when every one is in use.</summary>
    private bool Forget(long now)
    {
        var quiet = _sources
            .Where(s => s.Value.Connections == 0 && time.GetElapsedTime(s.Value.At, now) > TicketWindow)
            .Select(s => s.Key).ToList();
        foreach (var key in quiet) _sources.Remove(key);
        return quiet.Count > 0;
    }

    /// <summary>What counts as one source.</summary>
    internal static UInt128 KeyOf(IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        address.MapToIPv6().TryWriteBytes(bytes, out _);
        // One IPv6 customer owns a /64; counting single addresses would limit nobody.
        if (address is { AddressFamily: AddressFamily.InterNetworkV6, IsIPv4MappedToIPv6: false }) bytes[8..].Clear();
        return MemoryMarshal.Read<UInt128>(bytes);
    }

    private record struct Source
    {
        public int Handshakes;
        public int Connections;
        public int WrongTickets;
        public double Tokens;
        public long At;
        public long TicketsSince;
    }
}
