using Google.Protobuf.WellKnownTypes;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Contracts.Common.V1;

namespace Montalegre.Vdi.AdminUi.Tests.Fakes;

/// <summary>A small town hall's installation: three pools, forty machines, people at work, a few things gone wrong.</summary>
internal static class FakeData
{
    private static readonly string[] People = ["Ana Martins", "Bruno Sequeira", "Carla Antunes", "Duarte Pires", "Elsa Rebelo", "Filipe Moura", "Graça Teixeira", "Hugo Lopes", "Inês Barros", "João Falcão", "Luísa Prata", "Miguel Seixas"];

    public static void Fill(FakeWorld world)
    {
        var now = DateTimeOffset.UtcNow;
        world.Endpoints.Add(new() { EndpointGroupId = "ends-1", Name = "Balcões", Networks = { "10.20.0.0/16", "2001:db8:4::/48" }, Sessions = 9, Description = "Piso 0, atendimento" });
        world.Sites.Add(new() { SiteId = "site-1", Name = "Paços do Concelho", Description = "Sala de servidores, piso -1" });
        world.Sites.Add(new() { SiteId = "site-2", Name = "Biblioteca" });
        world.Hosts.Add(new() { SiteId = "site-1", SiteName = "Paços do Concelho", HostId = "host-1", Name = "anfitriao-a", Uri = "qemu+tls://10.20.0.11/system", Connected = true, Cpus = 48, MemoryMib = 393216, FreeMemoryMib = 120832, CpuPressure = 12, Network = "bridge:br-vdi", StoragePath = "/var/lib/montalegre" });
        world.Hosts.Add(new() { HostId = "host-2", Name = "anfitriao-b", Uri = "qemu+tls://10.20.0.12/system", Connected = false, Error = "10.20.0.12: 16514", LostSince = Timestamp.FromDateTime(DateTime.UtcNow.AddMinutes(-12)), Cpus = 48, MemoryMib = 393216, FreeMemoryMib = 120832, CpuPressure = 12, Network = "bridge:br-vdi", StoragePath = "/var/lib/montalegre" });
        world.Images.Add(new() { ImageVersionId = "img-7", Name = "debian-balcao", Number = 7, State = "ready", Sha256 = new string('a', 64), SizeBytes = 2_140_000_000, VirtualBytes = 8_589_934_592, PublishedAt = now.AddDays(-2).ToTimestamp(),
            PublishedBy = "rita", Source = "modelo-balcao", OperatingSystem = "Debian GNU/Linux 12 (bookworm)", AgentVersion = "1.4.0", Note = "Com o leitor de cartões", Sealed = true,
            SealReport = "agent_keys:removed:3\nmachine_id:emptied\nssh_keys:remade:6\nfree_space:erased\nCommand histories: 2 files removed",
            Copies =
            {
                new ImageCopy { HostId = "host-1", HostName = "anfitriao-a", State = CopyState.Good, StateSince = now.AddDays(-2).ToTimestamp(), CheckedAt = now.AddHours(-5).ToTimestamp(),
                    RunningStates =
                    {
                        new RunningState { Cpus = 2, MemoryMib = 4096, State = RunningStateState.Ready, StateSince = now.AddHours(-6).ToTimestamp() },
                        new RunningState { Cpus = 2, MemoryMib = 2048, State = RunningStateState.Failed, StateSince = now.AddMinutes(-3).ToTimestamp(), Error = "The agent did not say within 300 s that it is ready to be saved." },
                    } },
                new ImageCopy { HostId = "host-2", HostName = "anfitriao-b", State = CopyState.Damaged, StateSince = now.AddMinutes(-4).ToTimestamp(), Percent = 35 },
            } });
        world.Images.Add(new() { ImageVersionId = "img-6", Name = "debian-balcao", Number = 6, State = "retired", Sha256 = new string('b', 64), SizeBytes = 2_110_000_000, PublishedAt = now.AddDays(-40).ToTimestamp() });
        world.Images.Add(new() { ImageVersionId = "img-8", Name = "debian-balcao", Number = 8, State = "publishing", Percent = 42, Sha256 = new string('d', 64), SizeBytes = 2_180_000_000, Path = "/srv/imagens/balcao-8.qcow2", PublishedAt = now.AddMinutes(-3).ToTimestamp() });
        world.Foreign.Add(new() { DomainUuid = "7d3c0000-0000-4000-8000-000000000001", Name = "contabilidade-antiga", Power = PowerState.On });
        world.Foreign.Add(new() { DomainUuid = "7d3c0000-0000-4000-8000-000000000002", Name = "formacao-3", Power = PowerState.Off });
        world.Gateways.Add(new() { GatewayId = "gw-1", Name = "gateway-1", RdpAddress = "vdi.cm-montalegre.pt:3389", Connected = true, Connections = 9 });
        world.Gateways.Add(new() { GatewayId = "gw-2", Name = "gateway-2", RdpAddress = "vdi.cm-montalegre.pt:3389", Connected = false });
        foreach (var person in People)
            world.Users.Add(new() { UserId = "u-" + NameOf(person), UserName = NameOf(person), DisplayName = person, Enabled = person != "Hugo Lopes" });
        world.Users.Add(new() { UserId = "u-rita", UserName = "rita", DisplayName = "Rita Admin", Enabled = true, Administrator = true });
        world.Users.Add(new() { UserId = "u-break", UserName = "break:glass", DisplayName = "Break-glass", Enabled = true, Emergency = true });

        AddPool(world, "p-balcao", "Balcão único", PoolKind.Floating, 24, "balcao", 9, now);
        AddPool(world, "p-urb", "Urbanismo", PoolKind.Dedicated, 12, "urb", 3, now);
        world.Pools.Put(new Pool { SiteId = "site-2", SiteName = "Biblioteca", PoolId = "p-man", Name = "Sala técnica", Kind = PoolKind.Manual, Size = 1, Machines = 1, Available = 1, Enabled = false, Description = "Computadores físicos" });
        world.Machines.Put(new Machine { SiteName = "Biblioteca", MachineId = "m-sala-1", Name = "sala-1", PoolId = "p-man", PoolName = "Sala técnica", State = MachineState.Available, Power = PowerState.On, AgentConnected = true, Manual = true, Address = "10.20.3.7:3389", StateSince = now.AddHours(-5).ToTimestamp() });
        var broken = world.Machines.Find("m-balcao-24")!.Clone();
        (broken.State, broken.Error, broken.AgentConnected) = (MachineState.Faulted, "balcao-24: qcow2", false);
        world.Machines.Put(broken);
        var silent = world.Machines.Find("m-urb-12")!.Clone();
        (silent.State, silent.AgentConnected) = (MachineState.Unreachable, false);
        world.Machines.Put(silent);
        TasksOfWorld.Fill(world, now);
        world.Directories.Add(new()
        {
            DirectoryId = "d-1", Name = "Município", Kind = DirectoryKind.ActiveDirectory, Servers = { "dc1.cm-montalegre.pt:636", "dc2.cm-montalegre.pt:636" }, BaseDn = "DC=cm-montalegre,DC=pt", BindDn = "CN=leitura,OU=Serviço,DC=cm-montalegre,DC=pt",
            Domains = { "cm-montalegre.pt", "municipio" }, MostBadTries = 3, BadTriesMinutes = 30, SyncMinutes = 15, SyncedAt = now.AddMinutes(-6).ToTimestamp(), People = 214, Groups = 31,
        });
        world.Directories.Add(new()
        {
            DirectoryId = "d-2", Name = "Biblioteca", Kind = DirectoryKind.InetOrgPerson, Servers = { "ldap.biblioteca.pt:389" }, StartTls = true, BaseDn = "dc=biblioteca,dc=pt", BindDn = "cn=leitura,dc=biblioteca,dc=pt",
            MostBadTries = 3, BadTriesMinutes = 30, SyncMinutes = 15, SyncError = "ldap.biblioteca.pt:389: Certificate: not trusted: PartialChain", SyncFailedStep = DirectoryStep.Certificate, People = 1,
        });
        world.Providers.Add(new()
        {
            ProviderId = "o-1", Name = "Autenticação da Câmara", Issuer = "https://login.cm-montalegre.pt/realms/camara", ClientId = "montalegre", Scopes = { "profile", "groups" }, NameClaim = "preferred_username", DisplayNameClaim = "name",
            GroupsClaim = "groups", Groups = { new OidcGroup { Value = "7c4-urbanismo", Name = "Urbanismo" }, new OidcGroup { Value = "7c4-obras", Name = "Obras" } }, SecondFactorValues = { "mfa" }, People = 63,
        });
        world.ProviderTest = new()
        {
            Document = "https://login.cm-montalegre.pt/realms/camara/.well-known/openid-configuration", AuthorizationEndpoint = "https://login.cm-montalegre.pt/realms/camara/auth", TokenEndpoint = "https://login.cm-montalegre.pt/realms/camara/token",
            UserinfoEndpoint = "https://login.cm-montalegre.pt/realms/camara/userinfo", Keys = 2, KeyNames = { "RS256 2026-a", "ES256 2026-b" }, SignsOut = true, TellsSignOuts = true,
        };
        world.Alerts.Put(
            new Alert { AlertId = "alert-1", Rule = AlertRule.HostLost, ObjectKind = "host", ObjectKey = "host-2", ObjectName = "anfitriao-b", State = AlertState.Open, Severity = AlertSeverity.Critical, Value = 312, Threshold = 30, OpenedAt = now.AddMinutes(-5).ToTimestamp() },
            new Alert { AlertId = "alert-2", Rule = AlertRule.CreationFailing, ObjectKind = "pool", ObjectKey = "p-balcao", ObjectName = "Balcão único", PoolId = "p-balcao", State = AlertState.Open, Severity = AlertSeverity.Warning, Value = 4, Threshold = 3, Detail = "balcao-24: qcow2", OpenedAt = now.AddMinutes(-42).ToTimestamp(), AcknowledgedBy = "rui", AcknowledgedAt = now.AddMinutes(-40).ToTimestamp() });
        world.ResolvedAlerts.Add(new() { AlertId = "alert-0", Rule = AlertRule.BackupOld, ObjectKind = "backup", ObjectKey = "backup", State = AlertState.Resolved, Severity = AlertSeverity.Critical, Value = 28, Threshold = 26, OpenedAt = now.AddDays(-3).ToTimestamp(), ResolvedAt = now.AddDays(-3).AddHours(2).ToTimestamp() });
        world.AlertRules.Add(new() { Rule = AlertRule.QueueLong, PoolId = "p-balcao", Enabled = true, Threshold = 25, ForSeconds = 120, Severity = AlertSeverity.Critical, Unit = AlertUnit.People, PerPool = true, Changed = true });
        world.AlertChannels.Add(new() { ChannelId = "ch-1", Name = "Informática", Kind = AlertChannelKind.Mail, LeastSeverity = AlertSeverity.Warning, Language = "pt", Server = "correio.cm-montalegre.pt", Sender = "vdi@cm-montalegre.pt", Recipients = { "informatica@cm-montalegre.pt" }, SentAt = now.AddMinutes(-5).ToTimestamp() });
        world.AlertChannels.Add(new() { ChannelId = "ch-2", Name = "Central", Kind = AlertChannelKind.Webhook, LeastSeverity = AlertSeverity.Critical, Language = "en", Url = "https://central.cm-montalegre.pt/alertas", HasSecret = true, Waiting = 1, Error = "502" });
        world.Groups.Add(new() { GroupId = "g-1", Name = "Atendimento", Description = "Quem está ao balcão", MostSessions = 10, Members = 3, Pools = 1 });
        world.Groups.Add(new() { GroupId = "g-2", Name = "Arquitetos", Members = 0 });
        world.Members["g-1"] = [.. world.Users.Take(3)];
        world.EntitledGroups["p-balcao"] = [world.Groups[0]];
        world.Entitled["p-balcao"] = [.. world.Users.Take(4)];

        var first = world.Sessions.All.Single(s => s.MachineId == "m-balcao-1");
        var at = first.StartedAt.ToDateTimeOffset();
        (string Name, int From, int To)[] phases = [("brokering", 0, 42), ("connect", 60, 410), ("authenticate", 410, 980), ("session_open", 980, 1820), ("display", 1700, 2650), ("desktop", 2650, 4120)];
        world.Phases[first.SessionId] = [.. phases.Select(p => new LogonPhase { Name = p.Name, StartedAt = at.AddMilliseconds(p.From).ToTimestamp(), EndedAt = at.AddMilliseconds(p.To).ToTimestamp() })];

        (string Actor, string Action, string Kind, string Id, string Name, string Outcome)[] acts =
        [
            ("rita", "sign_in", "user", "u-rita", "rita", "ok"), ("ana.martins", "session.launch", "session", first.SessionId, "balcao-1", "ok"),
            ("gateway-1", "ticket.redeemed", "session", first.SessionId, "balcao-1", "ok"), ("balcao-1", "session.active", "session", first.SessionId, "balcao-1", "ok"),
            ("rita", "machine.refresh", "machine", "m-balcao-1", "balcao-1", "ok"), ("gateway-1", "ticket.refused", "ticket", "", "", "TICKET_USED"),
            ("hugo.lopes", "sign_in.failed", "user", "u-hugo.lopes", "hugo.lopes", "SIGN_IN_FAILED"), ("rita", "pool.update", "pool", "p-urb", "Urbanismo", "ok"),
        ];
        var n = 0;
        for (var round = 0; round < 30; round++)
            foreach (var a in acts)
                world.Audit.Add(new() { AuditId = ++n, At = now.AddMinutes(n - 300).ToTimestamp(), Actor = a.Actor, Action = a.Action, ObjectKind = a.Kind, ObjectId = a.Id, ObjectName = a.Name, Outcome = a.Outcome, SourceAddress = "10.20.5." + (n % 200), Reference = a.Outcome == "ok" ? "" : "R-" + n });
    }

