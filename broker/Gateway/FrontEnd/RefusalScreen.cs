using System.Net;
using Microsoft.Extensions.Options;
using Montalegre.Vdi.Contracts.Common.V1;
using Montalegre.Vdi.Gateway.Hosting;
using Montalegre.Vdi.Gateway.Listening;
using Montalegre.Vdi.Gateway.RdpTcp;
using Montalegre.Vdi.Protocol.Negotiation;
using Montalegre.Vdi.Protocol.Wire;

namespace Montalegre.Vdi.Gateway.FrontEnd;

/// <summary>Shows a refusal on the client's own screen for a while: most clients would only say that "the connection failed".</summary>
internal sealed class RefusalScreen(DoorCertificate certificate, IOptions<GatewayOptions> options, TimeProvider time)
{
    private static readonly TimeSpan Farewell = TimeSpan.FromSeconds(3);

    /// <summary>A key that opened the client must not close the page; what is pressed before a person can have read it does not count.</summary>
    private static readonly TimeSpan Unread = TimeSpan.FromSeconds(1);

    /// <summary>An office behind one address still reads what is the matter when many of its people are refused.</summary>
    private const int ShownPerSource = 16;

    private readonly Places _places = new(options.Value.RefusalsShownAtOnce, ShownPerSource);

    /// <summary>True with a place taken, which <see cref="ShowAsync"/> gives back; false: the client gets a bare failure.</summary>
    public bool TryBegin(NegotiationRequest asked, IPAddress client) =>
        options.Value.RefusalShownFor > TimeSpan.Zero && asked.Requested.HasFlag(SecurityProtocols.Tls) && _places.TryTake(client);

    /// <summary>Takes the client over from its Connection Request to the end of its connection.</summary>
    public async Task ShowAsync(Stream network, NegotiationRequest asked, IPAddress source, ReasonCode code, string reference, CancellationToken stopping)
    {
        try
        {
            using var deadline = new Deadline(options.Value.HandshakeDeadline, time, stopping);
            await using var client = await AcceptAsync(network, asked, deadline.Token);
            using (var typed = await client.ReadSignInAsync(deadline.Token))
            {
                if (typed is null || !await client.ActivateAsync(deadline.Token)) return;
            }
            await ShowAsync(client, code, reference, stopping);
        }
        finally
        {
            _places.Leave(source);
        }
    }

    /// <summary>Shows the refusal to a client that is active already, and ends its connection.</summary>
    public async Task ShowAsync(FrontEndConnection client, ReasonCode code, string reference, CancellationToken stopping)
    {
        using (var end = new Deadline(options.Value.RefusalShownFor, time, stopping))
        {
            try
            {
                await client.ShowAsync(RefusalPages.For(code, reference), end.Token);
                var since = time.GetTimestamp();
                while (await client.PressedAsync(end.Token))
                {
                    if (time.GetElapsedTime(since) >= Unread) break;
                }
            }
            catch (OperationCanceledException) when (end.Passed && !stopping.IsCancellationRequested)
            {
                // Read or not: its time is over.
            }
        }
        using var farewell = new Deadline(Farewell, time, stopping);
        await client.EndAsync(RefusalPages.EndFor(code), farewell.Token);
    }

    /// <summary>Answers a Connection Request in the machine's place and speaks TLS.</summary>
    public async Task<FrontEndConnection> AcceptAsync(Stream network, NegotiationRequest asked, CancellationToken ct)
    {
        const byte extendedClientData = 1;
        var confirm = new byte[ConnectionConfirm.LongestFrame];
        await network.WriteAsync(confirm.AsMemory(0, Write(new ConnectionConfirm.Accepted(extendedClientData, SecurityProtocols.Tls), confirm)), ct);
        var tls = DoorCertificate.Wrap(network);
        try
        {
            await certificate.AuthenticateAsync(tls, ct);
            return new FrontEndConnection(tls, asked.Requested);
        }
        catch
        {
            await tls.DisposeAsync();
            throw;
        }
    }

    private static int Write(ConnectionConfirm confirm, byte[] buffer)
    {
        var w = new WireWriter(buffer, nameof(ConnectionConfirm));
        confirm.Write(ref w);
        return w.Written;
    }
}
