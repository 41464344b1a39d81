using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Options;

namespace Montalegre.Vdi.AdminUi.Hosting;

/// <summary>The console's certificate, read again when its files change, as whoever renews them needs (certbot, any ACME client).</summary>
internal sealed class ConsoleCertificate(IOptions<ConsoleOptions> options, TimeProvider time, ILogger<ConsoleCertificate> log) : BackgroundService
{
    private readonly ConsoleOptions _options = options.Value;
    private byte[] _files = [];
    private volatile SslStreamCertificateContext? _now;

    /// <summary>What a handshake is given that begins now.</summary>
    public SslStreamCertificateContext Now
    {
        get
        {
            if (_now is null) LookAgain();
            return _now!;
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var tick = new PeriodicTimer(_options.CertificateLookEvery, time);
        while (await tick.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                if (LookAgain()) log.CertificateReplaced(_options.CertificatePath, Now.TargetCertificate.GetCertHashString(HashAlgorithmName.SHA256), Now.TargetCertificate.NotAfter.ToUniversalTime());
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested) { log.CertificateNotReplaced(_options.CertificatePath, e.Message); }
        }
    }

    // Files that are just being written do not fit together; then everything stays, and the next look finds them whole.
    private bool LookAgain()
    {
        var key = _options.CertificateKeyPath.Length > 0 ? _options.CertificateKeyPath : _options.CertificatePath;
        byte[] files = [.. SHA256.HashData(File.ReadAllBytes(_options.CertificatePath)), .. SHA256.HashData(File.ReadAllBytes(key))];
        if (_now is not null && CryptographicOperations.FixedTimeEquals(files, _files)) return false;
        var chain = new X509Certificate2Collection();
        chain.ImportFromPemFile(_options.CertificatePath);
        _now = SslStreamCertificateContext.Create(X509Certificate2.CreateFromPemFile(_options.CertificatePath, key), chain, offline: true);
        _files = files;
        return true;
    }
}
