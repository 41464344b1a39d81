
using Host = Montalegre.Vdi.Contracts.Admin.V1.Host;

namespace Montalegre.Vdi.AdminUi.Words;

// Hosts that are lost, and storage that they share.
internal sealed partial class Language
{
    public string LostWord => Pick("Perdido", "Lost");
    public string LostSince(string when) => Pick($"Não responde desde {when}. As máquinas pessoais só arrancam noutro anfitrião depois de alguém confirmar que este está desligado.", $"It has not answered since {when}. Personal machines start on another host only after somebody confirms that this one is switched off.");
    public string LostAndStorageWaits(uint minutes) => Pick($"O armazenamento partilhado retira-lhe os discos ao fim de {minutes} minutos; as máquinas arrancam então noutro anfitrião.", $"The shared storage takes its disks away after {minutes} minutes; its machines start on another host then.");
    public string FencedWord => Pick("Conta como desligado", "Counts as switched off");
    public string FencedSince(string when) => Pick($"Confirmado como desligado em {when}. Quando voltar, o que ainda tiver das máquinas que saíram é retirado antes de tudo o resto.", $"Confirmed as switched off at {when}. When it is back, what it still has of machines that left is removed before anything else.");
    public string Strays(uint n) => Count((int)n, "{0} máquina que já está noutro anfitrião pode ainda estar definida neste.", "{0} máquinas que já estão noutro anfitrião podem ainda estar definidas neste.", "{0} machine that is elsewhere now may still be defined on it.", "{0} machines that are elsewhere now may still be defined on it.");
    public string FenceHost => Pick("Confirmar que está desligado", "Confirm that it is switched off");
    public string FenceQuestion(string host) => Pick($"Confirma que {host} está mesmo desligado?", $"Is {host} really switched off?");
    public string FenceWarning => Pick("Verifique no próprio equipamento ou na sua gestão remota (iLO, iDRAC, IPMI). Um anfitrião que afinal esteja ligado perde as máquinas quando voltar a responder.", "Look at the computer itself or at its remote management (iLO, iDRAC, IPMI). A host that turns out to be on loses its machines when it answers again.");
    public string FenceSessions(int n) => Count(n, "{0} sessão aberta nele termina.", "{0} sessões abertas nele terminam.", "{0} session that is open on it ends.", "{0} sessions that are open on it end.");
    public string FenceFloating(int n) => Count(n, "{0} máquina é feita de novo noutro anfitrião.", "{0} máquinas são feitas de novo noutro anfitrião.", "{0} machine is made anew on another host.", "{0} machines are made anew on another host.");
    public string FencePersonal(int n) => Count(n, "{0} máquina pessoal arranca noutro anfitrião, com o disco que tem.", "{0} máquinas pessoais arrancam noutro anfitrião, com o disco que têm.", "{0} personal machine starts on another host, from its disk.", "{0} personal machines start on another host, from their disks.");
    public string FenceWaiting(int n) => Count(n, "{0} máquina pessoal espera por este anfitrião: só ele tem o disco.", "{0} máquinas pessoais esperam por este anfitrião: só ele tem os discos.", "{0} personal machine waits for this host: nobody else has its disk.", "{0} personal machines wait for this host: nobody else has their disks.");
    public string HostFenced(string host) => Pick($"{host} conta como desligado.", $"{host} counts as switched off.");

    public string OpenDesktopsMove => Pick("Os ambientes abertos e as máquinas pessoais mudam para outro anfitrião do mesmo armazenamento e da mesma rede, sem terminar a sessão. O que não puder mudar espera pelo fim da sessão.", "Open desktops and personal machines move to another host of the same storage and network without ending a session. What cannot move waits for log-off.");
    public string OpenDesktopsWait => Pick("Este anfitrião não partilha armazenamento: os ambientes abertos ficam nele até as pessoas terminarem a sessão.", "This host shares no storage: open desktops stay on it until people log off.");

    public string SharedStorage => Pick("Armazenamento partilhado", "Shared storage");
    public string SharedStorageHint => Pick("O mesmo nome em todos os anfitriões que veem a mesma pasta; vazio: só deste.", "The same name on all hosts that see the same folder; empty: its own.");
    public string SharedStorageEffect => Pick("As máquinas pessoais podem arrancar noutro anfitrião do mesmo armazenamento quando este se perder. A pasta tem de estar no mesmo caminho.", "Personal machines can start on another host of the same storage when this one is lost. The folder must be at the same path.");
    public string OwnStorage => Pick("Só deste anfitrião", "Its own");
    public string TakeoverMinutes => Pick("Retirar discos após (minutos)", "Take disks after (minutes)");
    public string TakeoverHint => Pick("0: só depois de confirmação. Só se o próprio armazenamento retirar os trincos (NFSv4, sanlock).", "0: only after confirmation. Only if the storage itself takes locks away (NFSv4, sanlock).");
    public string TakeoverAfter(uint minutes) => minutes == 0 ? Pick("só depois de confirmação", "only after confirmation") : Count((int)minutes, "ao fim de {0} minuto", "ao fim de {0} minutos", "after {0} minute", "after {0} minutes");
    public string TakeoverWord => Pick("Máquinas pessoais arrancam noutro", "Personal machines start elsewhere");
    public string SaveStorage => Pick("Guardar armazenamento", "Save storage");
    public string StorageTitle(string host) => Pick($"Armazenamento de {host}", $"Storage of {host}");
    public string StorageSaved(Host host) => Pick($"O armazenamento de {host.Name} foi guardado.", $"The storage of {host.Name} was saved.");
}
