using Montalegre.Vdi.Broker.Hosting;
using Montalegre.Vdi.Broker.Identity;

namespace Montalegre.Vdi.Broker.Directories;

internal static class DirectoriesSlice
{
    public static IServiceCollection AddDirectories(this IServiceCollection services, IConfiguration configuration) => services
        .AddOptionsWithProblems<DirectoriesOptions>(configuration)
        .AddSingleton<DirectoryStore>()
        .AddSingleton<DirectoryPeopleStore>()
        .AddSingleton<DirectoryClient>()
        .AddSingleton<ChangeDirectoryPassword>()
        .AddSingleton<IDirectories, CheckInDirectories>()
        .AddSingleton<SyncDirectory>()
        .AddSingleton<TestDirectory>()
        .AddHostedService<DirectorySweep>();

    public static void MapDirectories(this WebApplication app) => app.MapGrpcService<DirectoriesService>();
}
