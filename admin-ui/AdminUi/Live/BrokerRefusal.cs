using System.Globalization;
using Grpc.Core;
using Montalegre.Vdi.AdminUi.Words;
using Montalegre.Vdi.Contracts;
using Montalegre.Vdi.Contracts.Common.V1;

namespace Montalegre.Vdi.AdminUi.Live;

/// <summary>Turns a refused call into the public reason, and the reason into a sentence.</summary>
internal static class BrokerRefusal
{
    private static readonly Dictionary<string, ReasonCode> Codes =
        Enum.GetValues<ReasonCode>().ToDictionary(ReasonTexts.Name, StringComparer.Ordinal);

    public static ReasonCode Reason(this RpcException refusal) =>
        Parse(refusal.Trailers.GetValue("reason")) ?? refusal.StatusCode switch
        {
            StatusCode.Unavailable or StatusCode.DeadlineExceeded or StatusCode.Cancelled => ReasonCode.BrokerUnavailable,
            // A broken or distrusted connection: the client library calls it internal, the broker never answered.
            StatusCode.Internal when refusal.Status.DebugException is HttpRequestException or IOException => ReasonCode.BrokerUnavailable,
            StatusCode.Unauthenticated => ReasonCode.SignInExpired,
            StatusCode.PermissionDenied => ReasonCode.NotAllowed,
            StatusCode.NotFound => ReasonCode.NotFound,
            StatusCode.AlreadyExists => ReasonCode.NameTaken,
            StatusCode.Unimplemented => ReasonCode.NotSupported,
            _ => ReasonCode.Internal,
        };

    public static ReasonCode? Parse(string? name) => name is not null && Codes.TryGetValue(name, out var code) ? code : null;

    /// <summary>What is wrong with each field of a form, where the broker said so: the field and a code.</summary>
    public static IReadOnlyList<(string Field, string Reason)> Fields(this RpcException refusal) =>
        refusal.Trailers.GetValueBytes("grpc-status-details-bin") is not { } details ? []
        : [.. Google.Rpc.Status.Parser.ParseFrom(details).Details.Where(d => d.Is(Google.Rpc.BadRequest.Descriptor)).SelectMany(d => d.Unpack<Google.Rpc.BadRequest>().FieldViolations).Select(v => (v.Field, v.Reason))];

    public static string Sentence(this RpcException refusal, CultureInfo culture)
    {
        var sentence = ReasonTexts.Sentence(refusal.Reason(), culture);
        var detail = refusal.Trailers.GetValue("reason-detail");
        if (string.IsNullOrEmpty(detail)) return sentence;
        if (TaskTexts.Detail(refusal.Reason(), detail, culture) is { } words) return $"{sentence} ({words})";
        return new Language(culture).FieldProblem(detail) is { } named ? $"{sentence} {named}" : $"{sentence} ({detail})";
    }
}
