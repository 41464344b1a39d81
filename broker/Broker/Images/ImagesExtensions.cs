using Montalegre.Vdi.Broker.Hosting;

namespace Montalegre.Vdi.Broker.Images;

internal static class ImagesExtensions
{
    public static void AddImages(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptionsWithProblems<ImagesOptions>(configuration);
        services.AddSingleton<ImageStore>().AddSingleton<PublishImage>().AddSingleton<RetireImage>().AddSingleton<CopyImages>()
            .AddSingleton<CopyStore>().AddSingleton<CheckCopies>().AddSingleton<DescribeImages>();
        services.AddSingleton<ImportStore>().AddSingleton<ImageFolder>().AddSingleton<PrepareDisk>().AddSingleton<ProcessImports>()
            .AddSingleton<BeginImport>().AddSingleton<AppendImport>().AddSingleton<FinishImport>().AddSingleton<CancelImport>().AddSingleton<PublishUnsealed>().AddSingleton<CaptureMachine>();
        services.AddHostedService(s => s.GetRequiredService<CopyImages>());
        services.AddHostedService(s => s.GetRequiredService<CheckCopies>());
        services.AddHostedService(s => s.GetRequiredService<ProcessImports>());
    }
}
