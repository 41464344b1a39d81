using Google.Protobuf;
using Grpc.Core;
using Montalegre.Vdi.AdminUi.Live;
using Montalegre.Vdi.AdminUi.Words;
using Montalegre.Vdi.Contracts.Admin.V1;

namespace Montalegre.Vdi.AdminUi.Pages.Images;

/// <summary>
/// Hands the pieces of a disk from the browser on to the broker, one in memory at a time. No circuit carries them, so that a
/// page stays quick meanwhile and a broken circuit stops nothing.
/// </summary>
internal static class ImportEndpoints
{
    private const int LongestPiece = 512 * 1024;   // as much as the broker takes at once

    public static void MapImports(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/images/imports/{id:guid}/data", AppendAsync);
        routes.MapPost("/images/imports/{id:guid}/finish", FinishAsync);
    }

    private static async Task<IResult> AppendAsync(Guid id, ulong offset, Broker broker, Language say, HttpContext context, CancellationToken ct)
    {
        if (context.Request.ContentLength is not { } length || length is 0 or > LongestPiece) return Results.Text(say.PageBroke, statusCode: StatusCodes.Status413PayloadTooLarge);
        var piece = new byte[length];
        await context.Request.Body.ReadExactlyAsync(piece, ct);
        return await AnswerAsync(broker, say, context, images => images.AppendImportAsync(new() { ImportId = id.ToString("D"), Offset = offset, Data = UnsafeByteOperations.UnsafeWrap(piece) }, cancellationToken: ct));
    }

    private static Task<IResult> FinishAsync(Guid id, Broker broker, Language say, HttpContext context, CancellationToken ct) =>
        AnswerAsync(broker, say, context, images => images.FinishImportAsync(new() { ImportId = id.ToString("D") }, cancellationToken: ct));

    private static async Task<IResult> AnswerAsync(Broker broker, Language say, HttpContext context, Func<Contracts.Admin.V1.Images.ImagesClient, AsyncUnaryCall<ImageImport>> ask)
    {
        // Another page could make a browser send this with our cookie; it cannot name our origin.
        if (!string.Equals(context.Request.Headers.Origin.ToString(), $"{context.Request.Scheme}://{context.Request.Host}", StringComparison.OrdinalIgnoreCase)) return Results.StatusCode(StatusCodes.Status403Forbidden);
        broker.Begin(context.User);
        try
        {
            var import = await ask(broker.Images);
            return Results.Json(new { received = import.ReceivedBytes, receiving = import.State == ImportState.Receiving });
        }
        // The script waits and tries again by itself.
        catch (RpcException e) when (e.StatusCode is StatusCode.Unavailable) { return Results.StatusCode(StatusCodes.Status503ServiceUnavailable); }
        catch (RpcException e) { return Results.Text(e.Sentence(say.Culture), statusCode: StatusCodes.Status409Conflict); }
    }
}