    private static void AddPool(FakeWorld world, string id, string name, PoolKind kind, int size, string prefix, int used, DateTimeOffset now)
    {
        for (var i = 1; i <= size; i++)
        {
            var machine = new Machine
            {
                MachineId = $"m-{prefix}-{i}", Name = $"{prefix}-{i}", PoolId = id, PoolName = name, Power = PowerState.On, AgentConnected = true, AgentVersion = "0.1.0",
                OperatingSystem = "Debian 12", Address = $"10.20.4.{i}:3389", HostName = i % 2 == 0 ? "anfitriao-a" : "anfitriao-b", State = i <= used ? MachineState.InUse : MachineState.Available,
                StateSince = now.AddMinutes(-i * 7).ToTimestamp(), AgentSeenAt = now.AddSeconds(-4).ToTimestamp(),
            };
            if (i == used + 1) (machine.State, machine.Step, machine.AgentConnected) = (MachineState.Provisioning, "await_agent", false);
            if (i <= used)
            {
                var person = People[(i + (prefix == "urb" ? 8 : -1)) % People.Length];
                machine.SessionId = $"s-{prefix}-{i}";
                machine.People = 1;
                machine.UserName = NameOf(person);
                world.Sessions.Put(new Session
                {
                    SessionId = machine.SessionId, State = i % 4 == 0 ? SessionState.Disconnected : SessionState.Active, UserId = "u-" + NameOf(person), UserName = NameOf(person), DisplayName = person,
                    MachineId = machine.MachineId, MachineName = machine.Name, PoolId = id, PoolName = name, StartedAt = now.AddMinutes(-i * 13).ToTimestamp(), StateSince = now.AddMinutes(-i * 13).ToTimestamp(),
                    ClientName = $"posto-{i:00}", ClientAddress = $"10.20.5.{i}", Connected = i % 4 != 0, IdleKnown = true, IdleSeconds = (uint)(i * 37), LogonMilliseconds = (uint)(3900 + i * 170), ApplicationId = prefix == "balcao" && i % 3 == 2 ? "a-1" : "", ApplicationName = prefix == "balcao" && i % 3 == 2 ? "Contabilidade" : "",
                    Applications = { new[] { "Contabilidade", "Calculadora" }.Take(prefix == "balcao" && i % 3 == 2 ? 1 + (i % 2) : 0) },
                });
            }
            world.Machines.Put(machine);
        }
        world.Pools.Put(new Pool
        {
            PoolId = id, Name = name, Kind = kind, Size = (uint)size, Enabled = true, ImageVersionId = "img-7", ImageName = "debian-balcao", Cpus = 2, MemoryMib = 2048, Hosts = { new PoolHost { HostId = "host-1", Name = "anfitriao-a" } }, Placement = Placement.Breadth, Spare = kind == PoolKind.Manual ? null : new() { Everything = true },
            SessionRules = new() { IdleMinutes = 30, DisconnectedMinutes = 0, EmptyMinutes = 5, LogOffAction = kind == PoolKind.Floating ? LogOffAction.Refresh : LogOffAction.Keep, RightLost = RightLost.Disconnect },
            MachineNamePattern = prefix + "-{n}", Machines = (uint)size, InUse = (uint)used, Provisioning = 1, Faulted = prefix == "balcao" ? 1u : 0, Available = (uint)(size - used - 2), Sessions = (uint)used,
            Waiting = prefix == "urb" ? 2u : 0, Trouble = prefix == "balcao" ? new() { Code = ReasonCode.HostUnavailable, Detail = "anfitriao-b" } : null,
        });
    }

