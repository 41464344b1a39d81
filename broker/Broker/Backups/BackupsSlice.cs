using Microsoft.Extensions.Options;
using Montalegre.Vdi.Broker.Hosting;
using Montalegre.Vdi.Broker.Storage;
using Npgsql;

namespace Montalegre.Vdi.Broker.Backups;

internal static class BackupsSlice
{
    public static IServiceCollection AddBackups(this IServiceCollection services, IConfiguration configuration) => services
        .AddOptionsWithProblems<BackupOptions>(configuration)
        .AddSingleton<BackupStore>()
        .AddSingleton<TakeBackup>()
        .AddSingleton<VerifyBackup>()
        .AddSingleton<RestoreBackup>()
        .AddSingleton<UpgradeCluster>()
        .AddSingleton<PromoteToHa>()
        .AddSingleton<ConfirmHa>()
        .AddSingleton<BackupStatus>()
        .AddSingleton(s => Archiving(s.GetRequiredService<IOptions<BackupOptions>>().Value, s.GetRequiredService<BackupStore>()))
        .AddHostedService<BackupSchedule>();

    public static void MapBackups(this WebApplication app)
    {
        app.MapGrpcService<BackupsService>();
        app.MapGet("/healthz/backup", HealthAsync);
    }

    // A piece that is there already, because a crash came between archiving and noting it, is right if it is the same.
    private static ClusterSettings Archiving(BackupOptions options, BackupStore backups)
    {
        if (!options.Enabled) return new ClusterSettings(() => { }, ("archive_mode", "off"));
        var piece = $"{backups.Log}/%f";
        return new ClusterSettings(() => Prepare(backups),
            ("archive_mode", "on"),
            ("archive_timeout", $"{options.ArchiveSeconds}s"),
            ("archive_command", $"if test -f \"{piece}.gz\"; then gzip -dc \"{piece}.gz\" | cmp -s - \"%p\"; else gzip -c \"%p\" > \"{piece}.part\" && sync \"{piece}.part\" && mv \"{piece}.part\" \"{piece}.gz\"; fi"));
    }

    private static void Prepare(BackupStore backups)
    {
        // The path stands in a command that PostgreSQL gives to the shell.
        if (!BackupOptions.PlainPath().IsMatch(backups.Root))
            throw new StartUpException($"Backups would go to '{backups.Root}', a path that cannot stand in PostgreSQL's archive command. Set {BackupOptions.SectionName}:{nameof(BackupOptions.Directory)} to one of letters, digits, and / . _ -");
        backups.MakeDirectories();
    }

    private static async Task<IResult> HealthAsync(BackupStatus status, CancellationToken ct)
    {
        try
        {
            var state = await status.AskAsync(ct);
            return state.Problem is null
                ? TypedResults.Text(!state.Managed ? "Backups are not made here." : state.Last is { } last ? $"The last backup is of {last.At:u}." : "The first backup is about to be made.")
                : TypedResults.Text("Backups need attention; see their status.", statusCode: StatusCodes.Status503ServiceUnavailable);   // open to everybody: no paths, no reasons
        }
        catch (NpgsqlException)
        {
            return TypedResults.Text("The database does not answer.", statusCode: StatusCodes.Status503ServiceUnavailable);
        }
    }
}
