namespace Montalegre.Vdi.Agent;

internal static class Program
{
    private static int Main() => 0;
}
