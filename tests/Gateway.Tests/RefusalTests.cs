using Microsoft.Extensions.Time.Testing;
using Montalegre.Vdi.Contracts.Common.V1;
using Montalegre.Vdi.Gateway.Tests.Fakes;
using Montalegre.Vdi.Protocol.Negotiation;

namespace Montalegre.Vdi.Gateway.Tests;

/// <summary>What the door does with those who should not come in.</summary>
public sealed class RefusalTests
{
    [Fact]
    public async Task Unknown_ticket_is_refused_and_reported()
    {
        await using var gateway = await TestGateway.StartAsync(new FakeRedeemer());
        using var client = await RawClient.ConnectAsync(gateway.Address);
        var ticket = FakeRedeemer.Unknown();
        await client.SendAsync(RawClient.Request(ticket));
        Assert.IsType<ConnectionConfirm.Failed>(await client.AnswerAsync());
        Assert.True(await client.IsClosedAsync());
        Assert.Equal(ReasonCode.TicketUnknown, (await gateway.NextReportAsync()).Failed.Code);
        Assert.DoesNotContain(gateway.Log.Lines, l => l.Text.Contains(ticket, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(null, ReasonCode.NoTicket)]
    [InlineData("3640205228.15629.0000", ReasonCode.TicketUnknown)]
    public async Task What_is_not_a_ticket_never_reaches_the_broker(string? token, ReasonCode reason)
    {
        var redeemer = new FakeRedeemer();
        await using var gateway = await TestGateway.StartAsync(redeemer);
        using var client = await RawClient.ConnectAsync(gateway.Address);
        await client.SendAsync(RawClient.Request(token));
        Assert.IsType<ConnectionConfirm.Failed>(await client.AnswerAsync());
        Assert.Equal(reason, (await gateway.NextReportAsync()).Failed.Code);
        Assert.Empty(redeemer.Presented);
    }

    [Fact]
    public async Task Ticket_opens_one_connection_even_for_two_at_once()
    {
        var redeemer = new FakeRedeemer();
        await using var gateway = await TestGateway.StartAsync(redeemer);
        await using var machine = new FakeMachine();
        var ticket = redeemer.NewTicket(machine.Address, machine.CertificateSha256);
        using var one = await RawClient.ConnectAsync(gateway.Address);
        using var other = await RawClient.ConnectAsync(gateway.Address);
        var accepting = machine.AcceptAsync();
        await Task.WhenAll(one.SendAsync(RawClient.Request(ticket)), other.SendAsync(RawClient.Request(ticket)));
        var answers = await Task.WhenAll(one.AnswerAsync(), other.AnswerAsync());
        Assert.Single(answers.OfType<ConnectionConfirm.Accepted>());
        Assert.Equal(ReasonCode.TicketUsed, (await gateway.NextReportAsync()).Failed.Code);
        await (await accepting).Stream.DisposeAsync();
    }

    [Theory]
    [InlineData("\x7F\x45LF")]
    [InlineData("\0\0\0\0\0\0\0\0")]
    [InlineData("\x03\x00\x00\x05")]
    [InlineData("\x03\x00\xFF\xFF")]
    public async Task What_is_not_rdp_is_closed_without_an_answer(string text)
    {
        await using var gateway = await TestGateway.StartAsync(new FakeRedeemer());
        using var client = await RawClient.ConnectAsync(gateway.Address);
        await client.SendAsync([.. text.Select(c => (byte)c)]);
        Assert.True(await client.IsClosedAsync());
        Assert.Equal(ReasonCode.NotRdp, (await gateway.NextReportAsync()).Failed.Code);
    }

    [Theory]
    [InlineData(SecurityProtocols.StandardRdp)]
    [InlineData(SecurityProtocols.Hybrid)]
    public async Task Client_that_refuses_tls_is_told_that_it_is_needed_and_keeps_its_ticket(SecurityProtocols wanted)
    {
        var redeemer = new FakeRedeemer();
        await using var gateway = await TestGateway.StartAsync(redeemer);
        await using var machine = new FakeMachine();
        var ticket = redeemer.NewTicket(machine.Address, machine.CertificateSha256);
        using var client = await RawClient.ConnectAsync(gateway.Address);
        await client.SendAsync(RawClient.Request(ticket, wanted));
        Assert.Equal(new ConnectionConfirm.Failed(NegotiationFailureCode.TlsRequired), await client.AnswerAsync());
        Assert.Equal(ReasonCode.TlsRefused, (await gateway.NextReportAsync()).Failed.Code);
        Assert.Empty(redeemer.Presented);
    }

    [Fact]
    public async Task Client_that_breaks_off_in_tls_is_reported()
    {
        var redeemer = new FakeRedeemer();
        await using var gateway = await TestGateway.StartAsync(redeemer);
        await using var machine = new FakeMachine();
        using var client = await RawClient.ConnectAsync(gateway.Address);
        var accepting = machine.AcceptAsync();
        await client.SendAsync(RawClient.Request(redeemer.NewTicket(machine.Address, machine.CertificateSha256)));
        var (machineEnd, _) = await accepting;
        await client.AnswerAsync();
        await client.SendAsync("this is not a ClientHello");
        Assert.Equal(ReasonCode.TlsRefused, (await gateway.NextReportAsync()).Failed.Code);
        Assert.Equal(0, await machineEnd.ReadAsync(new byte[1]));
    }

    [Fact]
    public async Task Machine_that_never_answers_is_given_up_after_its_deadline()
    {
        var (redeemer, time, deadline) = (new FakeRedeemer(), new FakeTimeProvider(), TimeSpan.FromSeconds(0.3));
        await using var gateway = await TestGateway.StartAsync(redeemer, time, ("Gateway:MachineDeadline", $"{deadline}"));
        await using var machine = new FakeMachine();
        using var client = await RawClient.ConnectAsync(gateway.Address);
        await client.SendAsync(RawClient.Request(redeemer.NewTicket(machine.Address, machine.CertificateSha256)));
        // Each attempt's deadline runs from before it connects.
        using var first = await machine.AcceptSilentlyAsync();
        time.Advance(deadline);
        using var second = await machine.AcceptSilentlyAsync();
        time.Advance(deadline);
        Assert.IsType<ConnectionConfirm.Failed>(await client.AnswerAsync());
        Assert.Equal(ReasonCode.MachineDidNotAnswer, (await gateway.NextReportAsync()).Failed.Code);
    }

    [Fact]
    public async Task Machine_that_resets_once_is_asked_again()
    {
        var redeemer = new FakeRedeemer();
        await using var gateway = await TestGateway.StartAsync(redeemer);
        await using var machine = new FakeMachine();
        using var client = await RawClient.ConnectAsync(gateway.Address);
        await client.SendAsync(RawClient.Request(redeemer.NewTicket(machine.Address, machine.CertificateSha256)));
        (await machine.AcceptSilentlyAsync()).Close(timeout: 0);
        var (stream, _) = await machine.AcceptAsync();
        Assert.IsType<ConnectionConfirm.Accepted>(await client.AnswerAsync());
        await stream.DisposeAsync();
    }

    [Fact]
    public async Task Machine_with_another_certificate_gets_no_secret()
    {
        var redeemer = new FakeRedeemer();
        await using var gateway = await TestGateway.StartAsync(redeemer);
        await using var machine = new FakeMachine();
        using var client = await RawClient.ConnectAsync(gateway.Address);
        await client.SendAsync(RawClient.Request(redeemer.NewTicket(machine.Address, new byte[32])));
        await Assert.ThrowsAnyAsync<Exception>(async () =>
        {
            var (stream, _) = await machine.AcceptAsync();
            if (await stream.ReadAsync(new byte[1]) == 0) throw new IOException("The gateway left.");
        });
        Assert.IsType<ConnectionConfirm.Failed>(await client.AnswerAsync());
        Assert.Equal(ReasonCode.MachineCertificateChanged, (await gateway.NextReportAsync()).Failed.Code);
    }
}
