namespace Montalegre.Vdi.Broker.Groups;

internal static class GroupsSlice
{
    public static IServiceCollection AddGroups(this IServiceCollection services) => services.AddSingleton<GroupStore>();

    public static void MapGroups(this WebApplication app) => app.MapGrpcService<GroupsService>();
}
