using Montalegre.Vdi.Contracts.Admin.V1;
using Host = Montalegre.Vdi.Contracts.Admin.V1.Host;

namespace Montalegre.Vdi.AdminUi.Words;

// Hosts, golden images and gateways, and what is shown only once.
internal sealed partial class Language
{
    public string HostsHint => Pick("Um anfitrião é um computador com libvirt onde as máquinas correm.", "A host is a computer with libvirt on which machines run.");
    public string AddHost => Pick("Acrescentar anfitrião", "Add a host");
    public string LibvirtUri => Pick("Endereço libvirt (URI)", "libvirt URI");
    public string LibvirtUriHint => Pick("Por exemplo qemu+tls://casa-1.exemplo.pt/system", "For example qemu+tls://house-1.example.org/system");
    public string NetworkHint => Pick("bridge:<nome>, network:<nome> ou user", "bridge:<name>, network:<name> or user");
    public string StoragePath => Pick("Pasta das máquinas no anfitrião", "Directory of the machines on the host");
    public string StoragePathHint => Pick("Caminho absoluto, por exemplo /srv/montalegre", "An absolute path, for example /srv/montalegre");
    public string TestConnection => Pick("Testar ligação", "Test the connection");
    public string Testing => Pick("A testar a ligação…", "Testing the connection…");
    public string TestGood(Host host) => Pick($"O anfitrião respondeu: {host.Cpus} processadores, {Mebibytes(host.MemoryMib)} de memória.", $"The host answered: {host.Cpus} processors, {Mebibytes(host.MemoryMib)} of memory.");
    public string TestBad => Pick("O anfitrião não respondeu. Verifique o endereço, a rede e o certificado. Resposta do sistema:", "The host did not answer. Check the URI, the network and the certificate. What the system said:");
    public string HostAdded(string host) => Pick($"O anfitrião {host} foi acrescentado.", $"The host {host} was added.");
    public string HostAddEffect => Pick("As imagens-base são copiadas para o anfitrião quando uma nova versão é publicada. Nenhuma máquina muda.", "Golden images are copied to the host when a new version is published. No machine changes.");
    public string RemoveHost => Pick("Retirar anfitrião", "Remove host");
    public string RemoveHostQuestion(string host) => Pick($"Retirar o anfitrião {host}?", $"Remove the host {host}?");
    public string RemoveHostTouches => Pick("O serviço de ligações deixa de o usar. Nada muda no próprio anfitrião.", "The broker stops using it. Nothing on the host itself changes.");
    public string HostPools(int n) => Count(n, "{0} conjunto usa-o.", "{0} conjuntos usam-no.", "{0} pool uses it.", "{0} pools use it.");
    public string RemoveHostHeld(IReadOnlyList<string> pools, int machines) => string.Join(" ", new[]
    {
        pools.Count > 0 ? Pick($"Em uso por: {string.Join(", ", pools)}. Retire-o primeiro dos anfitriões desses conjuntos.", $"Used by: {string.Join(", ", pools)}. Take it off the hosts of those pools first.") : "",
        machines > 0 ? Count(machines, "{0} máquina está nele: é preciso fazê-la de novo noutro anfitrião ou eliminá-la primeiro.", "{0} máquinas estão nele: é preciso fazê-las de novo noutro anfitrião ou eliminá-las primeiro.", "{0} machine is on it: it has to be made anew on another host or removed first.", "{0} machines are on it: they have to be made anew on another host or removed first.") : "",
    }.Where(s => s.Length > 0));
    public string HostRemoved(string host) => Pick($"O anfitrião {host} foi retirado.", $"The host {host} was removed.");
    public string State(HostState state) => state switch
    {
        HostState.Draining => Pick("Não aceita novas sessões", "Draining"),
        HostState.Maintenance => Pick("Em manutenção", "In maintenance"),
        _ => Pick("Em serviço", "In service"),
    };
    public string HostMaintenance => Pick("Pôr em manutenção", "Put into maintenance");
    public string HostMaintenanceQuestion(string host) => Pick($"Pôr {host} em manutenção?", $"Put {host} into maintenance?");
    public string FreeMachinesMove => Pick("As máquinas livres são feitas de novo noutro anfitrião do conjunto, se houver algum em serviço.", "Free machines are made anew on another host of their pool, if one is in service.");
    public string FreeMemoryWord => Pick("Memória livre", "Free memory");
    public string CpuPressureWord => Pick("Espera por processador", "Waiting for processors");
    public string Share(double percent) => Pick($"{percent.ToString("0", Culture)} % do último minuto", $"{percent.ToString("0", Culture)} % of the last minute");
    public string HostStateChanged(string host, HostState state) => $"{host}: {State(state)}.";
    public string HostDrain => Pick("Não aceitar novas sessões neste anfitrião", "Drain this host");
    public string HostAccept => Pick("Voltar a aceitar sessões neste anfitrião", "Accept sessions on this host again");
    public string HostDrainQuestion(string host) => Pick($"Deixar de aceitar novas sessões em {host}?", $"Drain {host}?");
    public string HostAcceptQuestion(string host) => Pick($"Voltar a aceitar sessões em {host}?", $"Accept sessions on {host} again?");
    public string MachinesDrained(int n) => Count(n, "{0} máquina deixa de ser oferecida.", "{0} máquinas deixam de ser oferecidas.", "{0} machine is no longer offered.", "{0} machines are no longer offered.");
    public string MachinesOffered(int n) => Count(n, "{0} máquina volta a ser oferecida.", "{0} máquinas voltam a ser oferecidas.", "{0} machine is offered again.", "{0} machines are offered again.");
    public string BulkDone(int done, int failed) => failed == 0
        ? Count(done, "Feito em {0} máquina.", "Feito em {0} máquinas.", "Done on {0} machine.", "Done on {0} machines.")
        : Pick($"Feito em {done}; falhou em {failed}.", $"Done on {done}; failed on {failed}.");
    public string NoMachinesOnHost => Pick("Não há máquinas neste anfitrião.", "There are no machines on this host.");
    public string NoSuchHost => Pick("Este anfitrião não existe.", "There is no such host.");
    public string MemoryWord => Pick("Memória", "Memory");
    public string ItsPools => Pick("Conjuntos neste anfitrião", "Pools on this host");
    public string NoPoolsHere => Pick("Nenhum conjunto.", "No pool.");

