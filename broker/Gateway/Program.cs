namespace Montalegre.Vdi.Gateway;

internal static class Program
{
    private static int Main() => 0;
}
