using Grpc.Core;
using Montalegre.Vdi.AdminUi.Hosting;
using Montalegre.Vdi.Contracts.Common.V1;

namespace Montalegre.Vdi.AdminUi.Live;

/// <summary>One message of a watch; no list of removed rows means that it is the whole snapshot.</summary>
internal sealed record WatchMessage<T>(IReadOnlyCollection<T> Rows, IReadOnlyCollection<string>? Removed);

/// <summary>Keeps one live list in step with the broker for as long as anybody looks, through every restart of it.</summary>
internal sealed class Watch<TUpdate, T>(
    string kind, LiveTable<T> table, TimeProvider time, ILogger log,
    Func<CancellationToken, AsyncServerStreamingCall<TUpdate>> open, Func<TUpdate, WatchMessage<T>> read)
{
    private static readonly TimeSpan First = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(4);
    private TimeSpan _delay = First;

    public async Task RunAsync(CancellationToken ct)
    {
        while (!ct.IsCancellationRequested)
        {
            try
            {
                await ReadAsync(ct);
                Lost("ended", ct);
            }
            // Whatever breaks while the console stops or the last page is left, the channel going included, is the end asked for.
            catch (Exception) when (ct.IsCancellationRequested)
            {
                return;
            }
            catch (RpcException e) when (e.Reason() == ReasonCode.SignInExpired)
            {
                table.SetLine(LineState.SignedOut, time.GetUtcNow());
                return;
            }
            // Who may not see the list, or whose broker is older and has none, sees an empty one, and the line is well; it fills later.
            catch (RpcException e) when (e.StatusCode is StatusCode.PermissionDenied or StatusCode.Unimplemented)
            {
                if (table.Line.State != LineState.Live || table.Rows.Count > 0) table.Replace([], time.GetUtcNow());
                _delay = Longest;
            }
            catch (RpcException e)
            {
                Lost(e.StatusCode.ToString(), ct);
            }
            catch (Exception e)
            {
                table.SetLine(LineState.Lost, time.GetUtcNow());
                log.WatchFailed(kind, _delay, e);
            }
            // Jitter keeps many consoles from coming back to a restarted broker in the same instant.
            if (!await PauseAsync(_delay * (0.5 + Random.Shared.NextDouble()), ct)) return;
            _delay = _delay * 2 < Longest ? _delay * 2 : Longest;
        }
    }

    private async Task ReadAsync(CancellationToken ct)
    {
        using var call = open(ct);
        await foreach (var update in call.ResponseStream.ReadAllAsync(ct))
        {
            var message = read(update);
            if (message.Removed is null)
            {
                table.Replace(message.Rows, time.GetUtcNow());
                log.WatchStarted(kind, message.Rows.Count);
                _delay = First;
            }
            else table.Apply(message.Rows, message.Removed, time.GetUtcNow());
        }
    }

    private void Lost(string status, CancellationToken ct)
    {
        if (ct.IsCancellationRequested) return;
        table.SetLine(LineState.Lost, time.GetUtcNow());
        log.WatchLost(kind, _delay, status);
    }

    private async Task<bool> PauseAsync(TimeSpan delay, CancellationToken ct)
    {
        try
        {
            await Task.Delay(delay, time, ct);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }
}
