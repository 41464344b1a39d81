using Microsoft.Extensions.Options;
using Montalegre.Vdi.Gateway.Hosting;
using Montalegre.Vdi.Gateway.Reports;

namespace Montalegre.Vdi.Gateway.RdpTcp;

/// <summary>Has the door look from time to time whether somebody renewed its certificate.</summary>
internal sealed class CertificateWatch(DoorCertificate certificate, ConnectionReports reports, IOptions<GatewayOptions> options, TimeProvider time, ILogger<CertificateWatch> log) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (options.Value.CertificateFile is not { } file) return;
        using var tick = new PeriodicTimer(options.Value.CertificateLookEvery, time);
        while (await tick.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                if (!certificate.LookAgain()) continue;
                log.CertificateReplaced(file, certificate.Sha256, certificate.NotAfter);
                reports.Shown(certificate);
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested) { log.CertificateNotReplaced(file, e.Message); }
        }
    }
}
