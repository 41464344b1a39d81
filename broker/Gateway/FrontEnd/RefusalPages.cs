using System.Globalization;
using Montalegre.Vdi.Contracts;
using Montalegre.Vdi.Contracts.Common.V1;
using Montalegre.Vdi.Protocol.FrontEnd;

namespace Montalegre.Vdi.Gateway.FrontEnd;

/// <summary>The page of a refusal, and the code with which the connection then ends.</summary>
internal static class RefusalPages
{
    private static readonly CultureInfo Portuguese = CultureInfo.GetCultureInfo("pt-PT");
    private static readonly CultureInfo English = CultureInfo.GetCultureInfo("en");

    /// <param name="reference">What the person reads out to the help desk; may be empty.</param>
    public static Page For(ReasonCode code, string reference) => new(
        ("Não foi possível ligar", "The connection was not made"),
        Sentences(code),
        reference.Length == 0 ? $"Código / code: {ReasonTexts.Name(code)}" : $"Código / code: {ReasonTexts.Name(code)} · Referência / reference: {reference}",
        ("Prima uma tecla para fechar", "Press a key to close"),
        IsTrouble: true);

    /// <summary>The sentence of a reason in both languages.</summary>
    public static (string Pt, string En) Sentences(ReasonCode code) => (ReasonTexts.Sentence(code, Portuguese), ReasonTexts.Sentence(code, English));

    /// <summary>Clients show these by name, and some by a sentence of their own: the nearest one to ours.</summary>
    public static ErrorInfoCode EndFor(ReasonCode code) => code switch
    {
        ReasonCode.SignInFailed or ReasonCode.SignInExpired => ErrorInfoCode.FreshCredentialsRequired,
        ReasonCode.NotEntitled or ReasonCode.NotAllowed or ReasonCode.TicketForeign => ErrorInfoCode.ServerInsufficientPrivileges,
        ReasonCode.PoolUnknown or ReasonCode.SessionEnded => ErrorInfoCode.BrokerDestinationNotFound,
        ReasonCode.PoolFull or ReasonCode.PoolDisabled or ReasonCode.TooManyConnections => ErrorInfoCode.BrokerDestinationPoolNotFree,
        ReasonCode.LaunchTimedOut or ReasonCode.MachineDidNotAnswer or ReasonCode.MachineUnreachable => ErrorInfoCode.BrokerMachineBootTimeout,
        ReasonCode.AgentSilent or ReasonCode.SignInNotPrepared => ErrorInfoCode.BrokerMachineMonitorFailed,
        _ => ErrorInfoCode.ServerDeniedConnection,
    };
}