    public string PublishImage => Pick("Publicar versão", "Publish a version");
    public string PublishImageTitle => Pick("Publicar versão de imagem-base", "Publish a version of a golden image");
    public string ImageNameHint => Pick("Um nome que já existe recebe a versão seguinte.", "A name that exists gets the next version.");
    public string ImagePath => Pick("Ficheiro qcow2 no servidor", "qcow2 file on the server");
    public string ImagePathHint => Pick("Caminho absoluto, por exemplo /srv/imagens/balcao.qcow2", "An absolute path, for example /srv/images/counter.qcow2");
    public string PublishEffect(string name, uint next, int hosts) => name.Length == 0
        ? Pick("O ficheiro é lido, conferido e copiado para todos os anfitriões.", "The file is read, hashed and copied to every host.")
        : Pick($"Fica como {name} {next} e é copiada para {hosts} {(hosts == 1 ? "anfitrião" : "anfitriões")}. Nenhum conjunto muda até a escolher.", $"It becomes {name} {next} and is copied to {hosts} {(hosts == 1 ? "host" : "hosts")}. No pool changes until it chooses it.");
    public string PublishingNow => Pick("A ler e a conferir o ficheiro. Um ficheiro grande demora alguns minutos…", "Reading and hashing the file. A large file takes some minutes…");
    public string ImagePublished(ImageVersion image) => Pick($"A imagem {image.Name} {image.Number} está a ser copiada para os anfitriões.", $"The image {image.Name} {image.Number} is being copied to the hosts.");
    public string CopiedPercent(uint percent) => Pick($"{percent} % copiados", $"{percent} % copied");
    public string Retire => Pick("Retirar versão", "Retire version");
    public string RetireQuestion(string image) => Pick($"Retirar {image}?", $"Retire {image}?");
    public string RetireTouches => Pick("Deixa de poder ser escolhida por conjuntos.", "Pools can no longer choose it.");
    public string Retired(string image) => Pick($"A versão {image} foi retirada.", $"The version {image} was retired.");
    public string RetireBlocked(string pools) => Pick($"Em uso por: {pools}. Mude primeiro a imagem desses conjuntos.", $"Used by: {pools}. Change the image of those pools first.");
    public string Sha256Word => "SHA-256";
    public string FileWord => Pick("Ficheiro", "File");
    public string UsedBy => Pick("Conjuntos que a usam", "Pools that use it");
    public string NoSuchImage => Pick("Esta versão de imagem não existe.", "There is no such image version.");

