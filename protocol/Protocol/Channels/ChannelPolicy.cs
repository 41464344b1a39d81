namespace Montalegre.Vdi.Protocol.Channels;

/// <summary>What may pass between a person's device and the desktop.</summary>
public sealed record ChannelPolicy
{
    public static ChannelPolicy Everything { get; } = new();

    /// <summary>What was copied on the device may be pasted in the desktop.</summary>
    public bool ClipboardToDesktop { get; init; } = true;

    /// <summary>What was copied in the desktop may be pasted on the device.</summary>
    public bool ClipboardFromDesktop { get; init; } = true;

    public bool Drives { get; init; } = true;

    public bool Printers { get; init; } = true;

    public bool Usb { get; init; } = true;

    public bool SmartCards { get; init; } = true;

    public bool AudioOut { get; init; } = true;

    public bool AudioIn { get; init; } = true;

    /// <summary>The client may ask the machine to start programs, MS-RDPERP. Not where the ticket says which one runs.</summary>
    public bool ProgramsByClient { get; init; } = true;

    /// <summary>Static virtual channels that the machine must not find at all.</summary>
    public IReadOnlySet<string> BlockedChannels
    {
        get
        {
            var blocked = new HashSet<string>();
            if (!ClipboardToDesktop && !ClipboardFromDesktop) blocked.Add("cliprdr");
            if (!Drives && !Printers && !SmartCards) blocked.Add("rdpdr");
            if (!AudioOut) blocked.Add("rdpsnd");
            if (!ProgramsByClient) blocked.UnionWith(["rail", "rail_wi", "rail_ri"]);
            return blocked;
        }
    }

    /// <summary>Dynamic virtual channels that must not be opened, MS-RDPEUSB, MS-RDPEAI and MS-RDPEA.</summary>
    public IReadOnlySet<string> BlockedDynamicChannels
    {
        get
        {
            var blocked = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
            if (!Usb) blocked.Add("URBDRC");
            if (!AudioIn) blocked.Add("AUDIO_INPUT");
            if (!AudioOut) blocked.UnionWith(["AUDIO_PLAYBACK_DVC", "AUDIO_PLAYBACK_LOSSY_DVC"]);
            return blocked;
        }
    }

    /// <summary>True when blanking static channels is not enough, so that what passes must be looked at.</summary>
    public bool NeedsFilter =>
        ClipboardToDesktop != ClipboardFromDesktop || BlockedDynamicChannels.Count > 0
        || (!(Drives && Printers && SmartCards) && (Drives || Printers || SmartCards));
}
