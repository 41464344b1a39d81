using System.Diagnostics;
using System.Net.Sockets;
using System.Security.Cryptography;
using Microsoft.Extensions.Time.Testing;
using Montalegre.Vdi.Gateway.Relay;
using Montalegre.Vdi.Gateway.Tests.Fakes;

namespace Montalegre.Vdi.Gateway.Tests;

/// <summary>Clients that take what they can get, or say nothing at all.</summary>
public sealed class AbuseTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Five_thousand_silent_connections_keep_nobody_out_and_are_let_go()
    {
        const int Silent = 5_000;
        const int MostKilobytesEach = 16;
        var time = new FakeTimeProvider();
        var redeemer = new FakeRedeemer();
        await using var gateway = await TestGateway.StartAsync(redeemer, time,
            ("Gateway:Limits:Handshakes", "6000"), ("Gateway:Limits:HandshakesPerAddress", "6000"), ("Gateway:Limits:ConnectionsPerAddress", "6000"), ("Gateway:Limits:ConnectionsPerSecond", "10000"));
        await using var machine = new FakeMachine();
        await OpenOneAsync();

        var before = GC.GetTotalMemory(forceFullCollection: true);
        var strangers = new Socket[Silent];
        for (var i = 0; i < Silent; i++)
        {
            strangers[i] = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            await strangers[i].ConnectAsync(gateway.Address).WaitAsync(Patience);
        }
        // Other tests of this program have their own memory meanwhile, and give it back; the strangers keep theirs.
        var each = 0L;
        Assert.True(await Eventually.IsTrueAsync(() => (each = (GC.GetTotalMemory(forceFullCollection: true) - before) / 1024 / Silent) <= MostKilobytesEach, TimeSpan.FromMinutes(3)),
            $"A silent connection costs {each} KB, its own end included.");
        for (var i = 0; i < 5; i++) await OpenOneAsync();

        var closed = Task.WhenAll(strangers.Select(async s => { using (s) return await s.ReceiveAsync(new byte[1]); }));
        // The clock moves until each of the gateway's timers, started at unknown instants, has seen its deadline pass.
        for (var patience = Stopwatch.StartNew(); !closed.IsCompleted && patience.Elapsed < Patience;)
        {
            time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }
        Assert.All(await closed.WaitAsync(Patience), read => Assert.Equal(0, read));

        async Task OpenOneAsync()
        {
            var (client, _, _, _) = await RawClient.OpenAsync(gateway, machine, redeemer.NewTicket(machine.Address, machine.CertificateSha256));
            client.Dispose();
        }
    }

    [Fact]
    public async Task Client_that_reads_nothing_stops_the_machine_instead_of_filling_the_gateway()
    {
        const int MostUnderWay = 48 << 20;      // what the system itself keeps for the four sockets
        var redeemer = new FakeRedeemer();
        await using var gateway = await TestGateway.StartAsync(redeemer);
        await using var machine = new FakeMachine();
        var (client, clientEnd, machineEnd, _) = await RawClient.OpenAsync(gateway, machine, redeemer.NewTicket(machine.Address, machine.CertificateSha256));
        using var _client = client;
        using var sentHash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var chunk = RandomNumberGenerator.GetBytes(64 * 1024);
        var sent = 0L;
        var writing = Task.CompletedTask;
        while (writing.IsCompletedSuccessfully)
        {
            Assert.True(sent < MostUnderWay, "The gateway takes everything.");
            chunk[(int)(sent % chunk.Length)]++;
            sentHash.AppendData(chunk);
            sent += chunk.Length;
            writing = machineEnd.WriteAsync(chunk.ToArray()).AsTask();
            await Task.WhenAny(writing, Task.Delay(TimeSpan.FromSeconds(1)));
        }

        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[64 * 1024];
        for (var left = sent; left > 0;)
        {
            var read = await clientEnd.ReadAsync(buffer.AsMemory(0, (int)Math.Min(left, buffer.Length))).AsTask().WaitAsync(Patience);
            Assert.NotEqual(0, read);
            hash.AppendData(buffer, 0, read);
            left -= read;
        }
        await writing.WaitAsync(Patience);
        Assert.Equal(sentHash.GetHashAndReset(), hash.GetHashAndReset());
    }

    /// <summary>Its socket is removed from the system without a packet, as if its cable were cut, which takes root.</summary>
    [Fact]
    public async Task Client_that_vanished_without_a_word_is_let_go()
    {
        var redeemer = new FakeRedeemer();
        await using var gateway = await TestGateway.StartAsync(redeemer, null, ("Gateway:ClientSilence", "00:00:06"));
        await using var machine = new FakeMachine();
        var (client, _, machineEnd, _) = await RawClient.OpenAsync(gateway, machine, redeemer.NewTicket(machine.Address, machine.CertificateSha256));
        await gateway.NextReportAsync();
        client.Vanish();
        Assert.Equal(0, await machineEnd.ReadAsync(new byte[1]).AsTask().WaitAsync(Patience));
        Assert.Equal(nameof(RelayEnd.ClientClosed), (await gateway.NextReportAsync()).Closed.End);
    }
}