    public static IEnumerable<Operation> Operations() =>
    [
        new() { OperationId = "o2", Kind = "refresh", Step = "await_agent", State = "running", Attempts = 1, StartedAt = DateTimeOffset.UtcNow.AddSeconds(-12).ToTimestamp() },
        new() { OperationId = "o1", Kind = "provision", Step = "done", State = "done", Attempts = 2, StartedAt = DateTimeOffset.UtcNow.AddDays(-1).ToTimestamp(), EndedAt = DateTimeOffset.UtcNow.AddDays(-1).AddSeconds(31).ToTimestamp() },
    ];

    public static IEnumerable<Connection> Connections() =>
    [
        new() { ConnectionId = "c2", GatewayName = "gateway-1", ClientName = "posto-01", ClientAddress = "10.20.5.1", OpenedAt = DateTimeOffset.UtcNow.AddMinutes(-9).ToTimestamp(), BytesFromClient = 812_334, BytesFromMachine = 48_211_002 },
        new() { ConnectionId = "c1", GatewayName = "gateway-1", ClientName = "telemovel", ClientAddress = "10.20.9.4", OpenedAt = DateTimeOffset.UtcNow.AddMinutes(-55).ToTimestamp(), ClosedAt = DateTimeOffset.UtcNow.AddMinutes(-20).ToTimestamp(), End = "client_closed", BytesFromClient = 91_002, BytesFromMachine = 9_100_233 },
    ];

    private static string NameOf(string person) => string.Concat(person.ToLowerInvariant().Normalize(System.Text.NormalizationForm.FormD).Where(c => c < 128)).Replace(' ', '.');
}
