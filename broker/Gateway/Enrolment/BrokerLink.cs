using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.Extensions.Options;
using Montalegre.Vdi.Contracts.Gateway.V1;
using Montalegre.Vdi.Gateway.Hosting;

namespace Montalegre.Vdi.Gateway.Enrolment;

/// <summary>Keeps the way to the broker: joins once, opens the channel with the identity, renews it in time.</summary>
internal sealed class BrokerLink(IOptions<GatewayOptions> options, TimeProvider time, ILogger<BrokerLink> log) : BackgroundService
{
    private static readonly TimeSpan ShortestWait = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan LongestTimer = TimeSpan.FromDays(1);
    private static readonly TimeSpan LongestCall = TimeSpan.FromMinutes(1);     // twice the longest deadline that a call here has

    private readonly TaskCompletionSource _joined = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile Way? _way;

    /// <summary>The client, once this gateway has joined; null before, so that a caller with a person waiting can say so.</summary>
    public GatewayChannel.GatewayChannelClient? Client => _way?.Client;

    /// <summary>The broker's side of assistances; null before this gateway has joined.</summary>
    public GatewayAssistance.GatewayAssistanceClient? Assistance => _way is { } way ? new(way.Channel) : null;

    /// <summary>Whom to tell what certificates browsers showed; null before this gateway has joined.</summary>
    public GatewayCertificates.GatewayCertificatesClient? Certificates => _way is { } way ? new(way.Channel) : null;

    /// <summary>Waits until this gateway has joined.</summary>
    public async Task<GatewayChannel.GatewayChannelClient> ClientAsync(CancellationToken ct)
    {
        await _joined.Task.WaitAsync(ct);
        return _way!.Client;
    }

    public override Task StartAsync(CancellationToken cancellationToken)
    {
        if (GatewayIdentity.Load(options.Value.StateDirectory) is { } kept) Use(kept);
        else if (JoinInstructions.Read(options.Value, out var problem) is null) throw new OptionsValidationException(GatewayOptions.Section, typeof(GatewayOptions), [problem]);
        return base.StartAsync(cancellationToken);
    }

    public override void Dispose()
    {
        _way?.Channel.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var wait = ShortestWait;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                if (_way is null) await JoinAsync(stoppingToken);
                else await RenewWhenDueAsync(_way, stoppingToken);
                wait = ShortestWait;
                continue;
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                log.IdentityFailed(_way is null ? "join" : "renew", e is RpcException rpc ? rpc.Status.Detail : e.Message);
            }
            await Task.Delay(wait, time, stoppingToken);
            wait = TimeSpan.FromTicks(Math.Min(wait.Ticks * 2, LongestWait.Ticks));
        }
    }

    private async Task JoinAsync(CancellationToken ct)
    {
        var instructions = JoinInstructions.Read(options.Value, out var problem) ?? throw new InvalidOperationException(problem);
        var identity = await JoinBroker.JoinAsync(instructions, options.Value.Name, time, ct);
        identity.Save(options.Value.StateDirectory);
        log.Joined(identity.GatewayId, identity.Certificate.NotAfter);
        Use(identity);
        try { File.Delete(options.Value.JoinTokenFile!); }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException) { log.TokenFileStays(options.Value.JoinTokenFile!, e.Message); }
    }

    private async Task RenewWhenDueAsync(Way way, CancellationToken ct)
    {
        var left = way.Identity.RenewAt - time.GetUtcNow();
        if (left > TimeSpan.Zero)
        {
            await Task.Delay(left < LongestTimer ? left : LongestTimer, time, ct);
            return;
        }
        var identity = await JoinBroker.RenewAsync(way.Identity, way.Client, time, ct);
        identity.Save(options.Value.StateDirectory);
        Use(identity);
        log.Renewed(identity.Certificate.NotAfter);
        // Calls under way on the old channel come to their end first; then its streams break, and come back with the new certificate.
        try { await Task.Delay(LongestCall, time, ct); }
        finally { way.Channel.Dispose(); }
    }

    private void Use(GatewayIdentity identity)
    {
        var channel = JoinBroker.Open(identity.Channel, identity.AuthoritySha256, identity.Certificate);
        _way = new Way(identity, channel, new GatewayChannel.GatewayChannelClient(channel));
        _joined.TrySetResult();
    }

    private sealed record Way(GatewayIdentity Identity, GrpcChannel Channel, GatewayChannel.GatewayChannelClient Client);
}
