namespace Montalegre.Vdi.Broker.Desk;

/// <summary>What people at the console keep for themselves and write down about others.</summary>
internal static class DeskSlice
{
    public static IServiceCollection AddDesk(this IServiceCollection services) => services.AddSingleton<SavedViewStore>().AddSingleton<UserNoteStore>();

    public static void MapDesk(this WebApplication app)
    {
        app.MapGrpcService<SavedViewsService>();
        app.MapGrpcService<UserNotesService>();
    }
}
