using System.Globalization;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using Grpc.Core;
using Montalegre.Vdi.Contracts;
using Montalegre.Vdi.Contracts.Common.V1;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Hosting;

/// <summary>The one place where a refusal, which is a value, becomes an answer of the public API.</summary>
internal static class Refusal
{
    /// <summary>
    /// Throw the answer from a service: status code, English sentence, trailers <c>reason</c> and <c>reason-detail</c>;
    /// over REST the same as google.rpc.Status with an ErrorInfo.
    /// </summary>
    /// <param name="reason">The public code.</param>
    /// <param name="detail">The field or object it is about. Never a secret.</param>
    /// <param name="reference">For failures of ours: what also stands in the log.</param>
    /// <param name="fields">What is wrong with each field of a form, for callers that show it beside the field.</param>
    public static RpcException Refused(RefusalReason reason, string detail = "", string reference = "", IReadOnlyCollection<BadRequest.Types.FieldViolation>? fields = null)
    {
        var code = (ReasonCode)(int)reason;
        var name = ReasonTexts.Name(code);
        var status = StatusOf(reason);
        var sentence = ReasonTexts.Sentence(code, CultureInfo.InvariantCulture);
        if (detail.Length > 0) sentence = $"{sentence} ({detail})";
        if (reference.Length > 0) sentence = $"{sentence} ({reference})";
        var info = new ErrorInfo { Reason = name, Domain = "montalegre-vdi", Metadata = { { "detail", detail }, { "reference", reference } } };
        var rich = new Google.Rpc.Status { Code = (int)status, Message = sentence, Details = { Any.Pack(info) } };
        if (fields is { Count: > 0 }) rich.Details.Add(Any.Pack(new BadRequest { FieldViolations = { fields } }));
        var trailers = new Metadata { { "reason", name }, { "grpc-status-details-bin", rich.ToByteArray() } };
        if (detail.Length > 0) trailers.Add("reason-detail", Ascii(detail));
        if (reference.Length > 0) trailers.Add("reference", reference);
        return new RpcException(new Grpc.Core.Status(status, sentence), trailers);
    }

    private static StatusCode StatusOf(RefusalReason reason) => reason switch
    {
        RefusalReason.SignInFailed or RefusalReason.SignInExpired or RefusalReason.ApiKeyInvalid or RefusalReason.BreakGlassInvalid or RefusalReason.StepExpired or RefusalReason.PasswordExpired or RefusalReason.AccountLocked or RefusalReason.AccountDisabled
            or RefusalReason.ProviderRefused or RefusalReason.NotKnownHere or RefusalReason.ClaimMissing or (>= RefusalReason.CertificateNotShown and <= RefusalReason.CertificateUnknown) => StatusCode.Unauthenticated,
        RefusalReason.NotEntitled or RefusalReason.NotAllowed or RefusalReason.SecondFactorNeeded or RefusalReason.SignInAgain or RefusalReason.PermissionMissing or RefusalReason.SetUpLinkInvalid or RefusalReason.JoinTokenInvalid
            or RefusalReason.DuplicateIdentity or (>= RefusalReason.TicketUnknown and <= RefusalReason.NoTicket) => StatusCode.PermissionDenied,
        RefusalReason.PasswordTooWeak or RefusalReason.NewPasswordRefused or RefusalReason.CodeWrong or RefusalReason.CodeUsed or RefusalReason.PasskeyRefused or RefusalReason.PasskeyUnknown or RefusalReason.InvalidField or RefusalReason.SettingInvalid or RefusalReason.CertificateRequestInvalid => StatusCode.InvalidArgument,
        RefusalReason.PoolUnknown or RefusalReason.ApplicationUnknown or RefusalReason.NotFound => StatusCode.NotFound,
        RefusalReason.NameTaken => StatusCode.AlreadyExists,
        RefusalReason.SettingChanged => StatusCode.Aborted,
        RefusalReason.InUse or RefusalReason.InDirectory or RefusalReason.SessionEnded or RefusalReason.PoolDisabled or RefusalReason.NotSupported
            or RefusalReason.ImageMissing or RefusalReason.ImageDamaged or RefusalReason.ImageRefused or RefusalReason.ImportIncomplete or RefusalReason.MachineRunning or RefusalReason.ImageNotSealable
            or RefusalReason.MachineInMaintenance or RefusalReason.LastAdministrator or RefusalReason.OtherProgramOpen or RefusalReason.SessionLocked or RefusalReason.LockFailed or RefusalReason.FactorMandatory or RefusalReason.FactorExists or RefusalReason.PasskeysOff or RefusalReason.CertificatesOff or RefusalReason.RolloutRunning or RefusalReason.RolloutOver
            or RefusalReason.TaskOver or RefusalReason.TaskBegun or RefusalReason.TaskNotCancellable or RefusalReason.SettingLocked or RefusalReason.HostNotLost or RefusalReason.StorageDiffers or RefusalReason.HostOfOtherSite or RefusalReason.SiteInUse or RefusalReason.EndpointsInUse or (>= RefusalReason.AssistNotConnected and <= RefusalReason.AssistEndedByPerson) => StatusCode.FailedPrecondition,
        RefusalReason.SignInBusy or RefusalReason.TooManyTries or RefusalReason.PoolFull or RefusalReason.StorageFull or RefusalReason.DiskFull or RefusalReason.TooManyConnections or RefusalReason.TooManyImports => StatusCode.ResourceExhausted,
        RefusalReason.LaunchTimedOut => StatusCode.DeadlineExceeded,
        RefusalReason.Internal => StatusCode.Internal,
        _ => StatusCode.Unavailable,
    };

    // Text trailers are ASCII by rule; names of machines and pools may not be. The full text is in the details.
    private static string Ascii(string text) => string.Create(text.Length, text, (target, source) =>
    {
        for (var i = 0; i < source.Length; i++) target[i] = source[i] is >= ' ' and <= '~' ? source[i] : '?';
    });
}
