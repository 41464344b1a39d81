namespace Montalegre.Vdi.Rig.Commands;

/// <summary>Builds the golden image, or finds the one that the same recipe made before.</summary>
internal static class ImageCommand
{
    public static async Task<int> RunAsync(CancellationToken ct)
    {
        var progress = new Progress(Console.Error);
        await Packages.EnsureAsync(PackagePurpose.Up, progress, ct);
        Console.WriteLine(await BuildAsync(progress, ct));
        return 0;
    }

    public static Task<string> BuildAsync(Progress progress, CancellationToken ct) => throw new NotSupportedException();
}
