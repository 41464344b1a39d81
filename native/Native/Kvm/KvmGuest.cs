using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Montalegre.Vdi.Native.Kvm;

/// <summary>A very small guest: counts down from two million, sums a few numbers in memory, tells the sum to a port, halts.</summary>
internal static unsafe partial class KvmGuest
{
    private const int Memory = 0x10000, Start = 0x1000, Port = 0x3f8, ExpectedSum = 1 + 2 + 3 + 4 + 5;
    private static readonly TimeSpan LongestOnHardware = TimeSpan.FromMilliseconds(250);
    private const uint ExitIo = 2, ExitHalt = 5;

    private static readonly byte[] Program =
    [
        0x66, 0xB9, 0x80, 0x84, 0x1E, 0x00, // mov ecx, 2000000
        0x66, 0x49,                   // dec ecx
        0x75, 0xFC,                   // jnz back to dec: a millisecond or two on hardware, seconds when interpreted
        0x31, 0xC0,                   // xor ax, ax
        0xB9, 0x05, 0x00,             // mov cx, 5
        0x01, 0xC8,                   // add ax, cx
        0xA3, 0x00, 0x20,             // mov [0x2000], ax
        0xE2, 0xF9,                   // loop back to add
        0xA1, 0x00, 0x20,             // mov ax, [0x2000]
        0xBA, 0xF8, 0x03,             // mov dx, 0x3f8
        0xEE,                         // out dx, al
        0xF4,                         // hlt
    ];

    internal static KvmVerdict Run(string device)
    {
        int kvm = -1, machine = -1, cpu = -1;
        try
        {
            kvm = Checked(Open(device, ReadWrite | CloseOnExec), $"open {device}");
            if (Control(kvm, GetApiVersion, 0) != 12) return new KvmVerdict.Faults("the kernel's KVM interface is not version 12");
            machine = Checked(Control(kvm, CreateVm, 0), "create a machine");
            var memory = Map(Memory, machine: -1);
            var region = new Region { Size = Memory, Address = (ulong)memory };
            Checked(Control(machine, SetMemory, (nint)(&region)), "give it memory");
            Marshal.Copy(Program, 0, memory + Start, Program.Length);
            cpu = Checked(Control(machine, CreateCpu, 0), "create a virtual CPU");
            return RunCpu(cpu, Checked(Control(kvm, GetRunSize, 0), "ask for the CPU's size"));
        }
        catch (KvmFault fault)
        {
            return new KvmVerdict.Faults(fault.Message);
        }
        finally
        {
            foreach (var descriptor in (int[])[cpu, machine, kvm])
                if (descriptor >= 0) Close(descriptor);
        }
    }

    private static KvmVerdict RunCpu(int cpu, int runSize)
    {
        var watch = Stopwatch.StartNew();
        var run = (byte*)Map(runSize, cpu);
        var special = stackalloc byte[312];                    // struct kvm_sregs; cs comes first
        Checked(Control(cpu, GetSpecialRegisters, (nint)special), "read its registers");
        *(ulong*)special = 0;                                  // cs.base
        *(ushort*)(special + 12) = 0;                          // cs.selector
        Checked(Control(cpu, SetSpecialRegisters, (nint)special), "set its code segment");
        var general = stackalloc ulong[18];                    // struct kvm_regs
        new Span<ulong>(general, 18).Clear();
        general[16] = Start;                                   // rip
        general[17] = 2;                                       // rflags: the bit that is always set
        Checked(Control(cpu, SetRegisters, (nint)general), "set its registers");

        var heard = -1;
        while (true)
        {
            Checked(Control(cpu, RunGuest, 0), "run guest instructions");
            switch (*(uint*)(run + 8))                         // kvm_run.exit_reason
            {
                case ExitIo when *(ushort*)(run + 34) == Port: // kvm_run.io.port
                    heard = run[*(long*)(run + 40)];           // kvm_run.io.data_offset
                    break;
                case ExitHalt:
                    return heard != ExpectedSum ? new KvmVerdict.Faults($"the guest computed {heard}, not {ExpectedSum}")
                        // Some nested hosts let the kernel interpret every guest instruction: slower than QEMU's own translation.
                        : watch.Elapsed > LongestOnHardware ? new KvmVerdict.Faults($"the guest needed {watch.ElapsedMilliseconds} ms for a millisecond or two of work; its instructions are interpreted")
                        : new KvmVerdict.Works();
                case var reason:
                    return new KvmVerdict.Faults($"the guest's first instructions ended with exit reason {reason}");
            }
        }
    }

    private static int Checked(int answer, string step) =>
        answer >= 0 ? answer : throw new KvmFault($"cannot {step}: {Marshal.GetLastPInvokeErrorMessage()}");

    // The mappings are a few pages and live until the process ends, because a guest that hangs may still use them.
    private static nint Map(int size, int machine)
    {
        var address = MapMemory(0, (nuint)size, 3, machine < 0 ? 0x22 : 0x01, machine, 0);
        return address == -1 ? throw new KvmFault($"cannot map its memory: {Marshal.GetLastPInvokeErrorMessage()}") : address;
    }

    private const int ReadWrite = 2, CloseOnExec = 0x80000;
    private const nuint GetApiVersion = 0xAE00, CreateVm = 0xAE01, GetRunSize = 0xAE04, CreateCpu = 0xAE41, SetMemory = 0x4020AE46,
        RunGuest = 0xAE80, SetRegisters = 0x4090AE82, GetSpecialRegisters = 0x8138AE83, SetSpecialRegisters = 0x4138AE84;

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int descriptor);

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    private static partial int Control(int descriptor, nuint request, nint argument);

    [LibraryImport("libc", EntryPoint = "mmap", SetLastError = true)]
    private static partial nint MapMemory(nint address, nuint length, int protection, int flags, int descriptor, nint offset);

    [StructLayout(LayoutKind.Sequential)]
    private struct Region
    {
        internal uint Slot, Flags;
        internal ulong GuestAddress, Size, Address;
    }

    private sealed class KvmFault(string message) : Exception(message);
}
