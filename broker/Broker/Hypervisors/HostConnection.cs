using System.Threading.Channels;
using Montalegre.Vdi.Domain;
using Montalegre.Vdi.Native.Kvm;
using Montalegre.Vdi.Native.Libvirt;

namespace Montalegre.Vdi.Broker.Hypervisors;

/// <summary>Keeps one libvirt connection of a host open, opens it again when it broke, and fans its events out.</summary>
internal sealed class HostConnection(HypervisorHost host, ILogger log) : IDisposable
{
    private const int EventsKept = 1024;
    private static readonly Lazy<KvmVerdict> LocalKvm = new(() => KvmProbe.Run());
    private readonly Lock _opening = new();
    private readonly Lock _listening = new();
    private readonly List<Channel<HypervisorEvent>> _listeners = [];
    private LibvirtConnection? _connection;
    private bool _disposed;

    /// <summary>Whether guests run on the processor itself. A far host is trusted to; ours is tried.</summary>
    public bool Kvm => !host.IsLocal || LocalKvm.Value is KvmVerdict.Works;

    /// <summary>Blocks until connected.</summary>
    public LibvirtConnection Get()
    {
        lock (_opening)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (_connection is { IsAlive: true }) return _connection;
            Drop();
            var opened = LibvirtConnection.Open(host.Uri);
            opened.DomainChanged += OnDomainChanged;
            opened.Closed += OnClosed;
            var info = opened.HostInfo();
            if (host.IsLocal && LocalKvm.Value is KvmVerdict.Faults(var reason)) log.KvmUnusable(host.Name, reason);
            log.HostConnected(host.Name, info.Cpus, info.FreeMemoryBytes >> 20, Kvm ? "KVM" : "translation");
            _connection = opened;
            Tell(new HypervisorEvent(HypervisorEventKind.Connected, null));
            return opened;
        }
    }

    /// <summary>Subscribes; events beyond a thousand unread ones push out the oldest, which a sweep repairs.</summary>
    public ChannelReader<HypervisorEvent> Listen()
    {
        var channel = Channel.CreateBounded<HypervisorEvent>(new BoundedChannelOptions(EventsKept) { FullMode = BoundedChannelFullMode.DropOldest });
        lock (_listening) _listeners.Add(channel);
        return channel.Reader;
    }

    public void StopListening(ChannelReader<HypervisorEvent> reader)
    {
        lock (_listening) _listeners.RemoveAll(channel => channel.Reader == reader);
    }

    public void Dispose()
    {
        lock (_opening)
        {
            _disposed = true;
            Drop();
        }
        lock (_listening)
            foreach (var listener in _listeners) listener.Writer.TryComplete();
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
