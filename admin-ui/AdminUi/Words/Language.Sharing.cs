using Montalegre.Vdi.Contracts.Admin.V1;

namespace Montalegre.Vdi.AdminUi.Words;

// Machines that several people share.
internal sealed partial class Language
{
    public string SharingWord => Pick("Partilha das máquinas", "Sharing of machines");
    public string ChangeSharing => Pick("Mudar a partilha", "Change sharing");
    public string ChangeSharingTitle(string pool) => Pick($"Partilha das máquinas de {pool}", $"Sharing of the machines of {pool}");
    public string SeatsPerMachine => Pick("Sessões por máquina", "Sessions per machine");
    public string SharedComputers => Pick("Várias pessoas partilham cada computador", "Several people share each computer");
    public string SharedComputersEffect(int seats) => Count(seats, "Cada computador serve {0} pessoa ao mesmo tempo.", "Cada computador serve até {0} pessoas ao mesmo tempo.", "Each computer serves {0} person at a time.", "Each computer serves up to {0} people at once.");
    public string SeatsWord => Pick("Lugares ocupados", "Seats taken");
    public string SeatsOf(uint people, uint seats) => Pick($"{people} de {seats} lugares", $"{people} of {seats} seats");
    public string DistributionWord => Pick("A pessoa seguinte fica", "The next person gets");
    public string DistributionOf(Distribution distribution) => distribution == Distribution.Depth
        ? Pick("Na máquina mais cheia", "The fullest machine")
        : Pick("Na máquina mais vazia", "The emptiest machine");
    public string RenewHoursWord => Pick("Renovar após (horas)", "Renew after (hours)");
    public string RenewHoursHint => Pick("Quando fica vazia; 0: sempre que fica vazia", "Once it is empty; 0: each time it is empty");
    public string RenewRule(uint hours) => hours == 0
        ? Pick("Sempre que fica vazia", "Each time it is empty")
        : Pick($"Quando fica vazia, se tiver mais de {hours} h", $"Once it is empty, when older than {hours} h");
    public string FreeSeats => Pick("Lugares livres", "Free seats");
    public string FreeSeatsOf(int seats) => Count(seats, "{0} lugar livre", "{0} lugares livres", "{0} free seat", "{0} free seats");
    public string AffectsPeople(int people) => Count(people, "{0} pessoa afetada agora.", "{0} pessoas afetadas agora.", "{0} person affected now.", "{0} people affected now.");

    public string PeopleGoOn(int people) => people == 0 ? AffectsNobody
        : Count(people, "{0} pessoa está a usá-la agora e continua.", "{0} pessoas estão a usá-la agora e continuam.", "{0} person is on it now and goes on.", "{0} people are on it now and go on.");
    public string PeopleWord => Pick("Pessoas", "People");
    public string PeopleCount(int people) => Count(people, "{0} pessoa", "{0} pessoas", "{0} person", "{0} people");
    public string MachinesAndPeople(int machines, int people) => $"{Count(machines, "{0} máquina", "{0} máquinas", "{0} machine", "{0} machines")} · {PeopleCount(people)}";
    public string RemoveMachineHeld(int people) => people == 0 ? Pick("Está reservada para quem a pediu: espere que a sessão abra e termine.", "It is reserved for whoever asked for it: wait until the session has opened and ended.")
        : Count(people, "{0} pessoa está a usá-la: é preciso terminar a sessão primeiro.", "{0} pessoas estão a usá-la: é preciso terminar as sessões primeiro.", "{0} person is on it: the session has to end first.", "{0} people are on it: their sessions have to end first.");

    public IReadOnlyList<string> SharingEffects(Sharing changes, int sessions)
    {
        List<string> effects = [];
        if (changes.HasSessionsPerMachine) effects.Add($"{SeatsPerMachine}: {changes.SessionsPerMachine}.");
        if (changes.Distribution != Distribution.Unspecified) effects.Add($"{DistributionWord}: {DistributionOf(changes.Distribution)}.");
        if (changes.HasRenewHours) effects.Add($"{RenewHoursWord}: {RenewRule(changes.RenewHours)}.");
        effects.Add(OpenSessionsGoOn(sessions));
        return effects;
    }
}
