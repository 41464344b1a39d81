using System.Security.Cryptography.X509Certificates;
using Montalegre.Vdi.Rig.Networks;

namespace Montalegre.Vdi.Rig.Stack;

/// <summary>Trusts one installation's authority, and nobody else, whatever name or address a server is reached by.</summary>
public static class StackTrust
{
    /// <summary>A handler for HTTP and gRPC.</summary>
    /// <param name="authorityFile">PEM file; read at each handshake, because a first start makes it while we wait.</param>
    /// <param name="network">Connects from inside this network.</param>
    public static SocketsHttpHandler Handler(string authorityFile, TestNetwork? network = null)
    {
        var handler = new SocketsHttpHandler { EnableMultipleHttp2Connections = true, AllowAutoRedirect = false };
        if (network is not null) handler.ConnectCallback = (context, ct) => network.ConnectAsync(context.DnsEndPoint, ct);
        handler.SslOptions.RemoteCertificateValidationCallback = (_, certificate, _, _) =>
        {
            if (certificate is null || !File.Exists(authorityFile)) return false;
            using var authority = X509CertificateLoader.LoadCertificateFromFile(authorityFile);
            using var chain = new X509Chain { ChainPolicy = { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck } };
            chain.ChainPolicy.CustomTrustStore.Add(authority);
            using var leaf = X509CertificateLoader.LoadCertificate(certificate.GetRawCertData());
            return chain.Build(leaf);
        };
        return handler;
    }
}