    public string AddGateway => Pick("Acrescentar gateway", "Add a gateway");
    public string GatewayTokenHint => Pick("Crie um código de adesão e dê-o à gateway nova. O código só serve uma vez.", "Make a join token and give it to the new gateway. The token works once.");
    public string RdpAddress => Pick("Endereço RDP para os utilizadores", "RDP address for users");
    public string RdpAddressHint => Pick("nome:porta que os equipamentos alcançam, por exemplo vdi.exemplo.pt:3389", "name:port that endpoints can reach, for example vdi.example.org:3389");
    public string MakeToken => Pick("Criar código", "Make the token");
    public string JoinTokenWord => Pick("Código de adesão", "Join token");
    public string GatewayTokenUse => Pick("Grave-o num ficheiro na gateway e indique o caminho em Gateway:JoinTokenFile. Um código anterior com este nome deixou de servir.", "Put it in a file on the gateway and name the file in Gateway:JoinTokenFile. An earlier token for this name works no more.");
    public string GatewaysHint => Pick("As gateways são a única porta dos utilizadores para as máquinas.", "Gateways are the only way in for users.");

    public string Yes => Pick("Sim", "Yes");
    public string No => Pick("Não", "No");
    public string ShownOnce => Pick("Só é mostrado agora. Copie-o antes de fechar.", "It is shown only now. Copy it before you close.");
    public string ValidUntil(string at) => Pick($"Válido até {at}.", $"Valid until {at}.");
    public string Copy => Pick("Copiar", "Copy");
    public string Copied => Pick("Copiado", "Copied");
    public string CopyFailed => Pick("Selecione e copie", "Select and copy");
    public string Close => Pick("Fechar", "Close");
    public string Save => Pick("Guardar", "Save");

    public string AddMachine => Pick("Acrescentar computador", "Add a computer");
    public string AddMachineTitle(string pool) => Pick($"Acrescentar computador a {pool}", $"Add a computer to {pool}");
    public string MachineNameHint => Pick("Letras, algarismos e hífenes, até 63.", "Letters, digits and hyphens, at most 63.");
    public string AddressOptional => Pick("Endereço (opcional)", "Address (optional)");
    public string AddressOptionalHint => Pick("Vazio: o endereço que o agente comunicar.", "Empty: the address that the agent reports.");
    public string PortWord => Pick("Porta RDP", "RDP port");
    public string AddMachineEffect => Pick("O computador entra no conjunto quando o agente aderir com o documento que vai ser mostrado.", "The computer joins the pool once its agent joins with the document that will be shown.");
    public string JoinDocumentWord => Pick("Documento de adesão", "Join document");
    public string JoinDocumentUse => Pick("Grave-o no computador em /etc/montalegre/join. O agente usa-o uma vez.", "Put it on the computer as /etc/montalegre/join. The agent uses it once.");
    public string MachineAdded(string machine) => Pick($"{machine} foi acrescentada ao conjunto.", $"{machine} was added to the pool.");
    public string Adopt => Pick("Adotar máquina virtual", "Adopt a virtual machine");
    public string AdoptTitle(string pool) => Pick($"Adotar máquina virtual para {pool}", $"Adopt a virtual machine into {pool}");
    public string VirtualMachine => Pick("Máquina virtual", "Virtual machine");
    public string AdoptEffect => Pick("A máquina fica como está: nunca é reposta nem eliminada por este serviço. Instale nela o agente.", "The machine stays as it is: it is never refreshed or deleted by this service. Install the agent in it.");
    public string NoForeignMachines => Pick("Este anfitrião não tem máquinas virtuais por adotar.", "This host has no virtual machine left to adopt.");

