using Grpc.Core;
using Montalegre.Vdi.AdminUi.Hosting;
using Montalegre.Vdi.Contracts.Identity.V1;

namespace Montalegre.Vdi.AdminUi.SignIn;

/// <summary>Whether this page's address is one for which the broker takes passkeys.</summary>
internal static class Passkeys
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    /// <summary>False also when the broker does not answer: that costs the button, and the page itself says what is wrong.</summary>
    public static async Task<bool> AreOfferedAsync(BrokerChannel broker, HttpContext context)
    {
        try
        {
            var place = await new PasskeySignIn.PasskeySignInClient(broker.Channel).GetPlaceAsync(new(), deadline: DateTime.UtcNow + Patience);
            return AreOf(place.Host, context);
        }
        catch (RpcException) { return false; }
    }

    /// <param name="host">As the broker names it; empty: none.</param>
    /// <param name="context">The request.</param>
    public static bool AreOf(string host, HttpContext context) =>
        host.Length > 0 && (context.Request.Host.Host == host || context.Request.Host.Host.EndsWith('.' + host, StringComparison.Ordinal));
}
