using Montalegre.Vdi.Contracts.Admin.V1;

namespace Montalegre.Vdi.AdminUi.Words;

// Endpoints, by the networks that they are in.
internal sealed partial class Language
{
    public string EndpointsWord => Pick("Terminais", "Endpoints");
    public string EndpointsHint => Pick("Um grupo de terminais são os equipamentos de certas redes: um piso, uma escola, um balcão. Uma função pode ser dada só sobre o que se usa dali.", "A group of endpoints is the devices in some networks: a floor, a school, a counter. A role can be given over what is used from there alone.");
    public string NoEndpoints => Pick("Ainda não há grupos de terminais. Crie um com as redes de um piso ou edifício, e dê depois uma função sobre o que se usa dali.", "There are no groups of endpoints yet. Create one of the networks of a floor or building, and then give a role over what is used from there.");
    public string CreateEndpoints => Pick("Criar grupo de terminais", "Create group of endpoints");
    public string ChangeEndpoints => Pick("Mudar terminais", "Change endpoints");
    public string ChangeEndpointsOf(string group) => Pick($"Mudar os terminais {group}", $"Change the endpoints {group}");
    public string DeleteEndpoints => Pick("Eliminar terminais", "Delete endpoints");
    public string DeleteEndpointsOf(string group) => Pick($"Eliminar os terminais {group}", $"Delete the endpoints {group}");
    public string DeleteEndpointsQuestion(string group) => DeleteEndpointsOf(group) + "?";
    public string DeleteEndpointsTouches => Pick("Nenhuma sessão muda. Deixa de poder ser escolhido ao dar uma função.", "No session changes. It can no longer be chosen when a role is given.");
    public string DeleteEndpointsUsed(uint n) => Count((int)n, "{0} função ou chave vale sobre eles: é preciso retirá-la primeiro.", "{0} funções ou chaves valem sobre eles: é preciso retirá-las primeiro.", "{0} role or key is good over them: it has to be taken away first.", "{0} roles or keys are good over them: they have to be taken away first.");
    public string EndpointsDeleted(string group) => Pick($"Os terminais {group} foram eliminados.", $"The endpoints {group} were deleted.");
    public string EndpointsSaved(EndpointGroup group) => Pick(
        $"Os terminais {group.Name} foram guardados: {Count((int)group.Sessions, "{0} sessão aberta agora", "{0} sessões abertas agora", "", "")}.",
        $"The endpoints {group.Name} were saved: {Count((int)group.Sessions, "", "", "{0} session open now", "{0} sessions open now")}.");
    public string NetworksWord => Pick("Redes", "Networks");
    public string NetworksHint => Pick("Uma por linha, até 32, como as gateways veem os equipamentos: 10.20.0.0/16, 2001:db8:4::/48 ou um só endereço.", "One a line, at most 32, as gateways see the devices: 10.20.0.0/16, 2001:db8:4::/48 or a single address.");
    public string WrongNetworks => Pick("Escreva de 1 a 32 redes, uma por linha, como 10.20.0.0/16 ou 2001:db8:4::/48.", "Write 1 to 32 networks, one a line, such as 10.20.0.0/16 or 2001:db8:4::/48.");
    public string NetworksEffect(uint grants) => Count((int)grants, "{0} função ou chave passa a valer sobre o que se usa das redes novas, e sobre mais nada.", "{0} funções ou chaves passam a valer sobre o que se usa das redes novas, e sobre mais nada.", "{0} role or key is good over what is used from the new networks, and nothing else.", "{0} roles or keys are good over what is used from the new networks, and nothing else.");
    public string FromEndpoints(string group) => Pick($"Terminais {group}", $"Endpoints {group}");
    public string SessionsNow => Pick("Sessões agora", "Sessions now");
    private string ReachOfEndpoints(RoleGrant grant) => Pick(
        $"Abrange o que se usa destes terminais, e o que vier a usar-se: agora {Count((int)grant.Sessions, "{0} sessão aberta", "{0} sessões abertas", "", "")} e {Count((int)grant.Machines, "{0} máquina em uso", "{0} máquinas em uso", "", "")}.",
        $"It reaches what is used from these endpoints, also in future: now {Count((int)grant.Sessions, "", "", "{0} open session", "{0} open sessions")} and {Count((int)grant.Machines, "", "", "{0} machine in use", "{0} machines in use")}.");

    private string? EndpointAction(string action) => action switch
    {
        "endpoints.make" => Pick("Criou o grupo de terminais", "Created the group of endpoints"),
        "endpoints.change" => Pick("Mudou o grupo de terminais", "Changed the group of endpoints"),
        "endpoints.delete" => Pick("Eliminou o grupo de terminais", "Deleted the group of endpoints"),
        _ => null,
    };
}
