using System.Threading.Channels;
using Montalegre.Vdi.Domain;
using Montalegre.Vdi.Native.Kvm;
using Montalegre.Vdi.Native.Libvirt;

namespace Montalegre.Vdi.Broker.Hypervisors;

/// <summary>Keeps one libvirt connection of a host open, opens it again when it broke, and fans its events out.</summary>
internal sealed class HostConnection(HypervisorHost host, TimeProvider time, ILogger log) : IDisposable
{
    private const int EventsKept = 1024;
    private static readonly Lazy<KvmVerdict> LocalKvm = new(() => KvmProbe.Run());
    private readonly Lock _opening = new();
    private readonly Lock _listening = new();
    private readonly List<Channel<HypervisorEvent>> _listeners = [];
    private LibvirtConnection? _connection;
    private bool _disposed;
    private int _failures;
    private long _failedAt;
    private string _lastError = "";

    /// <summary>Whether guests run on the processor itself: what the host offers, and on this computer also what a trial says.</summary>
    public bool Kvm { get; private set; }

    /// <summary>
    /// Blocks until connected. A host that could not be reached is left alone for a while that grows with every failure,
    /// so that callers get its error at once instead of waiting for the same silence one after the other.
    /// </summary>
    /// <exception cref="HypervisorUnavailableException">It could not be reached a moment ago.</exception>
    public LibvirtConnection Get()
    {
        lock (_opening)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (_connection is { IsAlive: true }) return _connection;
            Drop();
            if (_failures > 0 && time.GetElapsedTime(_failedAt) is var since && since < BackOff(_failures))
                throw new HypervisorUnavailableException($"Host {host.Name} cannot be reached: {_lastError}");
            try
            {
                _connection = Open();
            }
            catch (LibvirtException e)
            {
                (_failures, _failedAt, _lastError) = (_failures + 1, time.GetTimestamp(), e.Message);
                if (_failures == 1) log.HostUnreachable(host.Name, e.Message);
                throw new HypervisorUnavailableException($"Host {host.Name} cannot be reached: {e.Message}", e);
            }
            _failures = 0;
            Tell(new HypervisorEvent(HypervisorEventKind.Connected, null));
            return _connection;
        }
    }

    /// <summary>Half a second, doubled with every failure in a row, at most half a minute.</summary>
    internal static TimeSpan BackOff(int failures) => TimeSpan.FromSeconds(Math.Min(30, 0.25 * Math.Pow(2, Math.Min(failures, 10))));

    /// <summary>Subscribes; events beyond a thousand unread ones push out the oldest, which a sweep repairs.</summary>
    public ChannelReader<HypervisorEvent> Listen()
    {
        var channel = Channel.CreateBounded<HypervisorEvent>(new BoundedChannelOptions(EventsKept) { FullMode = BoundedChannelFullMode.DropOldest });
        lock (_listening)
        {
            _listeners.Add(channel);
            if (_disposed) channel.Writer.Complete();
        }
        return channel.Reader;
    }

    public void StopListening(ChannelReader<HypervisorEvent> reader)
    {
        lock (_listening) _listeners.RemoveAll(channel => channel.Reader == reader);
    }

    public void Dispose()
    {
        // Listeners first: a host that hangs holds up the rest.
        lock (_listening)
        {
            _disposed = true;
            foreach (var listener in _listeners) listener.Writer.TryComplete();
        }
        lock (_opening) Drop();
    }

    private LibvirtConnection Open()
    {
        var opened = LibvirtConnection.Open(host.Uri);
        try
        {
            opened.DomainChanged += OnDomainChanged;
            opened.Closed += OnClosed;
            var info = opened.HostInfo();
            var refused = host.IsLocal && LocalKvm.Value is KvmVerdict.Faults(var reason) ? reason : opened.OffersKvm() ? null : "the host does not offer it";
            Kvm = refused is null;
            if (refused is not null) log.KvmUnusable(host.Name, refused);
            log.HostConnected(host.Name, info.Cpus, info.FreeMemoryBytes >> 20, Kvm ? "KVM" : "translation");
            return opened;
        }
        catch
        {
            opened.Dispose();
            throw;
        }
    }

    private void Drop()
    {
        _connection?.Dispose();
        _connection = null;
    }

    private void OnClosed(string reason)
    {
        log.HostDisconnected(host.Name, reason);
        Tell(new HypervisorEvent(HypervisorEventKind.Disconnected, null));
    }

    private void OnDomainChanged(DomainLifecycleEvent change)
    {
        HypervisorEventKind? kind = change.What switch
        {
            DomainLifecycle.Started or DomainLifecycle.Resumed => HypervisorEventKind.Started,
            DomainLifecycle.Stopped or DomainLifecycle.Crashed => HypervisorEventKind.Stopped,
            DomainLifecycle.Rebooted => HypervisorEventKind.Rebooted,
            DomainLifecycle.Undefined => HypervisorEventKind.Undefined,
            _ => null,
        };
        if (kind is { } known) Tell(new HypervisorEvent(known, new MachineId(change.Domain)));
    }

    private void Tell(HypervisorEvent what)
    {
        lock (_listening)
            foreach (var listener in _listeners) listener.Writer.TryWrite(what);
    }
}
