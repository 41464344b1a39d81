using Grpc.Core;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Montalegre.Vdi.Portal.Hosting;

/// <summary>Event ids 5100 to 5199. Never a ticket, a password or a session token.</summary>
internal static partial class PortalLog
{
    [LoggerMessage(5101, LogLevel.Warning, "A {Method} to {Path} came from another site and was refused")]
    public static partial void ForeignOrigin(this ILogger log, string method, PathString path);

    [LoggerMessage(5102, LogLevel.Warning, "The broker answered {Status} to {Path}; shown with reference {Reference}")]
    public static partial void BrokerFailed(this ILogger log, StatusCode status, PathString path, string reference, Exception exception);

    [LoggerMessage(5103, LogLevel.Error, "A page failed at {Path}; shown with reference {Reference}")]
    public static partial void PageFailed(this ILogger log, PathString path, string reference, Exception exception);

    [LoggerMessage(5104, LogLevel.Information, "Signing out at the broker failed with {Status}; the cookie was removed all the same")]
    public static partial void SignOutFailed(this ILogger log, StatusCode status);

    [LoggerMessage(5105, LogLevel.Warning, "The broker answered {Status} when asked for announcements and links; the desktops are shown without")]
    public static partial void NoContent(this ILogger log, StatusCode status);

    [LoggerMessage(5106, LogLevel.Information, "Help was asked for under reference {Reference} by {User} from {Address}")]
    public static partial void HelpAsked(this ILogger log, string reference, string user, string address);

    [LoggerMessage(5130, LogLevel.Warning, "The broker answered {Status} when asked for providers to sign in with; the sign-in page shows those it told last, or none")]
    public static partial void NoProviders(this ILogger log, StatusCode status);
}
