namespace Montalegre.Vdi.AdminUi.Words;

// Why somebody got this machine, or none. The sentences themselves are those of the command line: LaunchTexts.
internal sealed partial class Language
{
    public string LaunchesWord => Pick("Pedidos de ambiente de trabalho", "Launches");
    public string NoLaunches => Pick("Ainda não há pedidos guardados.", "No launches are kept yet.");
    public string WhyWord => Pick("Porquê?", "Why?");
    public string LaunchesDropped(ulong count) => Pick($"{count} pedidos não foram guardados desde que o serviço de ligações arrancou.", $"{count} launches were not kept since the broker started.");
    public string WhatIfAsk => Pick("Efeito nos últimos 7 dias", "Effect on the last 7 days");
    public string WhatIfNone(uint arrivals) => Pick($"Com estes números, ninguém teria esperado ({arrivals} pedidos).", $"With these numbers nobody would have waited ({arrivals} launches).");
    public string WhatIfWaited(uint waited, uint arrivals, string longest) => Pick($"Com estes números, {waited} de {arrivals} pedidos teriam esperado, o mais longo {longest}.", $"With these numbers {waited} of {arrivals} launches would have waited, the longest {longest}.");
    public string WhatIfUnserved(uint people) => Pick($"Sem máquina até agora: {people}.", $"Without a machine until now: {people}.");
    public string WhatIfAsIs(uint waited, string longest) => waited == 0 ? Pick("Como está hoje, ninguém teria esperado.", "As it is today, nobody would have waited.") : Pick($"Como está hoje: {waited} teriam esperado, o mais longo {longest}.", $"As it is today: {waited} would have waited, the longest {longest}.");
    public string WhatIfPeak(uint machines, string at) => Pick($"Máquinas no pico: {machines} ({at}).", $"Machines at the peak: {machines} ({at}).");
    public string WhatIfWho(string names) => Pick($"Quem: {names}.", $"Who: {names}.");
    public string WhatIfStart(string start, bool measured) => measured ? Pick($"Conta com {start} por arranque, como medido.", $"Counts {start} for a start, as measured.") : Pick($"Conta com {start} por arranque: ainda não há arranques medidos.", $"Counts {start} for a start: none was measured yet.");
}
