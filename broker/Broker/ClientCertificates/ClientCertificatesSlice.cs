using Montalegre.Vdi.Broker.Certificates;
using Montalegre.Vdi.Broker.Hosting;

namespace Montalegre.Vdi.Broker.ClientCertificates;

internal static class ClientCertificatesSlice
{
    public static IServiceCollection AddClientCertificates(this IServiceCollection services, IConfiguration configuration) => services
        .AddOptionsWithProblems<ClientCertificateOptions>(configuration)
        .AddSingleton<SignInAuthorityStore>()
        .AddSingleton<CertificateFlowStore>()
        .AddSingleton<RevocationFiles>()
        .AddSingleton<CertificateCheck>()
        .AddSingleton<BeginCertificateSignIn>()
        .AddSingleton<PresentCertificate>()
        .AddSingleton<FinishCertificateSignIn>();

    public static void MapClientCertificates(this WebApplication app)
    {
        app.MapGrpcService<CertificateAuthoritiesService>();
        app.MapGrpcService<CertificateSignInService>();
        app.MapGrpcService<GatewayCertificatesService>().OnChannel(PeerKind.Gateway);
    }
}
