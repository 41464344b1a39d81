using System.Text.Json;
using Grpc.Core;
using Montalegre.Vdi.Contracts;
using Montalegre.Vdi.Contracts.Common.V1;

namespace Montalegre.Vdi.Cli;

/// <summary>Says why a command failed: the public reason code, then the sentence in the person's language.</summary>
internal static class Failures
{
    public const int Refused = 1;
    public const int Usage = 2;

    public static int Say(Screen screen, RpcException e)
    {
        var code = Enum.GetValues<ReasonCode>().FirstOrDefault(known => ReasonTexts.Name(known) == e.Trailers.GetValue("reason"));
        if (code is ReasonCode.Unspecified) code = e.StatusCode is StatusCode.Unavailable ? ReasonCode.BrokerUnavailable : ReasonCode.Internal;
        var detail = string.Join(", ", new[] { e.Trailers.GetValue("reason-detail"), e.Trailers.GetValue("reference") }.Where(part => !string.IsNullOrEmpty(part)));
        // Without a reason of ours the transport's own words are all there is, for example a certificate that is not trusted.
        if (e.Trailers.GetValue("reason") is null) detail = e.Status.DebugException?.GetBaseException().Message ?? e.Status.Detail;
        return Say(screen, new Reason { Code = code, Detail = detail });
    }

    public static int Say(Screen screen, Reason reason)
    {
        var name = ReasonTexts.Name(reason.Code);
        var sentence = ReasonTexts.Sentence(reason.Code, screen.Culture);
        var detail = string.Join(", ", new[] { reason.Detail, reason.Reference }.Where(part => part.Length > 0));
        if (screen.Json) screen.Result(JsonSerializer.Serialize(new { reason = name, message = sentence, detail }));
        else screen.Say($"{name}: {sentence}{(detail.Length > 0 ? $" ({detail})" : "")}", $"{name}: {sentence}{(detail.Length > 0 ? $" ({detail})" : "")}");
        if (reason.Code is ReasonCode.SignInExpired) screen.Say("Use: montalegre sign-in", "Use: montalegre sign-in");
        return Refused;
    }
}
