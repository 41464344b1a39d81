using Montalegre.Vdi.AdminUi.Pages.Pools.Wizard;

namespace Montalegre.Vdi.AdminUi.Words;

// The five steps to a new pool.
internal sealed partial class Language
{
    public string StepsWord => Pick("Passos", "Steps");
    public string StepName(WizardStep step) => step switch
    {
        WizardStep.Kind => Pick("Nome e tipo", "Name and kind"),
        WizardStep.Image => ImageWord,
        WizardStep.Size => Pick("Tamanho e anfitriões", "Size and hosts"),
        WizardStep.Rules => Pick("Regras e tempos", "Rules and time-outs"),
        _ => Pick("Quem pode usar", "Who may use it"),
    };
    public string StepOf(int number, string name) => Pick($"Passo {number} de 5: {name}", $"Step {number} of 5: {name}");
    public string StepNotNeeded => Pick("não é preciso", "not needed");
    public string NextStep => Pick("Seguinte", "Next");
    public string ChangeStep => Pick("Alterar", "Change");
    public string ChangeStepOf(string step) => $"{ChangeStep}: {step}";
    public string TryAgain => Pick("Tentar de novo", "Try again");
    public string WhatWillHappen => Pick("O que vai acontecer", "What will happen");
    public string MakingOrder => Pick("Primeiro é criado o conjunto com todas as regras; depois são dados os direitos de acesso, um a um.", "First the pool is made with all its rules; then the entitlements are given, one by one.");

    public string SeenAs(string name) => Pick($"Quem tiver acesso vê «{name}» no portal.", $"Whoever is entitled sees “{name}” in the portal.");
    public string FromImage(string image, uint number) => Pick($"As máquinas partem da imagem {image}, versão {number}.", $"Machines start from the image {image}, version {number}.");
    public string EachMachine(int cpus, int memory) => Pick($"Cada máquina: {Count(cpus, "{0} processador", "{0} processadores", "", "")}, {Mebibytes((ulong)memory)} de memória.", $"Each machine: {Count(cpus, "", "", "{0} processor", "{0} processors")}, {Mebibytes((ulong)memory)} of memory.");
    public string NamedAs(string first, string second) => Pick($"As máquinas chamam-se {first}, {second} e assim por diante.", $"Machines are called {first}, {second} and so on.");
    public string PlacesShort(int places, int size) => Pick($"Atenção: com este máximo só há lugar para {places} das {size} máquinas.", $"Note: with this limit there is room for only {places} of the {size} machines.");
    public string MemoryShort(ulong wanted, ulong free) => Pick($"Atenção: as máquinas prontas precisam de {Mebibytes(wanted)} de memória e os anfitriões escolhidos têm {Mebibytes(free)} livres.", $"Note: the ready machines need {Mebibytes(wanted)} of memory, and the chosen hosts have {Mebibytes(free)} free.");
    public string HostsAway(string hosts) => Pick($"Atenção: sem ligação agora: {hosts}. Só lá são criadas máquinas quando voltar a haver ligação.", $"Note: not connected now: {hosts}. Machines are made there only once the connection is back.");
    public string OrBetween => Pick(" ou ", " or ");
    public string ChooseImage => Pick("Escolha uma imagem-base.", "Choose a golden image.");

