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

    [LibraryImport(Library, EntryPoint = "BIO_get_new_index")]
    public static partial int NewBioType();

    [LibraryImport(Library, EntryPoint = "BIO_meth_new", StringMarshalling = StringMarshalling.Utf8)]
    public static partial nint NewBioMethod(int type, string name);

    [LibraryImport(Library, EntryPoint = "BIO_meth_set_read")]
    public static partial int SetBioRead(nint method, delegate* unmanaged[Cdecl]<nint, byte*, int, int> read);

    [LibraryImport(Library, EntryPoint = "BIO_meth_set_destroy")]
    public static partial int SetBioDestroy(nint method, delegate* unmanaged[Cdecl]<nint, int> destroy);

    [LibraryImport(Library, EntryPoint = "BIO_meth_set_write")]
    public static partial int SetBioWrite(nint method, delegate* unmanaged[Cdecl]<nint, byte*, int, int> write);

    [LibraryImport(Library, EntryPoint = "BIO_meth_set_ctrl")]
    public static partial int SetBioControl(nint method, delegate* unmanaged[Cdecl]<nint, int, nint, nint, nint> control);

    [LibraryImport(Library, EntryPoint = "BIO_new")]
    public static partial nint NewBio(nint method);

    [LibraryImport(Library, EntryPoint = "BIO_set_init")]
    public static partial void SetBioReady(nint bio, int ready);

    [LibraryImport(Library, EntryPoint = "BIO_set_data")]
    [SuppressGCTransition]
    public static partial void SetBioData(nint bio, nint data);

    [LibraryImport(Library, EntryPoint = "BIO_get_data")]
    [SuppressGCTransition]
    public static partial nint BioData(nint bio);

    [LibraryImport(Library, EntryPoint = "BIO_set_flags")]
    [SuppressGCTransition]
    public static partial void SetBioFlags(nint bio, int flags);

    [LibraryImport(Library, EntryPoint = "BIO_clear_flags")]
    [SuppressGCTransition]
    public static partial void ClearBioFlags(nint bio, int flags);
}
