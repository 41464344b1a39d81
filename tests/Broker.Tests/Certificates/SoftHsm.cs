using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;
using Montalegre.Vdi.Broker.Certificates.Pkcs11;

namespace Montalegre.Vdi.Broker.Tests.Certificates;

/// <summary>
/// Real tokens of SoftHSM in a temporary directory. Its library is loaded once in a process and sees the tokens that were there then, so all
/// that the tests need are made before.
/// </summary>
internal static class SoftHsm
{
    public const string Module = "/usr/lib/softhsm/libsofthsm2.so";

    /// <summary>A word that a search can find.</summary>
    public const string Pin = "canario-pin-90210";

    private static readonly Lazy<string> Made = new(Make, LazyThreadSafetyMode.ExecutionAndPublication);

    /// <summary>Settings of a broker whose new keys are made in a token.</summary>
    /// <param name="folder">Where its PIN is written.</param>
    /// <param name="token">certo, outro, errado or vazio.</param>
    public static Pkcs11Options Options(string folder, string token, string pin = Pin)
    {
        _ = Made.Value;
        var file = Path.Combine(folder, $"pin-{token}");
        Write(file, pin);
        return new() { Module = Module, TokenLabel = token, PinFile = file };
    }

    public static void Write(string file, string pin)
    {
        File.WriteAllText(file, pin + "\n");
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    public static string[] Settings(Pkcs11Options options) =>
        [$"--Certificates:Pkcs11:Module={options.Module}", $"--Certificates:Pkcs11:TokenLabel={options.TokenLabel}", $"--Certificates:Pkcs11:PinFile={options.PinFile}"];

    private static string Make()
    {
        var folder = Directory.CreateTempSubdirectory("montalegre-softhsm-").FullName;
        var tokens = Directory.CreateDirectory(Path.Combine(folder, "tokens")).FullName;
        var configuration = Path.Combine(folder, "softhsm2.conf");
        File.WriteAllText(configuration, $"directories.tokendir = {tokens}\nobjectstore.backend = file\nlog.level = ERROR\n");
        // The library asks the process, and programs that are started from here get the same.
        Environment.SetEnvironmentVariable("SOFTHSM2_CONF", configuration);
        if (SetEnvironment("SOFTHSM2_CONF\0"u8.ToArray(), Encoding.UTF8.GetBytes(configuration + "\0"), 1) != 0) throw new InvalidOperationException("setenv");
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(folder, recursive: true);
        foreach (var token in new[] { "certo", "outro", "errado", "vazio", "canario" })
        {
            using var made = Process.Start(new ProcessStartInfo("/usr/bin/softhsm2-util", ["--init-token", "--free", "--label", token, "--so-pin", "12345678", "--pin", Pin]) { RedirectStandardOutput = true })!;
            made.StandardOutput.ReadToEnd();
            made.WaitForExit();
            Assert.Equal(0, made.ExitCode);
        }
        return folder;
    }

    [DllImport("libc", EntryPoint = "setenv")]
    private static extern int SetEnvironment(byte[] name, byte[] value, int overwrite);
}
