using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using Google.Protobuf;
using Montalegre.Vdi.Contracts.Common.V1;
using Montalegre.Vdi.Contracts.Gateway.V1;
using Montalegre.Vdi.Gateway.Tests.Desktops;
using Montalegre.Vdi.Gateway.Tests.Fakes;
using Montalegre.Vdi.Protocol.Tsgu;
using Montalegre.Vdi.Rig.Stack;

namespace Montalegre.Vdi.Gateway.Tests;

/// <summary>The gateway as a process of its own, killed with everything open.</summary>
public sealed class KilledGatewayTests : IDisposable
{
    private const int Sessions = 100;
    private const int Tunnels = 20;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly string[] Ready = ["Opening the stream with the broker", "The door is open at"];
    private readonly string _state = Directory.CreateTempSubdirectory("killed-gateway-").FullName;
    private readonly IPEndPoint _address = new(IPAddress.Loopback, LoopbackPorts.Free());
    private readonly ConcurrentDictionary<string, int> _redeemed = new();

    public void Dispose() => Directory.Delete(_state, recursive: true);

    [Fact]
    public async Task Gateway_killed_with_a_hundred_sessions_and_tunnels_leaves_nothing_behind_and_all_come_back_with_their_tickets()
    {
        using var broker = new ScriptedBroker();
        await broker.StartAsync();
        await using var machine = new FakeMachine();
        using var plain = Listen();
        var tickets = Enumerable.Range(0, Sessions + Tunnels).Select(_ => FakeRedeemer.Unknown()).ToArray();
        broker.OnRedeem = request => Grant(request, tickets, machine, (IPEndPoint)plain.LocalEndPoint!);

        var everybody = new List<Open>();
        await using (var gateway = await StartAsync(broker))
        {
            foreach (var ticket in tickets) everybody.Add(await OpenAsync(ticket, tickets, machine, plain));
            var opened = await ReportsAsync(broker, tickets.Length);
            Assert.All(opened, r => Assert.Equal(ConnectionReport.KindOneofCase.Opened, r.KindCase));
            Assert.Equal(tickets.Length, opened.Select(r => r.ConnectionId).Distinct().Count());
        }                                                                   // kill -9

        foreach (var one in everybody)
        {
            Assert.True(await one.ClientIsGoneAsync());
            Assert.True(await one.MachineIsGoneAsync());
        }
        await using (var gateway = await StartAsync(broker))
        {
            Assert.Equal(1, broker.Issued);                                 // the same gateway as before
            var back = new List<Open>();
            foreach (var ticket in tickets) back.Add(await OpenAsync(ticket, tickets, machine, plain));
            // It named nothing of what was lost, so that the broker closes those, and each of these once.
            var again = await ReportsAsync(broker, tickets.Length);
            Assert.All(again, r => Assert.Equal(ConnectionReport.KindOneofCase.Opened, r.KindCase));
            Assert.Equal(tickets.Select((_, i) => Session(i)).Order(), again.Select(r => r.SessionId).Order());
            Assert.All(_redeemed.Values, count => Assert.Equal(2, count));
            foreach (var one in back) await one.PassesAsync();
        }
        await broker.StopAsync();
    }

    private static string Session(int number) => new Guid(number + 1, 0, 0, new byte[8]).ToString();

    private RedeemResponse Grant(RedeemRequest request, string[] tickets, FakeMachine machine, IPEndPoint plain)
    {
        var number = Array.IndexOf(tickets, request.Ticket);
        if (number < 0) return new() { Refused = new() { Code = ReasonCode.TicketUnknown } };
        _redeemed.AddOrUpdate(request.Ticket, 1, (_, before) => before + 1);
        var isTunnel = number >= Sessions;
        return new()
        {
            Target = new()
            {
                SessionId = Session(number), ConnectionId = Guid.NewGuid().ToString(), MachineId = Guid.NewGuid().ToString(), MachineName = FakeRedeemer.MachineName,
                Address = "127.0.0.1", Port = (uint)(isTunnel ? plain.Port : machine.Address.Port), CertificateSha256 = ByteString.CopyFrom(machine.CertificateSha256),
                UserName = "ana", Secret = ByteString.CopyFromUtf8("once-only"), RdgEndToEnd = isTunnel,
            },
        };
    }

