using System.Net;
using Montalegre.Vdi.Gateway.Listening;

namespace Montalegre.Vdi.Gateway.Hosting;

/// <summary>Section <c>Gateway</c> of the configuration.</summary>
internal sealed class GatewayOptions
{
    public const string Section = "Gateway";

    /// <summary>Name under which this gateway joins; shown in the console.</summary>
    public string Name { get; set; } = Environment.MachineName;

    /// <summary>Address and port for RDP.</summary>
    public string RdpListen { get; set; } = "[::]:3389";

    /// <summary>What <see cref="RdpListen"/> serves: rdp, rd-gateway, pages; none named means all three.</summary>
    public IList<string> RdpServes { get; } = [];

    /// <summary>Takes a ticket from a preconnection blob too (MS-RDPEPS), which some clients send before their first RDP word.</summary>
    public bool PreconnectionBlob { get; set; }

    /// <summary>Holds the gateway's identity and, when none is configured, its own door certificate. Only its user may read it.</summary>
    public string StateDirectory { get; set; } = "/var/lib/montalegre/gateway";

    /// <summary>PEM certificate (with chain) the clients see. Without it the gateway makes a self-signed one and says so.</summary>
    public string? CertificateFile { get; set; }

    /// <summary>PEM private key of <see cref="CertificateFile"/>.</summary>
    public string? CertificateKeyFile { get; set; }

