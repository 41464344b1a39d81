using System.Runtime.InteropServices;

namespace Montalegre.Vdi.Tls.OpenSsl;

/// <summary>The C functions of OpenSSL 3's libssl that we call, as they are (ssl(7)).</summary>
internal static unsafe partial class SslApi
{
    private const string Library = "libssl.so.3";

    public const int WantRead = 2;          // SSL_ERROR_*
    public const int WantWrite = 3;
    public const int SystemCall = 5;
    public const int ZeroReturn = 6;

    public const int ControlMode = 33;      // SSL_CTRL_*
    public const int ControlSessionCache = 44;
    public const int ControlMinimumVersion = 123;
    public const int ControlExtraChainCertificate = 14;
    public const int Tls12 = 0x0303;

    public const int ModePartialWrite = 1;
    public const int ModeMovingWriteBuffer = 2;
    public const int ModeReleaseBuffers = 16;

    public const ulong OptionIgnoreUnexpectedEnd = 1 << 7;
    public const ulong OptionNoTicket = 1 << 14;
    public const ulong OptionNoCompression = 1 << 17;
    public const ulong OptionNoRenegotiation = 1 << 30;

    private const ulong InitNoAtExit = 0x80000;

    static SslApi()
    {
        // As .NET does it: a clean-up at exit would pull OpenSSL's tables from under threads that still use them.
        if (Initialize(InitNoAtExit, 0) != 1) throw OpenSslErrors.Unexpected("OPENSSL_init_ssl");
    }

    [LibraryImport(Library, EntryPoint = "OPENSSL_init_ssl")]
    private static partial int Initialize(ulong options, nint settings);

    [LibraryImport(Library, EntryPoint = "TLS_server_method")]
    public static partial nint ServerMethod();

    [LibraryImport(Library, EntryPoint = "TLS_client_method")]
    public static partial nint ClientMethod();

    [LibraryImport(Library, EntryPoint = "SSL_CTX_new")]
    public static partial SslContextHandle NewContext(nint method);

    [LibraryImport(Library, EntryPoint = "SSL_CTX_free")]
    public static partial void FreeContext(nint context);

    [LibraryImport(Library, EntryPoint = "SSL_CTX_ctrl")]
    public static partial nint ControlContext(SslContextHandle context, int command, nint value, nint argument);

    [LibraryImport(Library, EntryPoint = "SSL_CTX_set_options")]
    public static partial ulong SetOptions(SslContextHandle context, ulong options);

    [LibraryImport(Library, EntryPoint = "SSL_CTX_set_num_tickets")]
    public static partial int SetTicketCount(SslContextHandle context, nuint count);

    [LibraryImport(Library, EntryPoint = "SSL_CTX_use_certificate_ASN1")]
    public static partial int UseCertificate(SslContextHandle context, int length, byte* der);

    [LibraryImport(Library, EntryPoint = "SSL_CTX_use_PrivateKey")]
    public static partial int UseKey(SslContextHandle context, KeyHandle key);

    [LibraryImport(Library, EntryPoint = "SSL_CTX_check_private_key")]
    public static partial int CheckKey(SslContextHandle context);

    [LibraryImport(Library, EntryPoint = "SSL_CTX_set_alpn_select_cb")]
    public static partial void SetProtocolChoice(SslContextHandle context, delegate* unmanaged[Cdecl]<nint, byte**, byte*, byte*, uint, nint, int> choose, nint argument);

    [LibraryImport(Library, EntryPoint = "SSL_get0_alpn_selected")]
    public static partial void ChosenProtocol(SslHandle ssl, byte** name, uint* length);

    [LibraryImport(Library, EntryPoint = "SSL_new")]
    public static partial SslHandle New(SslContextHandle context);

    [LibraryImport(Library, EntryPoint = "SSL_free")]
    public static partial void Free(nint ssl);

    [LibraryImport(Library, EntryPoint = "SSL_set_bio")]
    public static partial void SetBios(SslHandle ssl, nint reading, nint writing);

    [LibraryImport(Library, EntryPoint = "SSL_set_accept_state")]
    public static partial void SetAcceptState(SslHandle ssl);

    [LibraryImport(Library, EntryPoint = "SSL_set_connect_state")]
    public static partial void SetConnectState(SslHandle ssl);

    [LibraryImport(Library, EntryPoint = "SSL_do_handshake", SetLastError = true)]
    public static partial int Handshake(SslHandle ssl);

    [LibraryImport(Library, EntryPoint = "SSL_read", SetLastError = true)]
    public static partial int Read(SslHandle ssl, byte* buffer, int length);

    [LibraryImport(Library, EntryPoint = "SSL_peek", SetLastError = true)]
    public static partial int Peek(SslHandle ssl, byte* buffer, int length);

    [LibraryImport(Library, EntryPoint = "SSL_write", SetLastError = true)]
    public static partial int Write(SslHandle ssl, byte* buffer, int length);

    [LibraryImport(Library, EntryPoint = "SSL_shutdown", SetLastError = true)]
    public static partial int Shutdown(SslHandle ssl);

    [LibraryImport(Library, EntryPoint = "SSL_get_error")]
    [SuppressGCTransition]
    public static partial int GetError(SslHandle ssl, int result);

    [LibraryImport(Library, EntryPoint = "SSL_version")]
    public static partial int Version(SslHandle ssl);

    [LibraryImport(Library, EntryPoint = "SSL_get0_peer_certificate")]
    public static partial nint PeerCertificate(SslHandle ssl);
}
