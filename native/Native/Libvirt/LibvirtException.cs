namespace Montalegre.Vdi.Native.Libvirt;

/// <summary>libvirt refused or failed; carries its own code, part and sentence.</summary>
public sealed class LibvirtException : Exception
{
    /// <summary>Wraps what libvirt said.</summary>
    public LibvirtException(LibvirtError code, int domain, string message)
        : base(message)
    {
        Code = code;
        Domain = domain;
    }

    /// <summary>The error number (virErrorNumber).</summary>
    public LibvirtError Code { get; }

    /// <summary>The part of libvirt that raised it (virErrorDomain).</summary>
    public int Domain { get; }

    /// <summary>True when the connection itself is gone, so that a new one may help.</summary>
    public bool ConnectionLost => Code is LibvirtError.NoConnection or LibvirtError.InvalidConnection or LibvirtError.Rpc
        // A socket that broke, or that keep-alive gave up, has no code of its own; only the part of libvirt tells.
        || (Code is LibvirtError.SystemError or LibvirtError.InternalError && Domain == RpcDomain);

    private const int RpcDomain = 7;   // VIR_FROM_RPC
}

/// <summary>The numbers of virErrorNumber that callers tell apart; others pass through unnamed.</summary>
public enum LibvirtError
{
    /// <summary>No error was recorded.</summary>
    None = 0,
    /// <summary>Something inside libvirt went wrong; the part that raised it says more.</summary>
    InternalError = 1,
    /// <summary>Cannot connect to the hypervisor.</summary>
    NoConnection = 5,
    /// <summary>The connection object is not valid any more.</summary>
    InvalidConnection = 6,
    /// <summary>A command to the hypervisor failed.</summary>
    OperationFailed = 9,
    /// <summary>The domain exists already.</summary>
    DomainExists = 28,
    /// <summary>A system call failed.</summary>
    SystemError = 38,
    /// <summary>The remote call failed.</summary>
    Rpc = 39,
    /// <summary>No such domain.</summary>
    NoDomain = 42,
    /// <summary>Authentication failed.</summary>
    AuthenticationFailed = 45,
    /// <summary>No such storage pool.</summary>
    NoStoragePool = 49,
    /// <summary>No such storage volume.</summary>
    NoStorageVolume = 50,
    /// <summary>The operation does not fit the present state.</summary>
    OperationInvalid = 55,
    /// <summary>libvirt gave up waiting.</summary>
    OperationTimeout = 68,
    /// <summary>The metadata element is not present.</summary>
    NoDomainMetadata = 80,
    /// <summary>The storage volume exists already.</summary>
    StorageVolumeExists = 90,
}

/// <summary>The client library itself is not installed.</summary>
public sealed class LibvirtMissingException(Exception cause) : Exception(
    "The library libvirt.so.0 was not found; install the Debian package libvirt0 (and libvirt-daemon-system on the host that runs the machines).", cause);