    /// <summary>How often both files are looked at for another certificate.</summary>
    public TimeSpan CertificateLookEvery { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>One-time token, or whole join document, with which a new gateway joins; deleted once used.</summary>
    public string? JoinTokenFile { get; set; }

    /// <summary>The broker's enrolment address; needed with a bare token only, a join document carries it.</summary>
    public Uri? BrokerEnrolment { get; set; }

    /// <summary>The broker's gateway channel (mutual TLS); needed with a bare token only.</summary>
    public Uri? BrokerChannel { get; set; }

    /// <summary>SHA-256 of the installation authority's certificate, hexadecimal; needed with a bare token only.</summary>
    public string? BrokerAuthoritySha256 { get; set; }

    /// <summary>From TCP accept to a whole Connection Request.</summary>
    public TimeSpan FirstRequestDeadline { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>From a whole Connection Request to a rewritten Client Info, machine and broker included.</summary>
    public TimeSpan HandshakeDeadline { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>TCP connect and RDP negotiation with the machine, each of two attempts.</summary>
    public TimeSpan MachineDeadline { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>A client that vanished is let go after this silence; one that is merely idle answers the system's probes.</summary>
    public TimeSpan ClientSilence { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>The same for a machine, which may be paused for a while by its hypervisor.</summary>
    public TimeSpan MachineSilence { get; set; } = TimeSpan.FromMinutes(2);

    /// <summary>How long a redemption is tried again while no broker answers.</summary>
    public TimeSpan BrokerRetryBudget { get; set; } = TimeSpan.FromSeconds(3);

    /// <summary>How long a refusal stands on the client's screen; 0 shows none, and clients say what they say to a failed negotiation.</summary>
    public TimeSpan RefusalShownFor { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>Refusals shown at once from this gateway; what comes above that gets a bare failure, so that guessers cost little.</summary>
    public int RefusalsShownAtOnce { get; set; } = 200;

    /// <summary>Lets people in without a ticket who give user name and password in their RDP client; off: only tickets open the door.</summary>
    public bool PasswordAtDoor { get; set; } = true;

    /// <summary>The broker's API, where such people sign in; without it the portal's (<c>Portal:Broker</c>) is asked.</summary>
    public Uri? EmployeeApi { get; set; }

    /// <summary>People who wait at the door at once for a machine to start.</summary>
    public int WaitingAtDoor { get; set; } = 500;

    /// <summary>How often the broker is asked whether those who are connected may stay; 00:00:00 never asks.</summary>
    public TimeSpan RecheckEvery { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>Ends relays through which nothing moved; null keeps them for ever.</summary>
    public TimeSpan? IdleTimeout { get; set; }

    /// <summary>Time that running handshakes and relays get when the gateway is asked to stop.</summary>
    public TimeSpan StopGrace { get; set; } = TimeSpan.FromSeconds(2);

    public AddressLimitsOptions Limits { get; set; } = new();

    public Served RdpServed => ServedWords.Read(RdpServes) ?? Served.Everything;

    public IEnumerable<string> Problems()
    {
        if (!IPEndPoint.TryParse(RdpListen, out _))
            yield return $"{Section}:{nameof(RdpListen)} is {RdpListen}; use an address and a port, for example [::]:3389 or 127.0.0.1:13389.";
        if (ServedWords.Problem($"{Section}:{nameof(RdpServes)}", RdpServes) is { } serves) yield return serves;
        if (string.IsNullOrWhiteSpace(Name)) yield return $"{Section}:{nameof(Name)} is empty; give this gateway a name.";
        if (string.IsNullOrWhiteSpace(StateDirectory)) yield return $"{Section}:{nameof(StateDirectory)} is empty; name a directory only this user can read.";
        if ((CertificateFile is null) != (CertificateKeyFile is null))
            yield return $"{Section}:{nameof(CertificateFile)} and {Section}:{nameof(CertificateKeyFile)} go together; set both or neither.";
        foreach (var file in new[] { CertificateFile, CertificateKeyFile })
        {
            if (file is not null && !File.Exists(file)) yield return $"{Section}: the file {file} does not exist; correct the path.";
        }
        if (CertificateLookEvery < TimeSpan.FromSeconds(1) || CertificateLookEvery > TimeSpan.FromDays(1)) yield return $"{Section}:{nameof(CertificateLookEvery)} is {CertificateLookEvery}; use 00:00:01 to 1.00:00:00.";
        if (BrokerAuthoritySha256 is { Length: not 64 })
            yield return $"{Section}:{nameof(BrokerAuthoritySha256)} has not 64 hexadecimal digits; copy it from the broker's console.";
        foreach (var (name, value) in new[]
        {
            (nameof(FirstRequestDeadline), FirstRequestDeadline), (nameof(HandshakeDeadline), HandshakeDeadline),
            (nameof(MachineDeadline), MachineDeadline), (nameof(IdleTimeout), IdleTimeout ?? TimeSpan.FromMinutes(1)),
        })
        {
            if (value < TimeSpan.FromMilliseconds(100)) yield return $"{Section}:{name} is {value}; use 00:00:00.100 or more.";
        }
        foreach (var (name, value) in new[] { (nameof(BrokerRetryBudget), BrokerRetryBudget), (nameof(StopGrace), StopGrace), (nameof(RefusalShownFor), RefusalShownFor) })
        {
            if (value < TimeSpan.Zero) yield return $"{Section}:{name} is {value}; use 00:00:00 or more.";
        }
        if (RecheckEvery != TimeSpan.Zero && (RecheckEvery < TimeSpan.FromSeconds(1) || RecheckEvery > TimeSpan.FromDays(1)))
            yield return $"{Section}:{nameof(RecheckEvery)} is {RecheckEvery}; use 00:00:01 to 1.00:00:00, or 00:00:00 to never ask.";
        if (RefusalsShownAtOnce < 1) yield return $"{Section}:{nameof(RefusalsShownAtOnce)} is {RefusalsShownAtOnce}; use 1 or more, and {nameof(RefusalShownFor)} 00:00:00 to show none.";
        if (WaitingAtDoor < 1) yield return $"{Section}:{nameof(WaitingAtDoor)} is {WaitingAtDoor}; use 1 or more, and {nameof(PasswordAtDoor)} false to let nobody wait.";
        if (EmployeeApi is { Scheme: not "https" }) yield return $"{Section}:{nameof(EmployeeApi)} is {EmployeeApi}; use an https address such as https://broker.example.pt:7443.";
        foreach (var (name, value) in new[] { (nameof(ClientSilence), ClientSilence), (nameof(MachineSilence), MachineSilence) })
        {
            if (value < TimeSpan.FromSeconds(6) || value > TimeSpan.FromHours(1)) yield return $"{Section}:{name} is {value}; use 00:00:06 to 01:00:00.";
        }
        foreach (var problem in Limits.Problems()) yield return problem;
    }
}
