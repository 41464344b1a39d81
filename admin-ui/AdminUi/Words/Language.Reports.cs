using System.Globalization;

namespace Montalegre.Vdi.AdminUi.Words;

// What happened over a time, counted and taken along.
internal sealed partial class Language
{
    public string ReportsWord => Pick("Relatórios", "Reports");
    public string UseReportWord => Pick("Utilização", "Use");
    public string LogonReportWord => Pick("Tempos de início", "Logon times");
    public string CapacityReportWord => Pick("Capacidade", "Capacity");
    public string AccessReportWord => Pick("Acessos", "Access review");
    public string IncidentReportWord => Pick("Incidente", "Incident");
    public string LastDays(int days) => days == 365 ? Pick("1 ano", "1 year") : Pick($"{days} dias", $"{days} days");
    public string NothingInThatTime => Pick("Não há nada neste período. Escolha outros dias.", "There is nothing in that time. Choose other days.");
    public string ReportCut => Pick("São demasiadas linhas: faltam os dias mais antigos. Escolha um período mais curto ou um conjunto.", "There are too many rows: the oldest days are left out. Choose a shorter time or one pool.");
    public string HoursByDay => Pick("Horas de sessão por dia", "Session hours by day");
    public string HoursByPool => Pick("Horas de sessão por conjunto", "Session hours by pool");
    public string ByPool => Pick("Por conjunto", "By pool");
    public string HoursWord => Pick("Horas", "Hours");
    public string MostPeopleOfDay => Pick("Mais pessoas num dia", "Most people on a day");
    public string LogonTimesByPool => Pick("Tempos de início de sessão por conjunto", "Logon times by pool");
    public string LogonChartHint => Pick("Barra escura: metade demorou no máximo isto. Barra clara: 95 em cada 100.", "Dark bar: half took no longer. Light bar: 95 of 100.");
    public string CapacityTitle => Pick("Sessões ao mesmo tempo e lugares", "Sessions at once and room");
    public string CapacityHint => Pick("Barra escura: o máximo de sessões ao mesmo tempo. Barra clara: os lugares que o conjunto tem agora. Os pedidos guardam-se 30 dias, se não for dito outra coisa.", "Dark bar: the most sessions at once. Light bar: the room that the pool has now. Launches are kept for 30 days unless told otherwise.");
    public string MostAtOnceWord => Pick("Máximo ao mesmo tempo", "Most at once");
    public string RoomWord => Pick("Lugares", "Room");
    public string LaunchCount => Pick("Pedidos", "Launches");
    public string WaitedWord => Pick("Esperaram", "Waited");
    public string LongestWaitWord => Pick("Espera mais longa", "Longest wait");
    public string RefusalsWord => Pick("Recusas", "Refusals");
    public string NobodyRefused => Pick("Ninguém foi recusado.", "Nobody was refused.");
    public string TimesWord => Pick("Vezes", "Times");
    public string ReasonWord => Pick("Razão", "Reason");
    public string OfRoom(uint most, uint room) => room == 0 ? $"{most}" : Pick($"{most} de {room}", $"{most} of {room}");
    public string AccessTitle => Pick("Quem pode o quê", "Who may do what");
    public string AccessHint => Pick("Como está agora: funções, grupos, conjuntos a que tem direito e a última vez que iniciou sessão.", "As it is now: roles, groups, pools entitled to, and the last sign-in.");
    public string LastSignInWord => Pick("Último início de sessão", "Last sign-in");
    public string FirstPeople(int people) => Pick($"São mostradas as primeiras {people} pessoas. O ficheiro CSV tem todas.", $"The first {people} people are shown. The CSV file holds all.");
    public string RestInFile(int rows) => Pick($"Mais {rows} linhas no ficheiro CSV.", $"{rows} more rows in the CSV file.");
    public string IncidentReport => Pick("Exportar incidente", "Incident export");
    public string IncidentHint => Pick("Um ficheiro com tudo o que se guarda sobre uma pessoa, ou sobre o conjunto escolhido em cima, nestes dias (92 no máximo): sessões, pedidos com a razão de cada decisão e registo de auditoria. A exportação fica no registo.", "One file of everything that is kept about a person, or about the pool chosen above, on these days (92 at most): sessions, launches with the reason of each decision, and the audit record. The export is itself recorded.");
    public string IncidentOfPool(string pool) => Pick($"Sobre o conjunto {pool}.", $"About the pool {pool}.");
    public string IncidentDownload => Pick("Descarregar ficheiro", "Download the file");

    public string EnergyTitle => Pick("Energia hoje (estimativa)", "Energy today (estimate)");
    public string EnergyUsed => Pick("Gasta pelos anfitriões", "Drawn by the hosts");
    public string EnergySaved => Pick("Poupada por máquinas adormecidas", "Saved by sleeping machines");
    public string EnergyComputersUsed => Pick("Gasta pelos computadores", "Drawn by the computers");
    public string EnergyComputersSaved => Pick("Poupada por computadores a dormir", "Saved by sleeping computers");
    public string EnergyComputersModel(double on, double asleep) => string.Format(Culture, Pick("De um computador que se acorda por pacote conta {0:0} W ligado e {1:0} W a dormir.", "Of a computer that packets wake it counts {0:0} W when it is on and {1:0} W when it sleeps."), on, asleep);
    public string EnergyModel(double idle, double full) => string.Format(Culture, Pick("Conta com {0:0} W por anfitrião sem trabalho e {1:0} W com todos os processadores ocupados. Os números mudam-se na secção Energy do serviço de ligações.", "Counts {0:0} W for a host with nothing to do and {1:0} W with every processor busy. The numbers are settings of the broker, section Energy."), idle, full);
    public string Kilowatthours(double kwh) => kwh.ToString(kwh < 10 ? "0.00" : "0.0", Culture) + " kWh";

    public string Hours(double hours) => hours.ToString(hours == 0 ? "0" : hours < 10 ? "0.0" : "N0", Culture) + " h";

    /// <summary>A day as reports name it, 2026-11-27, as the reader writes it.</summary>
    public string Day(string day) => DateOnly.ParseExact(day, "yyyy-MM-dd", CultureInfo.InvariantCulture).ToString("dd/MM/yyyy", CultureInfo.InvariantCulture);
}
