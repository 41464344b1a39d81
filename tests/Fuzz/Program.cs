namespace Montalegre.Vdi.Fuzz;

internal static class Program
{
    private static int Main() => 0;
}
