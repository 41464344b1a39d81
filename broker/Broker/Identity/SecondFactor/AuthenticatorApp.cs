using System.Security.Cryptography;
using OtpNet;

namespace Montalegre.Vdi.Broker.Identity.SecondFactor;

/// <summary>Time-based one-time passwords as every authenticator app makes them: RFC 6238 with SHA-1, 6 digits, steps of 30 s.</summary>
internal static class AuthenticatorApp
{
    public const int Digits = 6;
    private const string Issuer = "Montalegre VDI";
    private const int SecretBytes = 20;                            // RFC 4226 section 4, R6

    // Clocks of telephones are off, and typing takes a moment.
    private static readonly VerificationWindow OneStepAround = new(previous: 1, future: 1);

    public static byte[] NewSecret() => RandomNumberGenerator.GetBytes(SecretBytes);

    /// <summary>For who types it.</summary>
    public static string Text(byte[] secret) => Base32Encoding.ToString(secret);

    /// <summary>For a QR code.</summary>
    public static string Uri(byte[] secret, string userName) => new OtpUri(OtpType.Totp, secret, userName, Issuer).ToString();

    /// <summary>The step that a code belongs to; null for a wrong code. Whether the step was used before is for the database to say.</summary>
    public static long? StepOf(byte[] secret, string code, DateTimeOffset now) =>
        new Totp(secret).VerifyTotp(now.UtcDateTime, code, out var step, OneStepAround) ? step : null;
}
