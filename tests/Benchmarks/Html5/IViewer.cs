namespace Montalegre.Vdi.Benchmarks.Html5;

/// <summary>Somebody who looks at a desktop and types; ours through the gateway, the peer's through guacd.</summary>
internal interface IViewer : IAsyncDisposable
{
    /// <summary>Pictures that came, and the bytes of their messages.</summary>
    int Frames { get; }

    long FrameBytes { get; }

    /// <summary>CPU of all that serves it between the machine and the viewer.</summary>
    double CpuSeconds();

    /// <summary>Memory that it takes for itself, in MB.</summary>
    double Megabytes();

    /// <summary>Presses or releases the key A.</summary>
    Task KeyAsync(bool down);

    /// <summary>Waits for a picture after this many; false when none came.</summary>
    Task<bool> FrameAfterAsync(int frames, TimeSpan patience);
}
