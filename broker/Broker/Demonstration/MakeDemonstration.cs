using Microsoft.Extensions.Options;
using Montalegre.Vdi.Broker.Administration;
using Montalegre.Vdi.Broker.Entitlements;
using Montalegre.Vdi.Broker.Gateways;
using Montalegre.Vdi.Broker.Hosting;
using Montalegre.Vdi.Broker.Hypervisors;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Broker.Images;
using Montalegre.Vdi.Broker.Infrastructure;
using Montalegre.Vdi.Broker.Pools;
using Montalegre.Vdi.Broker.Rollouts;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Demonstration;

/// <summary>
/// Makes what a demonstration needs, through the same use cases that an administrator's calls take. Run again it finds
/// what is there; a newer golden image becomes a new version and the pool moves to it.
/// </summary>
internal sealed class MakeDemonstration(
    HostStore hosts, HypervisorDirectory hypervisors, PublishImage publish, PoolAdminStore pools, RolloutStore rollouts, CreateUser createUser, GrantEntitlement grant,
    CreateGatewayToken gatewayToken, GatewayStore gateways, IOptions<DemonstrationOptions> options, IOptions<HostingOptions> hosting, TimeProvider time,
    ILogger<MakeDemonstration> log) : BackgroundService
{
    private const string HostName = "local", ImageName = "debian-12", PoolName = "Escritório", GatewayName = "gateway-1";
    private static readonly Caller Self = new(default, "broker", "broker", Audience.Administrator, "", "") { Rights = Rights.Everything };

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!options.Value.Enabled) return;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await RunAsync(stoppingToken);
                return;
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                log.DemonstrationFailed(e);
                await Task.Delay(TimeSpan.FromSeconds(2), time, stoppingToken);
            }
        }
    }

    private async Task RunAsync(CancellationToken ct)
    {
        var wanted = options.Value;
        await WriteGatewayTokenAsync(ct);
        await hosts.AddAsync(new(Guid.CreateVersion7(time.GetUtcNow())), HostName, wanted.HostUri, wanted.Network, wanted.StoragePath, null, null, Self.UserName, "");
        await hypervisors.RefreshAsync(ct);
        var host = new HostId((await hosts.AllAsync(PoolScope.Everything, ct)).Single(h => h.Name == HostName).HostId);

        var image = await publish.RunAsync(ImageName, wanted.ImagePath, Self, ct) is PublishOutcome.Published published
            ? published.Id
            : throw new InvalidOperationException($"The golden image {wanted.ImagePath} could not be published.");

        if ((await pools.AllAsync(PoolScope.Everything, ct)).FirstOrDefault(p => p.Name == PoolName) is { } there)
        {
            if (there.ImageVersionId != image.Value) await RollOutAsync(there.PoolId, image);
        }
        else
        {
            await pools.CreateAsync(new(new(Guid.CreateVersion7(time.GetUtcNow())), PoolName, "Ambiente de trabalho de demonstração", PoolKind.Floating,
                wanted.PoolSize, image, 1, wanted.MemoryMib, "balcao-{n:00}", [], false, new(null, false), new([host], PlacementOrder.Breadth, null),
                PoolRules.Unchanged.For(PoolKind.Floating), PoolSharing.Unchanged.For(PoolKind.Floating)), Self.UserName, "");
        }
        var pool = new PoolId((await pools.AllAsync(PoolScope.Everything, ct)).Single(p => p.Name == PoolName).PoolId);
        var password = (await File.ReadAllTextAsync(wanted.PasswordFile, ct)).Trim();
        if (await createUser.RunAsync(wanted.UserName, "Ana Silva", password, administrator: false, Self) is UserOutcome.Refused { Reason: not RefusalReason.NameTaken } no)
            throw new InvalidOperationException($"The demonstration user was refused: {no.Reason} {no.Detail}");
        await grant.RunAsync(pool, wanted.UserName, Self);
        log.DemonstrationReady(PoolName, wanted.UserName);
    }

    // The image was built anew since: its machines follow as anywhere else. One that runs already is left to its end.
    private async Task RollOutAsync(Guid pool, ImageVersionId image)
    {
        var wanted = new NewRollout(Guid.CreateVersion7(time.GetUtcNow()), pool, image.Value, 1, 25, null, 50, TimeSpan.FromMinutes(5), null, TimeSpan.FromMinutes(15));
        if (await rollouts.StartAsync(wanted, Self.UserName, "") is { Reason: not RefusalReason.RolloutRunning } no)
            throw new InvalidOperationException($"The roll-out of the golden image was refused: {no.Reason} {no.Field}");
    }

    // A gateway that has joined keeps its identity; only a missing one needs a token.
    private async Task WriteGatewayTokenAsync(CancellationToken ct)
    {
        if ((await gateways.ListAsync(ct)).Any(g => g.Name == GatewayName)) return;
        var token = await gatewayToken.RunAsync(GatewayName, options.Value.GatewayRdpAddress, Self.UserName);
        var path = Path.Combine(hosting.Value.StateDirectory, "demonstration", "gateway-token");
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        await using (var file = new FileStream(path + ".new", new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite }))
        await using (var writer = new StreamWriter(file)) await writer.WriteAsync(token.Token.AsMemory(), ct);
        File.Move(path + ".new", path, overwrite: true);
    }
}

internal static partial class DemonstrationLog
{
    [LoggerMessage(2901, LogLevel.Information, "The demonstration is set up: pool {Pool}, user {User}")]
    public static partial void DemonstrationReady(this ILogger log, string pool, string user);

    [LoggerMessage(2902, LogLevel.Error, "The demonstration could not be set up; it is tried again")]
    public static partial void DemonstrationFailed(this ILogger log, Exception exception);
}
