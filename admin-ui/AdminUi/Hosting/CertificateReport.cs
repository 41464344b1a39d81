using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Montalegre.Vdi.AdminUi.Live;

namespace Montalegre.Vdi.AdminUi.Hosting;

/// <summary>Tells the broker which certificate browsers see here, as soon as somebody is signed in, and again when it is another one or some hours have passed.</summary>
internal sealed class CertificateReport(ConsoleCertificate certificate, TimeProvider time)
{
    private static readonly TimeSpan Again = TimeSpan.FromHours(6);
    private (string Thumbprint, long At)? _told;

    public async Task RunAsync(Broker broker)
    {
        var shown = certificate.Now.TargetCertificate;
        if (_told is { } told && told.Thumbprint == shown.Thumbprint && time.GetElapsedTime(told.At) < Again) return;
        _told = (shown.Thumbprint, time.GetTimestamp());
        try
        {
            await broker.Administrators.ReportCertificateAsync(new() { Name = Environment.MachineName, Subject = shown.Subject.Length > 200 ? shown.Subject[..200] : shown.Subject, NotAfter = Timestamp.FromDateTime(shown.NotAfter.ToUniversalTime()) });
        }
        catch (RpcException) { _told = null; }   // whoever comes next tries again; the page says what is wrong with the broker
    }
}
