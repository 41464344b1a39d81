using System.Globalization;
using Montalegre.Vdi.Contracts;
using Montalegre.Vdi.Contracts.Common.V1;
using Montalegre.Vdi.Gateway.Relay;
using Montalegre.Vdi.Protocol.Tsgu;
using Montalegre.Vdi.Protocol.Wire;

namespace Montalegre.Vdi.Gateway.RdGateway;

/// <summary>What an RD Gateway client hears at the end of its channel: a code for the program, and words for the person where somebody decided it.</summary>
internal sealed record RdgFarewell(TsguCloseReason Code, ReasonCode? Words)
{
    private static readonly CultureInfo Portuguese = CultureInfo.GetCultureInfo("pt-PT");
    private static readonly CultureInfo English = CultureInfo.GetCultureInfo("en");

    public static RdgFarewell Of(RelayEnd end) => end switch
    {
        RelayEnd.ClientClosed => new(TsguCloseReason.None, null),
        RelayEnd.MachineClosed => new(TsguCloseReason.ResourceClosed, null),
        RelayEnd.MachineLost => new(TsguCloseReason.ResourceLost, null),
        RelayEnd.TicketRevoked => new(TsguCloseReason.Aborted, null),
        RelayEnd.IdleTimeout => new(TsguCloseReason.IdleTimeout, ReasonCode.IdleTooLong),
        RelayEnd.GatewayStopping => new(TsguCloseReason.Aborted, ReasonCode.GatewayStopping),
        RelayEnd.AccessWithdrawn => new(TsguCloseReason.PersonNotAllowed, ReasonCode.AccessWithdrawn),
        RelayEnd.NotEntitled => new(TsguCloseReason.ResourceNotAllowed, ReasonCode.NotEntitled),
        RelayEnd.CardRemoved => new(TsguCloseReason.Aborted, ReasonCode.CardRemoved),
        RelayEnd.LockFailed => new(TsguCloseReason.Aborted, ReasonCode.LockFailed),
        RelayEnd.NotProvedAgain => new(TsguCloseReason.ProofMissing, null),
        _ => new(TsguCloseReason.Internal, null),
    };

    /// <summary>The packets that say so.</summary>
    /// <param name="isAnswer">The client closed first.</param>
    public byte[] Packets(bool showsMessages, bool isAnswer)
    {
        var w = new WireWriter(new byte[TsguServer.LongestReply], nameof(RdgFarewell));
        if (showsMessages && Words is { } code)
        {
            // Clients name no language, so that both are said.
            TsguSmall.WriteServiceMessage(ref w, $"{ReasonTexts.Sentence(code, Portuguese)}\r\n\r\n{ReasonTexts.Sentence(code, English)}");
        }
        TsguSmall.WriteClose(ref w, Code, isAnswer);
        return w.WrittenSpan.ToArray();
    }
}
