namespace Montalegre.Vdi.Benchmarks;

internal static class Program
{
    private static int Main() => 0;
}
