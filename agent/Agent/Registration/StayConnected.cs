using Microsoft.Extensions.Logging;
using Montalegre.Vdi.Agent.Hosting;
using Montalegre.Vdi.Agent.Joining;
using Montalegre.Vdi.Contracts.Agent.V1;

namespace Montalegre.Vdi.Agent.Registration;

/// <summary>The agent's life with the broker: identity, connection, renewal, and again, until stopped.</summary>
internal sealed class StayConnected(ObtainIdentity obtain, IdentityStore store, BrokerStream stream, StandStill standStill, BackOff backOff, TimeProvider time, ILogger log)
{
    private static readonly TimeSpan RenewalRetry = TimeSpan.FromMinutes(10);

    public async Task RunAsync(CancellationToken ct)
    {
        Identity? refused = null;
        while (true)
        {
            standStill.Look();   // certificates are judged by the clock
            var identity = await obtain.RunAsync(refused, ct);
            refused = null;
            try
            {
                await ConnectAsync(identity, ct);
                continue;
            }
            catch (Exception e) when (!ct.IsCancellationRequested)
            {
                if (BrokerFailure.IsRefusal(e) || identity.NotAfter <= time.GetUtcNow()) refused = identity;
                var wait = backOff.Next();
                log.ConnectionLost(identity.Channel, BrokerFailure.Sentence(e), wait);
                await Task.Delay(wait, time, ct);
            }
        }
    }

    /// <summary>Returns after a renewal, so that the next connection shows the new certificate, and after the machine stood still; else throws why it ended.</summary>
    private async Task ConnectAsync(Identity identity, CancellationToken ct)
    {
        using var channel = BrokerConnection.Open(identity.Channel, new BrokerTrust(identity.AuthoritySha256), identity.Certificate);
        var client = new AgentChannel.AgentChannelClient(channel);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var streaming = stream.RunAsync(identity, client, backOff.Reset, ending.Token);
        var renewing = RenewAsync(identity, client, ending.Token);
        var standing = standStill.UntilNextAsync(ending.Token);
        var first = await Task.WhenAny(streaming, renewing, standing);
        await ending.CancelAsync();
        await Task.WhenAll(streaming, renewing, standing).ContinueWith(static _ => { }, TaskScheduler.Default);
        await first;
    }

    private async Task RenewAsync(Identity identity, AgentChannel.AgentChannelClient client, CancellationToken ct)
    {
        while (true)
        {
            var left = identity.RenewAt - time.GetUtcNow();
            if (left > TimeSpan.Zero) await Task.Delay(left, time, ct);
            try
            {
                var renewed = await JoinBroker.RenewAsync(identity, client, ct);
                store.Save(renewed);
                log.Renewed(renewed.NotAfter);
                return;
            }
            catch (Exception e) when (!ct.IsCancellationRequested)
            {
                var retry = TimeSpan.FromTicks(Math.Min(RenewalRetry.Ticks, Math.Max(TimeSpan.FromSeconds(5).Ticks, (identity.NotAfter - time.GetUtcNow()).Ticks / 10)));
                log.RenewalFailed(retry, e);
                await Task.Delay(retry, time, ct);
            }
        }
    }
}
