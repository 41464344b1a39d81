using Montalegre.Vdi.Contracts.Common.V1;
using Montalegre.Vdi.Contracts.Gateway.V1;

namespace Montalegre.Vdi.Gateway.FrontEnd;

/// <summary>What a person sees who signed in at the RDP door, until the machine is ready: the portal's words.</summary>
internal static class WaitingPages
{
    /// <summary>Before the broker has said anything.</summary>
    public static Page Starting(string desktop) => For(desktop, RefusalPages.Sentences(ReasonCode.WaitingForMachine), ("", ""), TimeSpan.Zero);

    /// <param name="waited">Since the person signed in.</param>
    public static Page For(string desktop, LaunchWaiting waiting, TimeSpan waited)
    {
        var place = waiting.Queue is { Place: > 0 } queue ? Place(queue.Place) : ("", "");
        var estimate = waiting.Queue is { EstimatedSeconds: > 0 } known ? Estimate(known.EstimatedSeconds) : NoEstimate;
        return For(desktop, RefusalPages.Sentences(waiting.Reason?.Code ?? ReasonCode.WaitingForMachine), Join(place, estimate), waited);
    }

    private static Page For(string desktop, (string Pt, string En) why, (string Pt, string En) queue, TimeSpan waited) => new(
        ($"A ligar a {desktop}", $"Connecting to {desktop}"),
        Join(why, queue),
        $"À espera / waiting: {(int)waited.TotalMinutes}:{waited.Seconds:00}",
        ("A janela avança sozinha. Feche-a para deixar de esperar.", "This window moves on by itself. Close it to stop waiting."),
        IsTrouble: false);

    private static readonly (string, string) NoEstimate = ("Ainda não há uma estimativa do tempo de espera.", "There is no estimate of the wait yet.");

    private static (string, string) Place(uint place) => place <= 1
        ? ("É a próxima pessoa da fila.", "You are next in the queue.")
        : ($"Está no {place}.º lugar da fila.", $"You are number {place} in the queue.");

    private static (string, string) Estimate(uint seconds) => seconds switch
    {
        < 60 => ("Tempo estimado: menos de um minuto.", "Estimated time: less than a minute."),
        < 90 => ("Tempo estimado: cerca de um minuto.", "Estimated time: about a minute."),
        _ => ($"Tempo estimado: cerca de {(seconds + 30) / 60} minutos.", $"Estimated time: about {(seconds + 30) / 60} minutes."),
    };

    private static (string Pt, string En) Join((string Pt, string En) first, (string Pt, string En) second) =>
        ($"{first.Pt} {second.Pt}".Trim(), $"{first.En} {second.En}".Trim());
}
