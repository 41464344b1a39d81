namespace Montalegre.Vdi.AdminUi;

internal static class Program
{
    private static int Main() => 0;
}
