using System.ComponentModel;

namespace Montalegre.Vdi.Native.FreeRdp;

/// <summary>What a sandbox forbids.</summary>
public enum ForbiddenThing { OpenFile = 0, MakeSocket = 1, Fork = 2, RunProgram = 3 }

/// <summary>The inner wall of a worker: seccomp for all its threads.</summary>
public static class Sandbox
{
    /// <summary>From here on only what decoding needs is left; anything else is refused or kills the process.</summary>
    public static void LockDown()
    {
        if (ShimApi.LockDown() is not 0 and var error) throw new Win32Exception(error, "The system call filter could not be installed.");
    }

    /// <summary>Tries something forbidden, for the test that proves the wall; answers the error number, 0 when it was possible.</summary>
    public static int Try(ForbiddenThing what) => ShimApi.TryForbidden((uint)what);
}
