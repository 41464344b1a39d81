using System.Text.RegularExpressions;

namespace Montalegre.Vdi.Portal.Connect;

/// <summary>The line for FreeRDP on Linux, safe to paste into a POSIX shell.</summary>
internal static partial class FreeRdpCommand
{
    /// <summary>Straight to the RDP door.</summary>
    public static string Write(ReadyLaunch launch, string userName, string certificateSha256) =>
        $"xfreerdp /v:{launch.Address} '/load-balance-info:Cookie: msts={launch.Ticket}' {Rest(userName, certificateSha256)}";

    /// <summary>Inside HTTPS, through the RD Gateway.</summary>
    public static string Write(GatewayLaunch launch, string userName, string certificateSha256) =>
        $"xfreerdp /v:{launch.Machine} /g:{launch.Gateway} /gt:http /gat:{launch.Ticket} {Rest(userName, certificateSha256)}";

    // "/p:" stays empty on purpose: without it FreeRDP 2.11 stops and asks for a password that nobody needs here.
    private static string Rest(string userName, string certificateSha256)
    {
        var trust = certificateSha256.Length == 64
            ? $"fingerprint:sha256:{string.Join(':', certificateSha256.ToLowerInvariant().Chunk(2).Select(pair => new string(pair)))}"
            : "tofu";
        return $"{Word("/u:" + userName)} /p: /sec:tls /cert:{trust} /dynamic-resolution +clipboard";
    }

    private static string Word(string word)
    {
        var printable = new string([.. word.Where(c => !char.IsControl(c) && c is not ('\u2028' or '\u2029'))]);
        return Plain().IsMatch(printable) ? printable : $"'{printable.Replace("'", @"'\''", StringComparison.Ordinal)}'";
    }

    [GeneratedRegex(@"\A[A-Za-z0-9/:._@-]+\z", RegexOptions.CultureInvariant)]
    private static partial Regex Plain();
}
