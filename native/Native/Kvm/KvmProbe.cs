namespace Montalegre.Vdi.Native.Kvm;

/// <summary>What the probe of /dev/kvm found.</summary>
public abstract record KvmVerdict
{
    private KvmVerdict() { }

    /// <summary>A guest ran its instructions.</summary>
    public sealed record Works : KvmVerdict;

    /// <summary>No guest can run; the reason is for an operator.</summary>
    public sealed record Faults(string Reason) : KvmVerdict;
}

/// <summary>
/// Finds out whether this machine can really run guests with KVM, by running one: on some nested or restricted
/// hosts /dev/kvm opens, makes a virtual CPU and then faults on the first instruction.
/// </summary>
public static class KvmProbe
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    /// <summary>Runs the probe once, at most three seconds.</summary>
    public static KvmVerdict Run(string device = "/dev/kvm")
    {
        KvmVerdict verdict = new KvmVerdict.Faults($"the guest did not stop within {Patience.TotalSeconds:0} s");
        // A guest that never exits cannot be cancelled from here; its thread must not hold the process open.
        var thread = new Thread(() => Volatile.Write(ref verdict, KvmGuest.Run(device))) { IsBackground = true, Name = "kvm probe" };
        thread.Start();
        thread.Join(Patience);
        return Volatile.Read(ref verdict);
    }
}
