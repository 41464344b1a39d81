using System.Net;
using System.Net.Sockets;
using Montalegre.Vdi.Contracts.Common.V1;
using Montalegre.Vdi.Gateway.Relay;
using Montalegre.Vdi.Gateway.Tests.Fakes;
using Montalegre.Vdi.Protocol.Tsgu;

namespace Montalegre.Vdi.Gateway.Tests;

/// <summary>Whoever is connected is looked at again from time to time, by the broker and where it is wanted by a proof of the client.</summary>
public sealed class RightsTests : IAsyncDisposable
{
    private const TsguCapabilities Able = TsguCapabilities.Reauthentication;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly FakeRedeemer _redeemer = new();
    private readonly Socket _machine = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private RdgTestGateway _gateway = null!;

    public async ValueTask DisposeAsync()
    {
        _machine.Dispose();
        await _gateway.DisposeAsync();
    }

    [Theory]
    [InlineData(ReasonCode.AccessWithdrawn, TsguCloseReason.PersonNotAllowed, "O seu acesso foi retirado")]
    [InlineData(ReasonCode.NotEntitled, TsguCloseReason.ResourceNotAllowed, "You are not entitled to this desktop")]
    public async Task Disabled_person_is_told_why_the_tunnel_is_closed(ReasonCode code, TsguCloseReason expected, string words)
    {
        await using var client = await OpenAsync(TsguCapabilities.None);
        _redeemer.Withdrawn[(await _gateway.NextReportAsync()).ConnectionId] = code;
        var heard = await client.ClosedAsync();
        Assert.Equal(expected, heard.Code);
        Assert.Contains(words, heard.Words, StringComparison.Ordinal);
        Assert.Equal((code == ReasonCode.NotEntitled ? RelayEnd.NotEntitled : RelayEnd.AccessWithdrawn).ToString(), (await _gateway.NextReportAsync()).Closed.End);
    }

    [Fact]
    public async Task Broker_that_is_away_ends_nobodys_connection()
    {
        await using var client = await OpenAsync(TsguCapabilities.None);
        _redeemer.IsAway = true;
        _redeemer.Withdrawn[(await _gateway.NextReportAsync()).ConnectionId] = ReasonCode.AccessWithdrawn;
        Assert.True(await LoggedAsync("4034"));
        Assert.Equal(1, _gateway.Connections.Count);
    }

    [Fact]
    public async Task Client_that_brings_its_cookie_again_stays()
    {
        await using var client = await OpenAsync(Able, ("Gateway:RdGateway:ProveAgain", "true"));
        var context = await client.AskedForProofAsync();
        await using (var proof = await RdgClient.WebSocketAsync(_gateway.Address))
            Assert.Equal(TsguError.None, await proof.ProveAgainAsync(context, Ticket));
        Assert.True(await LoggedAsync("4035"));
        Assert.Equal(context, await client.AskedForProofAsync());           // and is asked again at the next check
        Assert.Equal(1, _gateway.Connections.Count);
    }

    [Fact]
    public async Task Proof_with_another_cookie_or_for_another_tunnel_is_none_and_a_client_without_one_is_let_go()
    {
        await using var client = await OpenAsync(Able, ("Gateway:RdGateway:ProveAgain", "true"), ("Gateway:RdGateway:Keepalive", "00:00:01"), ("Gateway:RdGateway:ProveWithin", "00:00:05"));
        var context = await client.AskedForProofAsync();
        foreach (var (named, cookie) in new[] { (context, FakeRedeemer.Unknown()), (context ^ 1, Ticket), (0UL, Ticket) })
        {
            await using var proof = await RdgClient.WebSocketAsync(_gateway.Address);
            Assert.Equal(TsguError.CookieDenied, await proof.ProveAgainAsync(named, cookie));
        }
        Assert.Equal((TsguCloseReason.ProofMissing, null), await client.ClosedAsync());
    }

    [Fact]
    public async Task Proof_of_a_person_who_was_disabled_ends_the_tunnel_at_once()
    {
        await using var client = await OpenAsync(Able, ("Gateway:RdGateway:ProveAgain", "true"));
        var connection = (await _gateway.NextReportAsync()).ConnectionId;
        var context = await client.AskedForProofAsync();
        _redeemer.Withdrawn[connection] = ReasonCode.AccessWithdrawn;
        await using var proof = await RdgClient.WebSocketAsync(_gateway.Address);
        Assert.Equal(TsguError.CookieDenied, await proof.ProveAgainAsync(context, Ticket));
        Assert.Equal(TsguCloseReason.PersonNotAllowed, (await client.ClosedAsync()).Code);
    }

    [Fact]
    public async Task Client_that_cannot_prove_itself_is_never_asked()
    {
        await using var unable = await OpenAsync(TsguCapabilities.None, ("Gateway:RdGateway:ProveAgain", "true"));
        var connection = (await _gateway.NextReportAsync()).ConnectionId;
        await using var able = await RdgClient.WebSocketAsync(_gateway.Address);
        Ticket = TicketFor();
        Assert.Equal(TsguError.None, (await able.OpenAsync(Ticket, more: Able)).Channel);
        await able.AskedForProofAsync();                                    // so a check has gone over both
        _redeemer.Withdrawn[connection] = ReasonCode.NotEntitled;
        Assert.Equal(TsguCloseReason.ResourceNotAllowed, (await unable.ClosedAsync(notAsked: true)).Code);
    }

    private string Ticket { get; set; } = "";

    private async Task<RdgClient> OpenAsync(TsguCapabilities more, params (string Key, string Value)[] settings)
    {
        _machine.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _machine.Listen();
        _gateway = await RdgTestGateway.StartAsync(_redeemer, null, [("Gateway:RecheckEvery", "00:00:01"), .. settings]);
        var client = await RdgClient.WebSocketAsync(_gateway.Address);
        Ticket = TicketFor();
        Assert.Equal(TsguError.None, (await client.OpenAsync(Ticket, more: more)).Channel);
        return client;
    }

    private string TicketFor() => _redeemer.NewTicket((IPEndPoint)_machine.LocalEndPoint!, new byte[32], endToEnd: true);

    private Task<bool> LoggedAsync(string id) => Eventually.IsTrueAsync(() => _gateway.Log.Lines.Any(l => l.Text.StartsWith(id, StringComparison.Ordinal)), Patience);
}
