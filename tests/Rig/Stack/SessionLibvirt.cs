namespace Montalegre.Vdi.Rig.Stack;

/// <summary>The libvirt that runs as the service account.</summary>
internal static class SessionLibvirt
{
    public static Task StopMachinesAsync(ServiceAccount account) => Task.CompletedTask;
}