    public string AddToList => Pick("Acrescentar à lista", "Add to the list");
    public string TakeOff => Pick("Retirar da lista", "Take off the list");
    public string TakeOffOf(string name) => Pick($"Retirar da lista: {name}", $"Take off the list: {name}");
    public string ChooseFromList => Pick("Escolha uma pessoa ou um grupo pelo nome.", "Choose a person or a group by name.");
    public string AlreadyInList(string name) => Pick($"{name} já está na lista.", $"{name} is on the list already.");
    public string NobodyChosen => Pick("A lista está vazia. O acesso também se pode dar depois, na página do conjunto.", "The list is empty. People can be entitled later, too, on the pool's page.");
    public string MayNotEntitle => Pick("Não tem permissão para dar acesso. Quem a tiver pode fazê-lo na página do conjunto.", "You have no permission to entitle people. Whoever has it can do so on the pool's page.");
    public string NobodySeesIt => Pick("Ninguém tem direito de acesso: por agora ninguém vê este conjunto no portal.", "Nobody is entitled: for now nobody sees this pool in the portal.");
    public string PersonWillSee(string name) => Pick($"{name} passa a ver este ambiente de trabalho no portal.", $"{name} will see this desktop in the portal.");
    public string GroupWillSee(string group, uint members) => Count((int)members, $"{Braces(group)}: {{0}} membro passa a ver este ambiente de trabalho no portal.", $"{Braces(group)}: {{0}} membros passam a ver este ambiente de trabalho no portal.", $"{Braces(group)}: {{0}} member will see this desktop in the portal.", $"{Braces(group)}: {{0}} members will see this desktop in the portal.");

    public string MakingPool => Pick("A criar o conjunto…", "Making the pool…");
    public string PerhapsMade => Pick("Pode ter sido criado: veja a lista de conjuntos. Um segundo com o mesmo nome é recusado.", "It may have been made: see the list of pools. A second one of the same name is refused.");
    public string PartlyMade(string pool) => Pick($"O conjunto {pool} foi criado, mas nem tudo ficou feito.", $"The pool {pool} was made, but not everything was done.");
    public string MadePool => Pick("Conjunto com as suas regras", "The pool with its rules");
    public string MadeRight(string name) => Pick($"Direito de acesso de {name}", $"Entitlement of {name}");
    public string NotDone => Pick("Não foi feito", "Not done");
    public string StillToDo => Pick("Por fazer", "To do");
    public string DoTheRest => Pick("Fazer o que falta", "Do what is left");
    public string OpenPool => Pick("Abrir o conjunto", "Open the pool");
    public string DiscardPool => Pick("Abandonar", "Discard");
    public string DiscardPoolQuestion => Pick("Abandonar o novo conjunto?", "Discard the new pool?");
    public string DiscardPoolTouches => Pick("O que escreveu perde-se. Nada foi criado.", "What you typed is lost. Nothing was made.");

    public string DraftRestored => Pick("Foi retomado o que já tinha escrito neste separador.", "This goes on from what you had typed in this tab.");
    public string StartAnew => Pick("Começar de novo", "Start anew");

    public string WhatIfArrivals => Pick("Chegadas a usar na simulação", "Arrivals that the simulation uses");
    public string WhatIfAllPools => Pick("De todos os conjuntos que vê", "Of all pools that you see");
    public string WhatIfOfPool(string pool) => Pick($"Do conjunto {pool}", $"Of the pool {pool}");
    public string WhatIfNobody => Pick("Nos últimos 7 dias ninguém chegou: não há nada a simular.", "Nobody arrived in the last 7 days: there is nothing to simulate.");
    public string WhatIfWhose(uint people, uint pools, string pool) => pool.Length > 0
        ? Count((int)people, $"Como se chegasse a este conjunto {{0}} pessoa: quem usou {Braces(pool)}.", $"Como se chegassem a este conjunto {{0}} pessoas: quem usou {Braces(pool)}.", $"As if {{0}} person came to this pool: who used {Braces(pool)}.", $"As if {{0}} people came to this pool: those who used {Braces(pool)}.")
        : Count((int)people, $"Como se chegasse a este conjunto {{0}} pessoa, de {Count((int)pools, "{0} conjunto", "{0} conjuntos", "", "")}.", $"Como se chegassem a este conjunto {{0}} pessoas, todas as de {Count((int)pools, "{0} conjunto", "{0} conjuntos", "", "")}.", $"As if {{0}} person came to this pool, from {Count((int)pools, "", "", "{0} pool", "{0} pools")}.", $"As if {{0}} people came to this pool, all those of {Count((int)pools, "", "", "{0} pool", "{0} pools")}.");

    private static string Braces(string name) => name.Replace("{", "{{", StringComparison.Ordinal).Replace("}", "}}", StringComparison.Ordinal);
}
