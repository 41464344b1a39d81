using Montalegre.Vdi.Rig.Images;
using Montalegre.Vdi.Rig.Stack;

namespace Montalegre.Vdi.Rig.Commands;

/// <summary>Builds the golden image, or finds the one that the same recipe made before.</summary>
public static class ImageCommand
{
    // The service account reads the image, and root's home is closed to it.
    private static string? Cache => Environment.IsPrivilegedProcess ? "/var/cache/montalegre-vdi/images" : null;

    /// <summary>Prints the path of the image.</summary>
    public static async Task<int> RunAsync(CancellationToken ct)
    {
        var progress = new Progress(Console.Error);
        await Packages.EnsureAsync(PackagePurpose.Up, progress, ct);
        Console.WriteLine(await BuildAsync(progress, ct));
        return 0;
    }

    /// <summary>Path of the image with the agent and PAM module of this checkout in it.</summary>
    public static async Task<string> BuildAsync(Progress progress, CancellationToken ct)
    {
        var module = await Builds.PamModuleAsync(progress, ct);
        var agent = await Builds.AgentAsync(progress, ct);
        await using var step = progress.Step("Golden image");
        var image = await new GoldenImage(Checkout.Path("agent/Image"), module, agent, Cache).BuildAsync(new Progress<string>(step.Detail), ct);
        return image.Path;
    }
}
