namespace Montalegre.Vdi.Native.Libvirt;

/// <summary>What libvirt says happened to a domain (virDomainEventType).</summary>
public enum DomainLifecycle
{
    /// <summary>Defined or redefined.</summary>
    Defined = 0,
    /// <summary>Undefined.</summary>
    Undefined = 1,
    /// <summary>Started.</summary>
    Started = 2,
    /// <summary>Paused.</summary>
    Suspended = 3,
    /// <summary>Goes on after a pause.</summary>
    Resumed = 4,
    /// <summary>Stopped, whatever the cause.</summary>
    Stopped = 5,
    /// <summary>The guest has shut down; Stopped follows.</summary>
    Shutdown = 6,
    /// <summary>The guest sleeps.</summary>
    Sleeping = 7,
    /// <summary>The guest crashed.</summary>
    Crashed = 8,
    /// <summary>The guest rebooted (not a lifecycle number of libvirt: it has an event of its own).</summary>
    Rebooted = 100,
}

/// <summary>One event of one domain. Detail is libvirt's number, whose meaning depends on the event.</summary>
public readonly record struct DomainLifecycleEvent(Guid Domain, DomainLifecycle What, int Detail);

/// <summary>The state of a domain (virDomainState).</summary>
public enum DomainState
{
    /// <summary>Not known.</summary>
    Unknown = 0,
    /// <summary>Running.</summary>
    Running = 1,
    /// <summary>Running, waits for a resource.</summary>
    Blocked = 2,
    /// <summary>Paused.</summary>
    Paused = 3,
    /// <summary>Being shut down.</summary>
    ShuttingDown = 4,
    /// <summary>Off.</summary>
    Off = 5,
    /// <summary>Crashed.</summary>
    Crashed = 6,
    /// <summary>The guest sleeps.</summary>
    Sleeping = 7,
}
