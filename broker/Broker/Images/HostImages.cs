using Montalegre.Vdi.Broker.Hypervisors;

namespace Montalegre.Vdi.Broker.Images;

/// <summary>An image version as the hypervisor slice knows it.</summary>
internal static class HostImages
{
    public static HostImage From(ImageRow row) => throw new NotSupportedException(row.Name);
}
