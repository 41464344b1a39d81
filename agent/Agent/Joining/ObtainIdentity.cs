using Grpc.Core;
using Microsoft.Extensions.Logging;
using Montalegre.Vdi.Agent.Hosting;
using Montalegre.Vdi.Agent.Registration;
using Montalegre.Vdi.Contracts;

namespace Montalegre.Vdi.Agent.Joining;

/// <summary>Answers with an identity that is worth connecting with: the stored one, or by joining, however long that takes.</summary>
internal sealed class ObtainIdentity(IGuest guest, IdentityStore store, BackOff backOff, AgentOptions options, TimeProvider time, ILogger log)
{
    /// <param name="refused">The identity that the broker has just refused, if any.</param>
    public async Task<Identity> RunAsync(Identity? refused, CancellationToken ct)
    {
        backOff.Reset();
        while (true)
        {
            var document = ReadDocument();
            var stored = store.Load();
            if (stored is not null && IsGood(stored, document, refused)) return Moved(stored, document);
            if (document is null)
            {
                var wait = backOff.Next();
                log.NoJoinDocument(options.JoinFile, wait);
                await Task.Delay(wait, time, ct);
                continue;
            }

            try
            {
                var joined = await JoinBroker.JoinAsync(document, guest.SystemUuid(), ct);
                store.Save(joined);
                log.Joined(joined.MachineId, joined.NotAfter);
                return joined;
            }
            catch (Exception e) when (!ct.IsCancellationRequested)
            {
                var wait = backOff.Next();
                log.JoinRefused(document.Enrolment, BrokerFailure.Sentence(e), wait);
                await Task.Delay(wait, time, ct);
            }
        }
    }

    // A refused or foreign identity is dropped only when a fresh token is at hand; else trying on is all that is left.
    private bool IsGood(Identity stored, JoinDocument? document, Identity? refused)
    {
        if (document is null) return true;
        if (document.AuthoritySha256 != stored.AuthoritySha256) return false;
        if (JoinBroker.TokenHash(document) == stored.TokenSha256) return true;
        return stored.NotAfter > time.GetUtcNow() && refused?.Certificate.Thumbprint != stored.Certificate.Thumbprint;
    }

    // The broker's address may have changed since the machine joined; the newest document knows.
    private static Identity Moved(Identity stored, JoinDocument? document) =>
        document is null || document.Channel == stored.Channel ? stored : stored with { Channel = document.Channel };

    private JoinDocument? ReadDocument()
    {
        foreach (var (source, text) in guest.JoinTexts())
        {
            if (JoinDocument.TryParse(text, out var document, out var problem)) return document;
            log.BadJoinDocument(source, problem);
        }
        return null;
    }
}
