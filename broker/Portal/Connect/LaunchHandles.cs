using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Montalegre.Vdi.Portal.SignIn;

namespace Montalegre.Vdi.Portal.Connect;

/// <summary>One launch a person asked for: which card (<see cref="Desktops.CardKey"/>), under which request, and the name to show.</summary>
internal sealed record Launching(string Pool, Guid Request, string Name);

/// <summary>
/// The address of a launch page. It is made only by a form of this person, so that no link of another site can start a
/// machine; it carries no ticket, and a restart of the portal loses nothing.
/// </summary>
internal sealed class LaunchHandles(IDataProtectionProvider keys)
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromHours(12);

    public string Make(HttpContext http, Launching launching) => WebEncoders.Base64UrlEncode(
        For(http).Protect(Encoding.UTF8.GetBytes($"{launching.Request:N}\n{launching.Pool}\n{launching.Name}"), Lifetime));

    public Launching? Read(HttpContext http, string handle)
    {
        try
        {
            var parts = Encoding.UTF8.GetString(For(http).Unprotect(WebEncoders.Base64UrlDecode(handle))).Split('\n', 3);
            return parts.Length == 3 && Guid.TryParse(parts[0], out var request) ? new(parts[1], request, parts[2]) : null;
        }
        catch (Exception e) when (e is CryptographicException or FormatException)
        {
            return null;
        }
    }

    private ITimeLimitedDataProtector For(HttpContext http) =>
        keys.CreateProtector("Montalegre.Portal.Launch", PortalSession.UserId(http)).ToTimeLimitedDataProtector();
}