    private async Task<OwnProcess> StartAsync(ScriptedBroker broker)
    {
        var token = Path.Combine(_state, "token");
        var shown = broker.Shown.Count;
        if (broker.Issued == 0) await File.WriteAllTextAsync(token, broker.JoinToken + "\n");
        var gateway = OwnProcess.Start("dotnet",
        [
            Path.Combine(AppContext.BaseDirectory, "Montalegre.Vdi.Gateway.dll"), $"--Gateway:RdpListen={_address}", "--Gateway:Name=gateway.test", $"--Gateway:StateDirectory={Path.Combine(_state, "gateway")}",
            $"--Gateway:JoinTokenFile={token}", $"--Gateway:BrokerEnrolment={broker.Address}", $"--Gateway:BrokerChannel={broker.Address}", $"--Gateway:BrokerAuthoritySha256={broker.AuthoritySha256}",
            "--Gateway:Limits:ConnectionsPerSecond=1000", "--Gateway:FirstRequestDeadline=00:03:00", "--Gateway:HandshakeDeadline=00:03:00", "--Gateway:MachineDeadline=00:01:00",
            "--Gateway:BrokerRetryBudget=00:01:00",
        ], ("ASPNETCORE_URLS", "http://127.0.0.1:0"));
        // What opens before the stream with the broker has begun may be told twice.
        Assert.True(await Eventually.IsTrueAsync(
            () => gateway.HasExited || (broker.Shown.Count > shown && Ready.All(line => gateway.Output.Contains(line, StringComparison.Ordinal))), TimeSpan.FromMinutes(3)), gateway.Output);
        Assert.False(gateway.HasExited, gateway.Output);
        return gateway;
    }

    private async Task<Open> OpenAsync(string ticket, string[] tickets, FakeMachine machine, Socket plain)
    {
        if (Array.IndexOf(tickets, ticket) < Sessions)
        {
            var (client, clientEnd, machineEnd, _) = await RawClient.OpenAsync(_address, machine, ticket);
            return new(clientEnd, machineEnd, null, client);
        }
        var tunnel = await RdgClient.WebSocketAsync(_address);
        Assert.Equal(TsguError.None, (await tunnel.OpenAsync(ticket)).Channel);
        return new(tunnel.Out, new NetworkStream(await plain.AcceptAsync(), ownsSocket: true), tunnel, tunnel);
    }

    private static async Task<List<ConnectionReport>> ReportsAsync(ScriptedBroker broker, int count)
    {
        var reports = new List<ConnectionReport>();
        while (reports.Count < count) reports.Add(await broker.NextReportAsync());
        return reports;
    }

    private static Socket Listen()
    {
        var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        return listener;
    }

    /// <summary>Both ends of an open connection.</summary>
    private sealed record Open(SslStream Client, Stream Machine, RdgClient? Tunnel, object Holder)
    {
        public Task<bool> ClientIsGoneAsync() => IsGoneAsync(Client);

        public Task<bool> MachineIsGoneAsync() => IsGoneAsync(Machine);

        public async Task PassesAsync()
        {
            if (Tunnel is null) await Client.WriteAsync("here"u8.ToArray());
            else await Tunnel.SendDataAsync("here"u8.ToArray());
            await Machine.ReadExactlyAsync(new byte[4]).AsTask().WaitAsync(Patience);
        }

        private static async Task<bool> IsGoneAsync(Stream stream)
        {
            try { return await stream.ReadAsync(new byte[1]).AsTask().WaitAsync(Patience) == 0; }
            catch (IOException) { return true; }
        }
    }
}
