using System.Net.NetworkInformation;
using System.Runtime.Versioning;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Google.Protobuf;
using Microsoft.Win32;

namespace Montalegre.Vdi.Agent.Windows;

/// <summary>What Remote Desktop Services serve on this computer: port and certificate.</summary>
[SupportedOSPlatform("windows")]
internal static class RdpListener
{
    private const string Key = @"SYSTEM\CurrentControlSet\Control\Terminal Server\WinStations\RDP-Tcp";
    private const string SelfSignedStore = "Remote Desktop";

    public static int Port
    {
        get
        {
            using var key = Registry.LocalMachine.OpenSubKey(Key);
            return key?.GetValue("PortNumber") is int port and > 0 and <= 65535 ? port : 3389;
        }
    }

    public static bool Listens()
    {
        var port = Port;
        return IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpListeners().Any(l => l.Port == port);
    }

    /// <summary>The certificate an administrator chose, else the one that Windows made for itself; empty while there is none.</summary>
    public static ByteString CertificateSha256()
    {
        using var key = Registry.LocalMachine.OpenSubKey(Key);
        var chosen = key?.GetValue("SSLCertificateSHA1Hash") is byte[] { Length: 20 } hash ? Find("MY", hash) : null;
        var certificate = chosen ?? Find(SelfSignedStore, null);
        return certificate is null ? ByteString.Empty : ByteString.CopyFrom(SHA256.HashData(certificate));
    }

    private static byte[]? Find(string storeName, byte[]? thumbprint)
    {
        using var store = new X509Store(storeName, StoreLocation.LocalMachine);
        try
        {
            store.Open(OpenFlags.ReadOnly | OpenFlags.OpenExistingOnly);
        }
        catch (CryptographicException)
        {
            return null;
        }
        return store.Certificates
            .Where(c => thumbprint is null || c.GetCertHash().AsSpan().SequenceEqual(thumbprint))
            .OrderByDescending(c => c.NotBefore)
            .FirstOrDefault()?.RawData;
    }
}
