namespace Montalegre.Vdi.Broker;

internal static class Program
{
    private static int Main() => 0;
}
