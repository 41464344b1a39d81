using Montalegre.Vdi.Broker.Hosting;

namespace Montalegre.Vdi.Broker.Certificates;

/// <summary>The installation's authority and what hangs on it.</summary>
internal static class CertificatesExtensions
{
    public static IServiceCollection AddCertificates(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptionsWithProblems<CertificatesOptions>(configuration);
        services.AddSingleton<KeyFiles>();
        services.AddSingleton<KeyRing>();
        services.AddSingleton<SecretBox>();
        services.AddSingleton<RotateKey>();
        services.AddSingleton<CertificateStore>();
        services.AddSingleton<CertificateAuthority>();
        services.AddSingleton<ServerCertificate>();
        services.AddSingleton<PeerCheck>();
        services.AddSingleton<DemonstrationCertificate>();
        services.AddStartUpStep("certificate authority", (s, ct) => s.GetRequiredService<CertificateAuthority>().LoadAsync(ct));
        services.AddStartUpStep("demonstration certificate", (s, ct) => s.GetRequiredService<DemonstrationCertificate>().WriteAsync(ct));
        return services;
    }
}
