using System.Net;
using Montalegre.Vdi.Contracts.Gateway.V1;

namespace Montalegre.Vdi.Gateway.Assistance;

/// <summary>Who decides about assistances. The broker in production; tests decide in the process.</summary>
internal interface IAssistanceBroker
{
    /// <summary>What a ticket opens, once.</summary>
    Task<RedeemAssistanceResponse> RedeemAsync(string ticket, IPAddress client, CancellationToken ct);

    /// <summary>Tells what happened here. Throws while nobody can be told.</summary>
    Task TellAsync(AssistanceNews news, CancellationToken ct);
}

/// <summary>What happened to an assistance at this gateway.</summary>
internal abstract record AssistanceNews(string Id)
{
    public sealed record Answered(string Id, bool Granted) : AssistanceNews(Id);

    public sealed record Over(string Id, AssistanceEnd End) : AssistanceNews(Id);
}
