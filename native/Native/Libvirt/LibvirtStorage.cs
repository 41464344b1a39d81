using System.Runtime.InteropServices;

namespace Montalegre.Vdi.Native.Libvirt;

/// <summary>One storage pool of one host. Every call blocks.</summary>
public sealed unsafe class LibvirtStoragePool : IDisposable
{
    private readonly StoragePoolHandle _handle;
    private readonly ConnectionHandle _connection;

    internal LibvirtStoragePool(StoragePoolHandle handle, ConnectionHandle connection)
    {
        _handle = handle;
        _connection = connection;
    }

    /// <summary>True when started.</summary>
    public bool IsActive => LibvirtApi.StoragePoolIsActive(_handle).Checked() == 1;

    /// <summary>Space that is left, in bytes.</summary>
    public long AvailableBytes
    {
        get
        {
            LibvirtApi.StoragePoolGetInfo(_handle, out var info).Checked();
            return (long)info.Available;
        }
    }

    /// <summary>Size of the volume that the pool is on, and what of it is left, in bytes; as of the last look.</summary>
    public (long Capacity, long Available) Space
    {
        get
        {
            LibvirtApi.StoragePoolGetInfo(_handle, out var info).Checked();
            return ((long)info.Capacity, (long)info.Available);
        }
    }

    /// <summary>Makes the directory behind the pool; harmless when it exists.</summary>
    public void Build() => LibvirtApi.StoragePoolBuild(_handle, 0).Checked();

    /// <summary>Starts the pool.</summary>
    public void Start() => LibvirtApi.StoragePoolCreate(_handle, 0).Checked();

    /// <summary>Stops the pool; its volumes stay.</summary>
    public void Stop() => LibvirtApi.StoragePoolDestroy(_handle).Checked();

    /// <summary>Forgets the pool; its volumes stay.</summary>
    public void Undefine() => LibvirtApi.StoragePoolUndefine(_handle).Checked();

    /// <summary>Reads the directory again.</summary>
    public void Refresh() => LibvirtApi.StoragePoolRefresh(_handle, 0).Checked();

    /// <summary>The volume with this name, or null.</summary>
    public LibvirtVolume? FindVolume(string name)
    {
        var handle = LibvirtApi.StorageVolLookupByName(_handle, name);
        return handle.IsInvalid && LibvirtApi.GetLastErrorCode() == (int)LibvirtError.NoStorageVolume
            ? null
            : new LibvirtVolume(handle.Checked(), _connection);
    }

    /// <summary>Creates a volume.</summary>
    public LibvirtVolume CreateVolume(string xml) => new(LibvirtApi.StorageVolCreateXml(_handle, xml, 0).Checked(), _connection);

    /// <summary>Creates a volume with the content of another one, also of another pool: whole, whatever it was an overlay of.</summary>
    public LibvirtVolume CreateVolumeFrom(string xml, LibvirtVolume source) => new(LibvirtApi.StorageVolCreateXmlFrom(_handle, xml, source.Handle, 0).Checked(), _connection);

    /// <summary>All volumes.</summary>
    public IReadOnlyList<LibvirtVolume> Volumes()
    {
        var count = LibvirtApi.StoragePoolListAllVolumes(_handle, out var list, 0).Checked();
        var volumes = new LibvirtVolume[count];
        for (var i = 0; i < count; i++) volumes[i] = new LibvirtVolume(new StorageVolumeHandle(list[i]), _connection);
        LibvirtApi.Free((nint)list);
        return volumes;
    }

    /// <summary>Lets the reference go.</summary>
    public void Dispose() => _handle.Dispose();
}

/// <summary>Takes a piece of a volume that is being read; the bytes are good until it returns.</summary>
public delegate void LibvirtPiece(ReadOnlySpan<byte> bytes);

/// <summary>One storage volume. Every call blocks.</summary>
public sealed unsafe class LibvirtVolume : IDisposable
{
    // libvirt's protocol carries at most 256 KiB of stream data in a message.
    private const int SendSize = 256 * 1024;
    private readonly StorageVolumeHandle _handle;
    private readonly ConnectionHandle _connection;

    internal LibvirtVolume(StorageVolumeHandle handle, ConnectionHandle connection)
    {
        _handle = handle;
        _connection = connection;
        Name = Marshal.PtrToStringUTF8(LibvirtApi.StorageVolGetName(handle)) ?? "";
    }

    internal StorageVolumeHandle Handle => _handle;

    /// <summary>Name in its pool.</summary>
    public string Name { get; }

    /// <summary>Path on the host.</summary>
    public string Path => LibvirtApi.StorageVolGetPath(_handle).Text();

    /// <summary>Size that the guest sees and size on the disk, in bytes.</summary>
    public (long Capacity, long Allocation) Size
    {
        get
        {
            LibvirtApi.StorageVolGetInfo(_handle, out var info).Checked();
            return ((long)info.Capacity, (long)info.Allocation);
        }
    }

    /// <summary>Writes over the first bytes, and leaves the rest, through the connection, so that the host may be far away.</summary>
    public void Upload(Stream content, long length, Action<long>? sent, CancellationToken ct)
    {
        using var stream = LibvirtApi.StreamNew(_connection, 0).Checked();
        LibvirtApi.StorageVolUpload(_handle, stream, 0, (ulong)length, 0).Checked();
        try
        {
            Send(content, stream, sent, ct);
        }
        catch
        {
            LibvirtApi.StreamAbort(stream);
            throw;
        }
        LibvirtApi.StreamFinish(stream).Checked();
    }

    /// <summary>Reads the file of the volume, through the connection, piece by piece; what it throws ends the reading.</summary>
    /// <param name="received">Takes each piece.</param>
    /// <param name="ct">Ends the reading.</param>
    /// <param name="length">How many bytes; 0 for all.</param>
    public void Download(LibvirtPiece received, CancellationToken ct, long length = 0)
    {
        using var stream = LibvirtApi.StreamNew(_connection, 0).Checked();
        LibvirtApi.StorageVolDownload(_handle, stream, 0, (ulong)length, 0).Checked();
        try
        {
            var buffer = new byte[SendSize];
            while (true)
            {
                ct.ThrowIfCancellationRequested();
                int read;
                fixed (byte* start = buffer) read = LibvirtApi.StreamRecv(stream, start, (nuint)buffer.Length).Checked();
                if (read == 0) break;
                received(buffer.AsSpan(0, read));
            }
        }
        catch
        {
            LibvirtApi.StreamAbort(stream);
            throw;
        }
        LibvirtApi.StreamFinish(stream).Checked();
    }

    /// <summary>Deletes the volume.</summary>
    public void Delete() => LibvirtApi.StorageVolDelete(_handle, 0).Checked();

    /// <summary>Lets the reference go; the volume itself stays.</summary>
    public void Dispose() => _handle.Dispose();

    private static void Send(Stream content, StreamHandle stream, Action<long>? sent, CancellationToken ct)
    {
        var buffer = new byte[SendSize];
        long total = 0;
        for (int read; (read = content.Read(buffer)) > 0; sent?.Invoke(total += read))
        {
            ct.ThrowIfCancellationRequested();
            fixed (byte* start = buffer)
                for (var done = 0; done < read;)
                    done += LibvirtApi.StreamSend(stream, start + done, (nuint)(read - done)).Checked();
        }
    }
}
