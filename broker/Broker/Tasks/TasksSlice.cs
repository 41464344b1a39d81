namespace Montalegre.Vdi.Broker.Tasks;

/// <summary>Puts the slice together.</summary>
internal static class TasksSlice
{
    public static IServiceCollection AddTasks(this IServiceCollection services) => services.AddSingleton<TaskStore>().AddSingleton<CancelTask>().AddHostedService<ForgetTasks>();

    public static void MapTasks(this WebApplication app) => app.MapGrpcService<TasksService>();
}
