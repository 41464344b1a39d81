using Montalegre.Vdi.Fuzz.Corpus;
using Montalegre.Vdi.Protocol.Negotiation;
using Montalegre.Vdi.Protocol.Wire;

namespace Montalegre.Vdi.Protocol.Tests;

public sealed class NegotiationTests
{
    [Fact]
    public void Request_with_routing_token_gives_the_ticket()
    {
        var request = ConnectionRequest.Read(Samples.ConnectionRequestWithTicket);
        Assert.Equal(Samples.Ticket, request.RoutingToken);
        Assert.Null(request.UserName);
        Assert.Equal(new NegotiationRequest(0, SecurityProtocols.Tls | SecurityProtocols.Hybrid), request.Negotiation);
    }

    [Fact]
    public void Request_with_user_name_keeps_its_correlation_info()
    {
        var request = ConnectionRequest.Read(Samples.ConnectionRequestWithUserName);
        Assert.Null(request.RoutingToken);
        Assert.Equal("maria.sil", request.UserName);
        Assert.Equal(36, request.CorrelationInfo.Length);
        Assert.Equal(NegotiationRequest.CorrelationInfoPresent, request.Negotiation!.Value.Flags);
    }

    [Fact]
    public void Requests_are_written_as_they_were_read()
    {
        Assert.Equal(Samples.ConnectionRequestWithTicket, Written(ConnectionRequest.Read(Samples.ConnectionRequestWithTicket)));
        Assert.Equal(Samples.ConnectionRequestWithUserName, Written(ConnectionRequest.Read(Samples.ConnectionRequestWithUserName)));
    }

    [Fact]
    public void Request_without_cookie_carries_protocols_and_correlation_on()
    {
        var request = ConnectionRequest.Read(Samples.ConnectionRequestWithUserName) with { UserName = null };
        var again = ConnectionRequest.Read(Written(request));
        Assert.Null(again.UserName);
        Assert.Equal(request.Negotiation, again.Negotiation);
        Assert.True(request.CorrelationInfo.Span.SequenceEqual(again.CorrelationInfo.Span));
    }

    [Fact]
    public void Text_of_a_request_does_not_show_the_ticket() =>
        Assert.DoesNotContain(Samples.Ticket, ConnectionRequest.Read(Samples.ConnectionRequestWithTicket).ToString(), StringComparison.Ordinal);

    [Fact]
    public void Every_truncation_of_a_request_is_refused()
    {
        foreach (var whole in new[] { Samples.ConnectionRequestWithTicket, Samples.ConnectionRequestWithUserName })
        {
            for (var length = 0; length < whole.Length; length++)
                Assert.Throws<WireFormatException>(() => ConnectionRequest.Read(whole.AsSpan(0, length)));
        }
    }

    [Fact]
    public void Preconnection_blob_is_read_in_both_versions_and_refused_when_it_lies()
    {
        Assert.Equal(new PreconnectionBlob(7, "ticket"), PreconnectionBlob.Read(Samples.PreconnectionBlob));
        Assert.Equal(Samples.PreconnectionBlob.Length, PreconnectionBlob.ReadLength(Samples.PreconnectionBlob));
        Assert.DoesNotContain("ticket", PreconnectionBlob.Read(Samples.PreconnectionBlob).ToString(), StringComparison.Ordinal);
        byte[] first = [0x10, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 9, 0, 0, 0];
        Assert.Equal(new PreconnectionBlob(9, null), PreconnectionBlob.Read(first));
        for (var length = 0; length < Samples.PreconnectionBlob.Length; length++)
            Assert.Throws<WireFormatException>(() => PreconnectionBlob.Read(Samples.PreconnectionBlob.AsSpan(0, length)));
        Assert.Throws<WireFormatException>(() => PreconnectionBlob.ReadLength([0x01, 0x04, 0, 0]));
        Assert.Throws<WireFormatException>(() => PreconnectionBlob.ReadLength([0x0F, 0, 0, 0]));
    }

    [Fact]
    public void Request_with_a_byte_too_many_is_refused() =>
        Assert.Throws<WireFormatException>(() => ConnectionRequest.Read([.. Samples.ConnectionRequestWithTicket, 0x00]));

    [Fact]
    public void Cookie_without_end_is_refused()
    {
        var endless = Samples.ConnectionRequestWithTicket;
        endless[Array.IndexOf(endless, (byte)'\r')] = (byte)'x';
        Assert.Throws<WireFormatException>(() => ConnectionRequest.Read(endless));
    }

    [Fact]
    public void Answers_are_written_as_they_were_read()
    {
        Assert.Equal(new ConnectionConfirm.Accepted(1, SecurityProtocols.Tls), ConnectionConfirm.Read(Samples.ConnectionConfirmTls));
        Assert.Equal(new ConnectionConfirm.Failed(NegotiationFailureCode.HybridRequired), ConnectionConfirm.Read(Samples.ConnectionConfirmFailed));
        Assert.Equal(Samples.ConnectionConfirmTls, Written(ConnectionConfirm.Read(Samples.ConnectionConfirmTls)));
        Assert.Equal(Samples.ConnectionConfirmFailed, Written(ConnectionConfirm.Read(Samples.ConnectionConfirmFailed)));
        Assert.IsType<ConnectionConfirm.WithoutNegotiation>(ConnectionConfirm.Read(Written(new ConnectionConfirm.WithoutNegotiation())));
    }

    [Fact]
    public void Every_truncation_of_an_answer_is_refused()
    {
        for (var length = 0; length < Samples.ConnectionConfirmTls.Length; length++)
            Assert.Throws<WireFormatException>(() => ConnectionConfirm.Read(Samples.ConnectionConfirmTls.AsSpan(0, length)));
    }

    private static byte[] Written(ConnectionRequest request)
    {
        var w = new WireWriter(new byte[ConnectionRequest.LongestFrame], "Test");
        request.Write(ref w);
        return w.WrittenSpan.ToArray();
    }

    private static byte[] Written(ConnectionConfirm confirm)
    {
        var w = new WireWriter(new byte[ConnectionConfirm.LongestFrame], "Test");
        confirm.Write(ref w);
        return w.WrittenSpan.ToArray();
    }
}
