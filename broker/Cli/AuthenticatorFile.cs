using OtpNet;

namespace Montalegre.Vdi.Cli;

/// <summary>
/// An authenticator app in a file, readable by its owner alone: for scripts, and for who tries the product without a telephone.
/// Whoever can read it has the second factor, so it does not belong beside the password.
/// </summary>
internal static class AuthenticatorFile
{
    /// <summary>The option that names the file.</summary>
    public const string Option = "authenticator-file";

    public static void Write(string file, string secret)
    {
        using var writer = new StreamWriter(file, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite });
        writer.WriteLine(secret);
    }

    /// <summary>The code of now, or of some steps of 30 s later.</summary>
    public static string Code(string file, int steps = 0)
    {
        if (!File.Exists(file)) throw new UsageException($"--{Option} {file}");
        return Code(ReadSecret(file), steps);
    }

    private static byte[] ReadSecret(string file)
    {
        try { return Base32Encoding.ToBytes(File.ReadAllText(file).Trim()); }
        catch (ArgumentException) { throw new UsageException($"--{Option} {file}"); }
    }

    private static string Code(byte[] secret, int steps) => new Totp(secret).ComputeTotp(DateTime.UtcNow.AddSeconds(30 * steps));
}
