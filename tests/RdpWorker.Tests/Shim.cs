using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Montalegre.Vdi.Native.FreeRdp;
using Montalegre.Vdi.Rig.Stack;

namespace Montalegre.Vdi.RdpWorker.Tests;

/// <summary>Finds the shim where the worker was built to; the worker itself is linked with it.</summary>
internal static class Shim
{
    public static string Library => Path.Combine(Builds.WorkerFolder, "libmontalegre_rdp.so");

    public static void Require() => Assert.SkipWhen(!File.Exists(Library), "The worker is not built; run the tests by dev.cs, which builds it.");

    [ModuleInitializer]
    internal static void Find() => NativeLibrary.SetDllImportResolver(typeof(PixelEncoder).Assembly, Resolve);

    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? path) =>
        name == "libmontalegre_rdp" ? NativeLibrary.Load(Library) : 0;
}
