using Montalegre.Vdi.Contracts.Admin.V1;
using Host = Montalegre.Vdi.Contracts.Admin.V1.Host;

namespace Montalegre.Vdi.AdminUi.Words;

// A pool's size, its spare and its hosts.
internal sealed partial class Language
{
    public string SpareSetting => Pick("Sempre prontas", "Kept ready");
    public string SpareKind(Spare.WantedOneofCase kind) => kind switch
    {
        Spare.WantedOneofCase.Machines => Pick("Um número certo", "A number"),
        Spare.WantedOneofCase.Percent => Pick("Uma parte do conjunto", "A share of the pool"),
        _ => Pick("Todas as do conjunto", "All of the pool"),
    };
    public string SpareValue(Spare.WantedOneofCase kind) => kind == Spare.WantedOneofCase.Percent ? Pick("Parte (%)", "Share (%)") : Pick("Máquinas livres", "Free machines");
    public string SpareOf(Spare? spare) => spare?.WantedCase switch
    {
        Spare.WantedOneofCase.Machines => Count((int)spare.Machines, "{0} máquina livre", "{0} máquinas livres", "{0} free machine", "{0} free machines"),
        Spare.WantedOneofCase.Percent => Pick($"{spare.Percent} % do conjunto", $"{spare.Percent} % of the pool"),
        _ => SpareKind(Spare.WantedOneofCase.Everything),
    };
    public string SpareEffect(int ready, int size) => ready == 1
        ? Pick($"Fica sempre 1 máquina pronta além das que estão em uso, até {size} ao todo. As que ninguém usa durante dez minutos desaparecem.", $"1 machine is always ready beyond those in use, up to {size} in all. Those that nobody uses for ten minutes go.")
        : Pick($"Ficam sempre {ready} máquinas prontas além das que estão em uso, até {size} ao todo. As que ninguém usa durante dez minutos desaparecem.", $"{ready} machines are always ready beyond those in use, up to {size} in all. Those that nobody uses for ten minutes go.");
    public string PlacementWord => Pick("Distribuição", "Placement");
    public string PlacementOf(Placement placement) => placement == Placement.Depth ? Pick("Encher um anfitrião de cada vez", "Fill one host after the other") : Pick("Espalhar pelos anfitriões", "Spread over the hosts");
    public string MostPerHostWord => Pick("Máximo em cada anfitrião", "Most on one host");
    public string MostPerHostHint => Pick("0: sem limite", "0: any number");
    public string AtMostPerHost(int most) => Pick($", no máximo {most} em cada um", $", at most {most} on each");
    public string HostHint(Host host) => host switch
    {
        { Connected: false } => NotReachedWord,
        { State: HostState.Draining or HostState.Maintenance } => State(host.State),
        _ => Pick($"{Mebibytes(host.FreeMemoryMib)} de memória livre", $"{Mebibytes(host.FreeMemoryMib)} of memory free"),
    };
    public string ChooseHost => Pick("Escolha pelo menos um anfitrião.", "Choose at least one host.");
    public string HostsEffect => Pick("As máquinas que estão num anfitrião retirado da lista ficam lá até serem feitas de novo.", "Machines on a host that is taken off the list stay there until they are made anew.");
}
