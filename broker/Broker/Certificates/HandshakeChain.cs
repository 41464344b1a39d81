using System.Collections.ObjectModel;
using System.Net.Security;
using System.Runtime.CompilerServices;
using System.Security.Cryptography.X509Certificates;

namespace Montalegre.Vdi.Broker.Certificates;

/// <summary>
/// A handshake that shows leaf and authority. An agent that joins knows only the authority's hash and must see the
/// certificate itself; the runtime leaves a self-signed root out and offers no switch, so we use its own constructor.
/// </summary>
internal static class HandshakeChain
{
    /// <summary>The context for the TLS server. A test holds that both certificates are on the wire.</summary>
    public static SslStreamCertificateContext Of(X509Certificate2 leaf, X509Certificate2 authority) =>
        New(leaf, new ReadOnlyCollection<X509Certificate2>([authority]), null);

    [UnsafeAccessor(UnsafeAccessorKind.Constructor)]
    private static extern SslStreamCertificateContext New(X509Certificate2 target, ReadOnlyCollection<X509Certificate2> intermediates, SslCertificateTrust? trust);
}
