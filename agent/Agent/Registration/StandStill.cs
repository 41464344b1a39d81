using System.ComponentModel;
using Microsoft.Extensions.Logging;
using Montalegre.Vdi.Agent.Hosting;

namespace Montalegre.Vdi.Agent.Registration;

/// <summary>
/// Notices that the whole machine stood still, saved by its host or asleep: the battery-backed clock went on and the processor's did
/// not. Then connections are dead without anybody having said so, and the system's clock may be behind by as long.
/// </summary>
internal sealed class StandStill(IGuest guest, TimeProvider time, ILogger log)
{
    private static readonly TimeSpan Often = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Shortest = TimeSpan.FromSeconds(3);   // the battery-backed clock counts whole seconds
    private Reading? _last;

    /// <summary>Returns when the machine stood still since the last look, with the clock set right; else runs until stopped.</summary>
    public async Task UntilNextAsync(CancellationToken ct)
    {
        using var tick = new PeriodicTimer(Often, time);
        while (!Look()) await tick.WaitForNextTickAsync(ct);
    }

    /// <summary>True when the machine stood still since the last look; the clock is right then.</summary>
    public bool Look()
    {
        if (Read() is not { } now) return false;
        var last = _last ?? now;
        _last = now;
        var stood = now.Hardware - last.Hardware - time.GetElapsedTime(last.Stamp, now.Stamp);
        if (stood < Shortest) return false;
        // Only by what it fell behind since: the battery-backed clock itself may be hours off, or keep local time.
        var behind = now.Hardware - last.Hardware - (now.Clock - last.Clock);
        if (behind >= Shortest && (now.Hardware - now.Clock).Duration() >= Shortest) Advance(now.Clock, behind);
        else log.StoodStill(stood);
        return true;
    }

    private void Advance(DateTimeOffset clock, TimeSpan behind)
    {
        try
        {
            guest.SetClock(clock + behind);
            log.ClockAdvanced(behind);
        }
        catch (Win32Exception e)
        {
            log.ClockNotSet(behind, e.Message);
        }
        _last = Read();
    }

    private Reading? Read() => guest.HardwareClock() is { } hardware ? new(hardware, time.GetUtcNow(), time.GetTimestamp()) : null;

    private readonly record struct Reading(DateTimeOffset Hardware, DateTimeOffset Clock, long Stamp);
}
