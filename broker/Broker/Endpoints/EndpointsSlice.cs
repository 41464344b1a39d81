namespace Montalegre.Vdi.Broker.Endpoints;

internal static class EndpointsSlice
{
    public static IServiceCollection AddEndpoints(this IServiceCollection services) => services.AddSingleton<EndpointGroupStore>();

    public static void MapEndpointGroups(this WebApplication app) => app.MapGrpcService<EndpointGroupsService>();
}
