namespace Montalegre.Vdi.Rig.Images;

/// <summary>Builds the PAM module of the desktop machines.</summary>
public static class PamModule
{
    /// <summary>Answers the path of pam_montalegre.so, built in <paramref name="output"/> with CMake.</summary>
    public static async Task<string> BuildAsync(string checkout, string output, CancellationToken ct)
    {
        await Command.RunAsync("cmake", ["-S", Path.Combine(checkout, "native", "pam"), "-B", output, "-DBUILD_TESTING=OFF"], ct);
        await Command.RunAsync("cmake", ["--build", output], ct);
        return Path.Combine(output, "pam_montalegre.so");
    }
}
