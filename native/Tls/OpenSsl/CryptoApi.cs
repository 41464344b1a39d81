using System.Runtime.InteropServices;

namespace Montalegre.Vdi.Tls.OpenSsl;

/// <summary>The C functions of OpenSSL 3's libcrypto that we call, as they are (crypto(7)).</summary>
internal static unsafe partial class CryptoApi
{
    private const string Library = "libcrypto.so.3";

    [LibraryImport(Library, EntryPoint = "ERR_clear_error")]
    [SuppressGCTransition]
    public static partial void ClearErrors();

    [LibraryImport(Library, EntryPoint = "ERR_get_error")]
    public static partial ulong NextError();

    [LibraryImport(Library, EntryPoint = "ERR_reason_error_string")]
    public static partial nint ErrorReason(ulong code);

    [LibraryImport(Library, EntryPoint = "d2i_AutoPrivateKey")]
    public static partial KeyHandle ReadKey(nint reuse, byte** der, nint length);

    [LibraryImport(Library, EntryPoint = "EVP_PKEY_free")]
    public static partial void FreeKey(nint key);

    [LibraryImport(Library, EntryPoint = "d2i_X509")]
    public static partial nint ReadCertificate(nint reuse, byte** der, nint length);

    [LibraryImport(Library, EntryPoint = "i2d_X509")]
    public static partial int WriteCertificate(nint certificate, byte** der);

    [LibraryImport(Library, EntryPoint = "X509_free")]
    public static partial void FreeCertificate(nint certificate);
}
