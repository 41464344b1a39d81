using System.Runtime.InteropServices;

namespace Montalegre.Vdi.Native.Libvirt;

/// <summary>One domain of one host. Every call blocks.</summary>
public sealed unsafe class LibvirtDomain : IDisposable
{
    private const uint WithManagedSave = 1, SnapshotsMetadata = 2, Nvram = 4, CheckpointsMetadata = 16;
    private const uint InactiveXml = 2, MigratableXml = 8, AffectLive = 1, AffectStored = 2;
    private const uint ForceBoot = 8;
    private const int MetadataElement = 2, RunningRestored = 3, PausedMigration = 2;
    private readonly DomainHandle _handle;

    internal LibvirtDomain(DomainHandle handle)
    {
        _handle = handle;
        var bytes = stackalloc byte[16];
        LibvirtApi.DomainGetUuid(handle.DangerousGetHandle(), bytes).Checked();
        Uuid = new Guid(new ReadOnlySpan<byte>(bytes, 16), bigEndian: true);
        Name = Marshal.PtrToStringUTF8(LibvirtApi.DomainGetName(handle)) ?? "";
    }

    internal DomainHandle Handle => _handle;

    /// <summary>UUID, the same as the guest reads from SMBIOS.</summary>
    public Guid Uuid { get; }

    /// <summary>Name on the host.</summary>
    public string Name { get; }

    /// <summary>Present state.</summary>
    public DomainState State
    {
        get
        {
            LibvirtApi.DomainGetState(_handle, out var state, out _, 0).Checked();
            return (DomainState)state;
        }
    }

    /// <summary>True while a process of this domain exists.</summary>
    public bool IsActive => State is not (DomainState.Off or DomainState.Crashed or DomainState.Unknown);

    /// <summary>Powers on. A managed save is restored, or thrown away; libvirt itself boots when it cannot read its file (see <see cref="WasRestored"/>).</summary>
    public void Start(bool discardSaved = false) => LibvirtApi.DomainCreateWithFlags(_handle, discardSaved ? ForceBoot : 0).Checked();

    /// <summary>Saves memory and devices to a file that libvirt keeps, and stops the domain. It goes on from there at its next start.</summary>
    public void ManagedSave() => LibvirtApi.DomainManagedSave(_handle, 0).Checked();

    /// <summary>Saves memory and devices to a file on the host, and stops the domain. The file is whoever's asked for it; libvirt forgets it.</summary>
    public void Save(string path) => LibvirtApi.DomainSave(_handle, path, null, 0).Checked();

    /// <summary>True when a managed save is kept.</summary>
    public bool HasManagedSave => LibvirtApi.DomainHasManagedSaveImage(_handle, 0).Checked() == 1;

    /// <summary>True when it runs and came from a saved state.</summary>
    public bool WasRestored
    {
        get
        {
            LibvirtApi.DomainGetState(_handle, out var state, out var reason, 0).Checked();
            return (DomainState)state == DomainState.Running && reason == RunningRestored;
        }
    }

    /// <summary>True when it stands still because a live migration took it so far: the end of it is missing, here or at the other side.</summary>
    public bool IsPausedByMigration
    {
        get
        {
            LibvirtApi.DomainGetState(_handle, out var state, out var reason, 0).Checked();
            return (DomainState)state == DomainState.Paused && reason == PausedMigration;
        }
    }

    /// <summary>Lets a paused domain go on.</summary>
    public void Unpause() => LibvirtApi.DomainResume(_handle).Checked();

    /// <summary>Asks the guest to shut down (ACPI power button); returns at once.</summary>
    public void Shutdown() => LibvirtApi.DomainShutdown(_handle, 0).Checked();

    /// <summary>Pulls the plug.</summary>
    public void Destroy() => LibvirtApi.DomainDestroy(_handle, 0).Checked();

    /// <summary>Asks the guest to restart.</summary>
    public void Reboot() => LibvirtApi.DomainReboot(_handle, 0).Checked();

    /// <summary>Presses the reset button.</summary>
    public void Reset() => LibvirtApi.DomainReset(_handle, 0).Checked();

    /// <summary>Forgets the definition with all that hangs on it: saved state, snapshot records, firmware variables.</summary>
    public void Undefine() => LibvirtApi.DomainUndefine(_handle, WithManagedSave | SnapshotsMetadata | Nvram | CheckpointsMetadata).Checked();

    /// <summary>The stored definition, not the running one.</summary>
    public string DefinitionXml() => LibvirtApi.DomainGetXmlDesc(_handle, InactiveXml).Text();

    /// <summary>The stored definition as libvirt writes it into what it saves: without the devices that it adds to every machine by itself.</summary>
    public string SavedXml() => LibvirtApi.DomainGetXmlDesc(_handle, InactiveXml | MigratableXml).Text();

    /// <summary>The live definition.</summary>
    public string Xml() => LibvirtApi.DomainGetXmlDesc(_handle, 0).Text();

    /// <summary>Puts or replaces the metadata element of this namespace, in the stored definition and, if it runs, the live one.</summary>
    public void SetMetadata(string element, string prefix, string namespaceUri) =>
        LibvirtApi.DomainSetMetadata(_handle, MetadataElement, element, prefix, namespaceUri, IsActive ? AffectLive | AffectStored : AffectStored).Checked();

    /// <summary>Takes the metadata element of this namespace away.</summary>
    public void RemoveMetadata(string namespaceUri) =>
        LibvirtApi.DomainSetMetadata(_handle, MetadataElement, null, null, namespaceUri, IsActive ? AffectLive | AffectStored : AffectStored).Checked();

    /// <summary>The metadata element of this namespace, or null.</summary>
    public string? Metadata(string namespaceUri)
    {
        using var text = LibvirtApi.DomainGetMetadata(_handle, MetadataElement, namespaceUri, 0);
        return text.IsInvalid && LibvirtApi.GetLastErrorCode() == (int)LibvirtError.NoDomainMetadata ? null : text.Checked().Value;
    }

    /// <summary>Lets the reference go; the domain itself stays.</summary>
    public void Dispose() => _handle.Dispose();
}
