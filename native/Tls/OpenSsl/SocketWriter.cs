using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Montalegre.Vdi.Tls.Polling;

namespace Montalegre.Vdi.Tls.OpenSsl;

/// <summary>
/// The BIO through which OpenSSL writes to a socket. OpenSSL's own sends each record by itself, and each wakes the peer; this
/// one can say that more follows at once, so that the kernel sends several records together.
/// </summary>
internal static unsafe class SocketWriter
{
    private const int TypeSourceSink = 0x0400;      // BIO_TYPE_SOURCE_SINK
    private const int ControlFlush = 11;            // BIO_CTRL_FLUSH
    private const int FlagsAll = 0x0F;              // BIO_FLAGS_RWS | BIO_FLAGS_SHOULD_RETRY
    private const int FlagsRetryWrite = 0x0A;       // BIO_FLAGS_WRITE | BIO_FLAGS_SHOULD_RETRY

    private static readonly nint Method = NewMethod();

    /// <summary>A BIO over the descriptor, which it does not own.</summary>
    public static nint New(int descriptor)
    {
        var bio = CryptoApi.NewBio(Method);
        if (bio == 0) throw OpenSslErrors.Unexpected("BIO_new");
        Say(bio, descriptor, moreFollows: false);
        CryptoApi.SetBioReady(bio, 1);
        return bio;
    }

    /// <summary>Whether the next records are followed by others at once. The last ones must be written without.</summary>
    public static void Say(nint bio, int descriptor, bool moreFollows) => CryptoApi.SetBioData(bio, (nint)descriptor << 1 | (moreFollows ? 1 : 0));

    private static nint NewMethod()
    {
        var method = CryptoApi.NewBioMethod(CryptoApi.NewBioType() | TypeSourceSink, "socket that can wait for more");
        if (method == 0 || CryptoApi.SetBioWrite(method, &Write) != 1 || CryptoApi.SetBioControl(method, &Control) != 1) throw OpenSslErrors.Unexpected("BIO_meth_new");
        return method;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Write(nint bio, byte* data, int length)
    {
        var state = CryptoApi.BioData(bio);
        CryptoApi.ClearBioFlags(bio, FlagsAll);
        var sent = (int)LinuxApi.Send((int)(state >> 1), data, (nuint)length, LinuxApi.NoSignal | ((state & 1) != 0 ? LinuxApi.More : 0));
        if (sent >= 0) return sent;
        var errno = Marshal.GetLastPInvokeError();
        if (errno is LinuxApi.TryAgain or LinuxApi.Interrupted) CryptoApi.SetBioFlags(bio, FlagsRetryWrite);
        Marshal.SetLastSystemError(errno);          // our caller's caller reads it
        return sent;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static nint Control(nint bio, int command, nint number, nint argument) => command == ControlFlush ? 1 : 0;
}
