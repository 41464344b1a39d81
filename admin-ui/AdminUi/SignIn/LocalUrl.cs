namespace Montalegre.Vdi.AdminUi.SignIn;

/// <summary>Where to go after sign-in: only to a page of ours, never to an address that somebody put into a link.</summary>
internal static class LocalUrl
{
    public static string OrHome(string? url) => IsLocal(url) ? url! : "/";

    public static bool IsLocal(string? url) =>
        url is ['/', ..]
        && url.Length <= 2048
        && !(url.Length > 1 && url[1] is '/' or '\\')
        && !url.AsSpan().ContainsAnyInRange('\0', '\u001f')
        && !url.Contains('\\', StringComparison.Ordinal);
}
