using Montalegre.Vdi.Contracts.Common.V1;

namespace Montalegre.Vdi.AdminUi.Pages.Pools;

/// <summary>What a form says of a pool's devices and RD Gateway, while it is being changed.</summary>
public sealed class DevicePolicy
{
    /// <summary>All features that a pool can block, in the order in which pages show them.</summary>
    public static IReadOnlyList<DeviceFeature> All { get; } =
    [
        DeviceFeature.ClipboardToDesktop, DeviceFeature.ClipboardFromDesktop, DeviceFeature.Drives, DeviceFeature.Printers, DeviceFeature.Usb,
        DeviceFeature.SmartCards, DeviceFeature.AudioOut, DeviceFeature.AudioIn,
    ];

    private readonly HashSet<DeviceFeature> _blocked = [];

    /// <summary>What is kept from passing, in that order.</summary>
    public IEnumerable<DeviceFeature> Blocked => All.Where(_blocked.Contains);

    /// <summary>True when RD Gateway channels end at the machine.</summary>
    public bool EndToEnd { get; set; }

    public static DevicePolicy Of(IEnumerable<DeviceFeature> blocked, bool endToEnd)
    {
        var policy = new DevicePolicy { EndToEnd = endToEnd };
        policy._blocked.UnionWith(blocked);
        return policy;
    }

    public bool Passes(DeviceFeature feature) => !_blocked.Contains(feature);

    public void Set(DeviceFeature feature, bool passes)
    {
        if (passes) _blocked.Remove(feature);
        else _blocked.Add(feature);
    }
}
