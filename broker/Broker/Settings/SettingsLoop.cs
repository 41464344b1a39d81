using Montalegre.Vdi.Broker.Live;
using Montalegre.Vdi.Broker.Storage;

namespace Montalegre.Vdi.Broker.Settings;

/// <summary>Each node hears of changes, its own and other nodes', and puts them in force.</summary>
internal sealed class SettingsLoop(ChangePump pump, LiveSettings settings, TimeProvider time, ILogger<SettingsLoop> log) : BackgroundService
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var changes = pump.Subscribe(stoppingToken);   // first, so that nothing is missed between start-up's reading and this
        await LoadAsync(stoppingToken);
        await foreach (var batch in changes)
            if (batch.Touches("setting")) await LoadAsync(stoppingToken);
    }

    private async Task LoadAsync(CancellationToken ct)
    {
        while (!ct.IsCancellationRequested)
        {
            try
            {
                await settings.LoadAsync(ct);
                return;
            }
            catch (Exception e) when (!ct.IsCancellationRequested)
            {
                log.SettingsNotRead(RetryDelay, e);
                await Task.Delay(RetryDelay, time, ct);
            }
        }
    }
}
