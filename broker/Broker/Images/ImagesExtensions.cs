namespace Montalegre.Vdi.Broker.Images;

internal static class ImagesExtensions
{
    public static void AddImages(this IServiceCollection services)
    {
        services.AddSingleton<ImageStore>().AddSingleton<PublishImage>().AddSingleton<RetireImage>().AddSingleton<CopyImages>();
        services.AddHostedService(s => s.GetRequiredService<CopyImages>());
    }
}
