using System.Text.Json.Nodes;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Montalegre.Vdi.Contracts.Common.V1;
using Montalegre.Vdi.Portal.Hosting;
using Montalegre.Vdi.Portal.Pages;
using Montalegre.Vdi.Portal.SignIn;

namespace Montalegre.Vdi.Portal.Account;

/// <summary>A person's own passkeys: added by the script's answer, renamed and removed by plain forms.</summary>
internal static class OwnPasskeyEndpoints
{
    public const string Path = "/account/passkeys";
    private const string Back = "/account";

    public static void Map(IEndpointRouteBuilder portal)
    {
        portal.MapPost(Path + "/begin", BeginAsync).RequireAuthorization().WithFormGuard();
        portal.MapPost(Path, AddAsync).RequireAuthorization().WithFormGuard();
        portal.MapPost(Path + "/rename", RenameAsync).RequireAuthorization().WithFormGuard();
        portal.MapPost(Path + "/remove", RemoveAsync).RequireAuthorization().WithFormGuard();
    }

    private static async Task<IResult> BeginAsync(HttpContext http, PasskeyCalls passkeys)
    {
        try { return await PasskeyEndpoints.QuestionAsync(http, () => passkeys.BeginOwnAsync(http)); }
        catch (RpcException e) when (BrokerReason.Named(e) is ReasonCode.SignInAgain) { return Results.Json(new JsonObject { ["go"] = FactorEndpoints.SignInAgain(Back) }); }
    }

    private static Task<IResult> AddAsync(HttpContext http, PasskeyCalls passkeys) => FactorEndpoints.FreshAsync(http, Back, async () =>
    {
        var form = await http.Request.ReadFormAsync(http.RequestAborted);
        var codes = await passkeys.AddAsync(http, form["answer"].ToString(), form["name"].ToString());
        return codes.Count > 0 ? FactorEndpoints.Codes(http, codes) : Navigation.SeeOther(http, Back + "?done=passkey-added");
    });

    private static async Task<IResult> RenameAsync(HttpContext http, PasskeyCalls passkeys)
    {
        var form = await http.Request.ReadFormAsync(http.RequestAborted);
        await passkeys.RenameAsync(http, form["passkey"].ToString(), form["name"].ToString());
        return Navigation.SeeOther(http, Back + "?done=passkey-renamed");
    }

    private static Task<IResult> RemoveAsync(HttpContext http, PasskeyCalls passkeys) => FactorEndpoints.FreshAsync(http, Back, async () =>
    {
        var form = await http.Request.ReadFormAsync(http.RequestAborted);
        await passkeys.RemoveAsync(http, form["passkey"].ToString());
        return Navigation.SeeOther(http, Back + "?done=passkey-removed");
    });
}
