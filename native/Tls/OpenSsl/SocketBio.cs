using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Montalegre.Vdi.Tls.Polling;

namespace Montalegre.Vdi.Tls.OpenSsl;

/// <summary>
/// The BIO between OpenSSL and a socket, in place of OpenSSL's own. One system call receives many records, into a buffer that
/// exists only while it holds something; and records that are followed by others go to the kernel as one.
/// </summary>
/// <remarks>OpenSSL's own read-ahead moves all it holds to the front of its buffer for each record, which short records make dear.</remarks>
internal static unsafe class SocketBio
{
    private const int BufferLength = 64 * 1024;
    private const int TypeSourceSink = 0x0400;      // BIO_TYPE_SOURCE_SINK
    private const int ControlEnd = 2;               // BIO_CTRL_EOF
    private const int ControlFlush = 11;            // BIO_CTRL_FLUSH
    private const int FlagsAll = 0x0F;              // BIO_FLAGS_RWS | BIO_FLAGS_SHOULD_RETRY
    private const int FlagsRetryRead = 0x09;        // BIO_FLAGS_READ | BIO_FLAGS_SHOULD_RETRY
    private const int FlagsRetryWrite = 0x0A;       // BIO_FLAGS_WRITE | BIO_FLAGS_SHOULD_RETRY

    private static readonly nint Method = NewMethod();

    /// <summary>A BIO over the descriptor, which it does not own.</summary>
    public static nint New(int descriptor)
    {
        var bio = CryptoApi.NewBio(Method);
        if (bio == 0) throw OpenSslErrors.Unexpected("BIO_new");
        var state = (State*)NativeMemory.AllocZeroed((nuint)sizeof(State));
        state->Descriptor = descriptor;
        CryptoApi.SetBioData(bio, (nint)state);
        CryptoApi.SetBioReady(bio, 1);
        return bio;
    }

    /// <summary>Whether the next records are followed by others at once. The last ones must be written without.</summary>
    public static void SayMoreFollows(nint bio, bool moreFollows) => StateOf(bio)->MoreFollows = moreFollows ? 1 : 0;

    private static State* StateOf(nint bio) => (State*)CryptoApi.BioData(bio);

    private static nint NewMethod()
    {
        var method = CryptoApi.NewBioMethod(CryptoApi.NewBioType() | TypeSourceSink, "polled socket");
        if (method == 0 || CryptoApi.SetBioRead(method, &Read) != 1 || CryptoApi.SetBioWrite(method, &Write) != 1
            || CryptoApi.SetBioControl(method, &Control) != 1 || CryptoApi.SetBioDestroy(method, &Destroy) != 1)
            throw OpenSslErrors.Unexpected("BIO_meth_new");
        return method;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Read(nint bio, byte* data, int length)
    {
        var state = StateOf(bio);
        CryptoApi.ClearBioFlags(bio, FlagsAll);
        if (state->Start == state->End)
        {
            if (state->Buffer == null) state->Buffer = (byte*)NativeMemory.Alloc(BufferLength);
            var received = (int)LinuxApi.Receive(state->Descriptor, state->Buffer, BufferLength, 0);
            if (received <= 0)
            {
                Release(state);
                state->Ended = received == 0 ? 1 : 0;
                return received < 0 ? Failed(bio, FlagsRetryRead) : 0;
            }
            (state->Start, state->End) = (0, received);
        }
        var taken = Math.Min(length, state->End - state->Start);
        Buffer.MemoryCopy(state->Buffer + state->Start, data, length, taken);
        state->Start += taken;
        if (state->Start == state->End) Release(state);
        return taken;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Write(nint bio, byte* data, int length)
    {
        var state = StateOf(bio);
        CryptoApi.ClearBioFlags(bio, FlagsAll);
        var sent = (int)LinuxApi.Send(state->Descriptor, data, (nuint)length, LinuxApi.NoSignal | (state->MoreFollows == 1 ? LinuxApi.More : 0));
        return sent >= 0 ? sent : Failed(bio, FlagsRetryWrite);
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static nint Control(nint bio, int command, nint number, nint argument) => command switch
    {
        ControlEnd => StateOf(bio)->Ended,
        ControlFlush => 1,
        _ => 0,
    };

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Destroy(nint bio)
    {
        var state = StateOf(bio);
        if (state == null) return 1;
        Release(state);
        NativeMemory.Free(state);
        CryptoApi.SetBioData(bio, 0);
        return 1;
    }

    private static int Failed(nint bio, int retry)
    {
        var errno = Marshal.GetLastPInvokeError();
        if (errno is LinuxApi.TryAgain or LinuxApi.Interrupted) CryptoApi.SetBioFlags(bio, retry);
        Marshal.SetLastSystemError(errno);          // whoever called OpenSSL reads it
        return -1;
    }

    private static void Release(State* state)
    {
        NativeMemory.Free(state->Buffer);
        state->Buffer = null;
        (state->Start, state->End) = (0, 0);
    }

    private struct State
    {
        public byte* Buffer;
        public int Start;
        public int End;
        public int Descriptor;
        public int MoreFollows;
        public int Ended;
    }
}
