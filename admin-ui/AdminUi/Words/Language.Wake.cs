using Montalegre.Vdi.Contracts.Admin.V1;

namespace Montalegre.Vdi.AdminUi.Words;

// Computers that sleep, and what wakes them.
internal sealed partial class Language
{
    public string SleepingWord => Pick("A dormir ou desligado", "Asleep or off");
    public string WakingWord => Pick("A acordar", "Waking up");
    public string Wake => Pick("Acordar agora", "Wake now");
    public string WakeDone(string machine) => Pick($"A acordar {machine}: os pacotes seguem até que o agente responda, durante 5 minutos no máximo.", $"Waking {machine}: packets go out until its agent answers, for 5 minutes at most.");
    public string WakeAddressWord => Pick("Endereço de despertar", "Wake address");
    public string NoWakeAddress => Pick("Nenhum: este computador não pode ser acordado.", "None: this computer cannot be woken.");
    public string WakeAddressFrom(WakeAddress address) => address.Learned ? Pick("indicado pelo agente", "told by its agent") : Pick("escrito pela equipa de informática", "written down by IT");
    public string EveryInterface => Pick("todas as interfaces", "every interface");
    public string ChangeWakeAddress => Pick("Mudar endereço de despertar", "Change wake address");
    public string WakeAddressTitle(string machine) => Pick($"Endereço de despertar de {machine}", $"Wake address of {machine}");
    public string MacWord => Pick("Endereço MAC", "MAC address");
    public string MacHint => Pick("Da placa de rede com fios, por exemplo 00:1b:21:01:02:03. Vazio: vale o que o agente indicar.", "Of the wired network card, for example 00:1b:21:01:02:03. Empty: what its agent tells.");
    public string MacBad => Pick("Seis bytes em hexadecimal, por exemplo 00:1b:21:01:02:03.", "Six bytes in hexadecimal, for example 00:1b:21:01:02:03.");
    public string BroadcastWord => Pick("Endereço de difusão", "Broadcast address");
    public string BroadcastHint => Pick("Da sub-rede, por exemplo 10.1.2.255. Vazio: por todas as interfaces do serviço de ligações.", "Of its subnet, for example 10.1.2.255. Empty: out of every interface of the broker.");
    public string BroadcastBad => Pick("Um endereço IPv4, por exemplo 10.1.2.255.", "An IPv4 address, for example 10.1.2.255.");
    public string UdpPort => Pick("Porta UDP", "UDP port");
    public string WakeAddressEffect(bool any) => any
        ? Pick("O computador é acordado por este endereço quando alguém o espera, e o que o agente indica deixa de contar.", "The computer is woken by this address when somebody waits for it, and what its agent tells no longer counts.")
        : Pick("O endereço é esquecido até que o agente indique o seu, na próxima ligação.", "The address is forgotten until its agent tells its own, at its next connection.");
    public string WakeAddressDone(string machine) => Pick($"O endereço de despertar de {machine} foi guardado.", $"The wake address of {machine} was saved.");
    public string UnassignManualTouches(string user) => Pick($"O computador fica como está, com tudo o que {user} lá guardou, e passa a ser de quem o apanhar livre.", $"The computer stays as it is, with everything that {user} kept on it, and is anybody's who finds it free.");
    public string UnassignManualDone(string machine) => Pick($"{machine} está livre.", $"{machine} is free.");
}