    public string EditPool => Pick("Alterar conjunto", "Change pool");
    public string EditPoolTitle(string pool) => Pick($"Alterar {pool}", $"Change {pool}");
    public string PoolSaved(string pool) => Pick($"O conjunto {pool} foi alterado.", $"The pool {pool} was changed.");
    public string NothingChanges => Pick("Nada muda.", "Nothing changes.");
    public string RenameEffect(string name) => Pick($"Os utilizadores passam a ver «{name}» no portal.", $"Users will see “{name}” in the portal.");
    public string DescriptionEffect => Pick("A descrição no portal muda.", "The description in the portal changes.");
    public string CreateEffect(int size, string first, string last, int cpus, int memory, string host) => size == 0
        ? Pick("O conjunto fica sem máquinas até mudar o tamanho.", "The pool has no machines until you change its size.")
        : size == 1
        ? Pick($"Vai ser criada 1 máquina, {first}, em {host}.", $"1 machine will be made, {first}, on {host}.")
        : Pick($"Vão ser criadas {size} máquinas, de {first} a {last}. Ao todo {size * cpus} processadores e {Mebibytes((ulong)size * (ulong)memory)} de memória em {host}.", $"{size} machines will be made, {first} to {last}. In all {size * cpus} processors and {Mebibytes((ulong)size * (ulong)memory)} of memory on {host}.");
    public string CreateManualEffect => Pick("O conjunto começa vazio; acrescente-lhe depois os computadores.", "The pool starts empty; add the computers afterwards.");

    public string ResetPassword => Pick("Mudar palavra-passe", "Reset password");
    public string ResetPasswordTitle(string user) => Pick($"Nova palavra-passe para {user}", $"A new password for {user}");
    public string ResetPasswordEffect => Pick("Todas as sessões desta pessoa no portal e na consola terminam. Os ambientes de trabalho abertos continuam.", "All sign-ins of this person to portal and console end. Open desktops go on.");
    public string PasswordChanged(string user) => Pick($"A palavra-passe de {user} foi mudada.", $"The password of {user} was changed.");
    public string PasswordTooShort => Pick("São precisos pelo menos 12 caracteres.", "At least 12 characters are needed.");
    public string UsersHint => Pick("Pessoas que podem entrar no portal; os administradores também entram nesta consola.", "People who may use the portal; administrators may use this console as well.");

    public string FieldNeeded => Pick("Preencha este campo.", "Fill in this field.");
    public string WrongName => Pick("O nome precisa de 1 a 80 caracteres.", "The name needs 1 to 80 characters.");
    public string WrongMachineName => Pick("O nome só pode ter letras, algarismos e hífenes, até 63.", "The name may have letters, digits and hyphens only, at most 63.");
    public string WrongUri => Pick("O endereço não é um URI libvirt, por exemplo qemu+tls://casa-1.exemplo.pt/system.", "This is no libvirt URI, for example qemu+tls://house-1.example.org/system.");
    public string WrongNetwork => Pick("A rede tem de ser user, network:<nome> ou bridge:<nome>.", "The network must be user, network:<name> or bridge:<name>.");
    public string WrongPath => Pick("O caminho tem de ser absoluto e começar por /.", "The path must be absolute and start with /.");
    public string WrongDoor => Pick("O endereço tem de ser nome:porta.", "The address must be name:port.");
    public string WrongPattern => Pick("O padrão começa por letra minúscula e precisa de {n}, por exemplo balcao-{n:00}.", "The pattern starts with a lower-case letter and needs {n}, for example counter-{n:00}.");
    public string WrongPort => Pick("A porta é um número de 1 a 65535.", "The port is a number from 1 to 65535.");
    public string FieldIs(string field, string rule) => Pick($"Campo «{field}»: {rule}", $"Field “{field}”: {rule}");

    public string Mebibytes(ulong mebibytes) => Bytes(mebibytes * 1024 * 1024);
}
