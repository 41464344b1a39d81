using System.Security.Cryptography;
using Montalegre.Vdi.Rig.Libvirt;
using Montalegre.Vdi.Rig.Networks;

namespace Montalegre.Vdi.Rig.Stack;

/// <summary>How one stack differs from the usual one; tests run beside a demonstration on other ports.</summary>
public sealed record StackSettings
{
    /// <summary>Another state directory than the account's usual one.</summary>
    public string? StateDirectory { get; init; }

    /// <summary>Ports: API, channel, portal, console, RDP door.</summary>
    public (int Api, int Channel, int Portal, int Console, int Rdp) Ports { get; init; } = (7443, 7444, 8443, 9443, 3389);

    /// <summary>First port that forwards to a machine.</summary>
    public int FirstForwardedPort { get; init; } = 23000;

    /// <summary>Machines in the pool.</summary>
    public int PoolSize { get; init; } = 2;

    /// <summary>Everything lives in this network, and machines are plugged into its bridge; null: loopback and user-mode networking.</summary>
    public TestNetwork? Network { get; init; }

    /// <summary>Where the private libvirt lives, if not below the state directory: system mode's machines run as another user and must get through.</summary>
    public string? LibvirtDirectory { get; init; }

    /// <summary>The hypervisor's network setting for machines: user, network:name or bridge:name.</summary>
    public string MachineNetwork { get; init; } = "user";

    /// <summary>Further broker settings, as Section:Key.</summary>
    public IReadOnlyDictionary<string, string> Broker { get; init; } = new Dictionary<string, string>();

    /// <summary>Further gateway settings, as Section:Key.</summary>
    public IReadOnlyDictionary<string, string> Gateway { get; init; } = new Dictionary<string, string>();
}

/// <summary>Broker, gateway and console as real processes on loopback, with a golden image and a pool of real virtual machines.</summary>
public sealed class DemonstrationStack : IAsyncDisposable
{
    /// <summary>The demonstration's API, for the command line.</summary>
    public const string ApiUrl = "https://127.0.0.1:7443";

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);
    private readonly StackSettings _settings;
    private readonly ServiceAccount _account;
    private readonly string _image;
    private LibvirtDaemons? _libvirt;

    private DemonstrationStack(StackSettings settings, ServiceAccount account, string image) => (_settings, _account, _image) = (settings, account, image);

    /// <summary>The employee who may use the pool.</summary>
    public string UserName => "ana.silva";

    /// <summary>That employee's password.</summary>
    public string Password => File.ReadAllText(PasswordFile).Trim();

    /// <summary>Address of the employee portal.</summary>
    public string PortalUrl => $"https://127.0.0.1:{_settings.Ports.Portal}";

    /// <summary>Address of the console.</summary>
    public string ConsoleUrl => $"https://127.0.0.1:{_settings.Ports.Console}";

    /// <summary>Address of the API.</summary>
    public string BrokerUrl => $"https://127.0.0.1:{_settings.Ports.Api}";

    /// <summary>Address of the gateway's RDP door.</summary>
    public string RdpAddress => $"127.0.0.1:{_settings.Ports.Rdp}";

    /// <summary>PEM file of the authority that all certificates of this stack chain to.</summary>
    public string AuthorityFile => Path.Combine(BrokerState, "authority.pem");

    /// <summary>The running broker.</summary>
    public Service Broker { get; private set; } = null!;

    /// <summary>The running gateway with the portal.</summary>
    public Service Gateway { get; private set; } = null!;

    /// <summary>The running console.</summary>
    public Service Console { get; private set; } = null!;

    /// <summary>The broker's state directory.</summary>
    public string BrokerState => Path.Combine(_account.StateDirectory, "broker");

    /// <summary>The account everything runs as.</summary>
    public ServiceAccount Account => _account;

    private string PasswordFile => Path.Combine(_account.StateDirectory, "demonstration-password");

    /// <summary>The one-time set-up link; null once the first administrator exists.</summary>
    public string? SetUpLink =>
        Path.Combine(BrokerState, "set-up-token") is var file && File.Exists(file) ? $"{ConsoleUrl}/set-up#{File.ReadAllText(file).Trim()}" : null;

    /// <summary>Builds what is needed and starts everything; the machines go on booting afterwards.</summary>
    public static async Task<DemonstrationStack> StartAsync(StackSettings settings, string image, Progress progress, CancellationToken ct)
    {
        var account = await ServiceAccount.EnsureAsync(settings.StateDirectory, ct, settings.Network?.Name);
        var stack = new DemonstrationStack(settings, account, image);
        try
        {
            await stack.PrepareAsync(ct);
            await using (progress.Step("Starting the hypervisor's daemons")) await stack.StartLibvirtAsync(ct);
            await using (progress.Step("Starting broker and database"))
            {
                await stack.StartBrokerAsync(ct);
                // The gateway's certificate, and what it joins with unless it has joined before: a moment after the broker is ready.
                await stack.UntilAsync(stack.Broker, () => Task.FromResult(File.Exists(stack.ServerCertificate) && (File.Exists(stack.GatewayToken) || File.Exists(stack.GatewayIdentity))), ct);
            }
            await using (progress.Step("Starting gateway and console"))
            {
                await stack.StartGatewayAsync(ct);
                await stack.StartConsoleAsync(ct);
            }
            return stack;
        }
        catch
        {
            await stack.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts a libvirt of our own; nothing of the computer's libvirt is touched.</summary>
    public async Task StartLibvirtAsync(CancellationToken ct) =>
        _libvirt = await LibvirtDaemons.StartAsync(_settings.LibvirtDirectory ?? Path.Combine(_account.StateDirectory, "libvirt"), _settings.Network is null
            ? new LibvirtSettings { User = _account.User }
            // Plugging a machine into a bridge takes rights: system mode, as in production.
            : new LibvirtSettings { System = true, NetworkNamespace = _settings.Network.Name, BridgedNetwork = ("desktops", _settings.Network.Bridge) }, ct);

    /// <summary>A handler for HTTP and gRPC that trusts this stack and reaches it where it is.</summary>
    public SocketsHttpHandler Trust() => StackTrust.Handler(AuthorityFile, _settings.Network);

    /// <summary>The hypervisor of this stack.</summary>
    public LibvirtDaemons Libvirt => _libvirt ?? throw new InvalidOperationException("The hypervisor's daemons are not started.");

    /// <summary>Starts the broker and waits until it can broker.</summary>
    public async Task StartBrokerAsync(CancellationToken ct)
    {
        var ports = _settings.Ports;
        var arguments = new Dictionary<string, string>
        {
            ["Hosting:StateDirectory"] = BrokerState, ["Hosting:ApiListen"] = $"{ListenAddress}:{ports.Api}", ["Hosting:ChannelListen"] = $"{ListenAddress}:{ports.Channel}",
            ["Certificates:DemonstrationServerNames:0"] = "localhost", ["Certificates:DemonstrationServerNames:1"] = "127.0.0.1",
            // 10.0.2.2 is the host's loopback as a machine with user-mode networking sees it.
            ["Provisioning:EnrolmentUrl"] = $"https://{SeenByMachines}:{ports.Api}", ["Provisioning:ChannelUrl"] = $"https://{SeenByMachines}:{ports.Channel}",
            ["Provisioning:FirstForwardedPort"] = $"{_settings.FirstForwardedPort}", ["Provisioning:ParallelPerHost"] = "2",
            ["Demonstration:Enabled"] = "true", ["Demonstration:HostUri"] = Libvirt.Uri, ["Demonstration:Network"] = _settings.MachineNetwork, ["Demonstration:StoragePath"] = Libvirt.StoragePath, ["Demonstration:ImagePath"] = _image,
            ["Demonstration:PoolSize"] = $"{_settings.PoolSize}", ["Demonstration:PasswordFile"] = PasswordFile, ["Demonstration:UserName"] = UserName,
            ["Demonstration:GatewayRdpAddress"] = RdpAddress,
            ["Passkeys:Host"] = "localhost", ["Passkeys:Origins:0"] = $"https://localhost:{ports.Portal}", ["Passkeys:Origins:1"] = $"https://localhost:{ports.Console}",
        };
        foreach (var (key, value) in _settings.Broker) arguments[key] = value;
        Broker = await StartAsync("broker", "broker/Broker", arguments, ct);
        using var http = new HttpClient(Trust());
        await UntilAsync(Broker, async () => (await http.GetAsync($"{BrokerUrl}/healthz/ready", ct)).IsSuccessStatusCode, ct);
    }

    /// <summary>Starts the gateway and waits until portal and RDP door answer.</summary>
    public async Task StartGatewayAsync(CancellationToken ct)
    {
        var state = await _account.DirectoryAsync("gateway", ct);
        var arguments = new Dictionary<string, string>
        {
            ["Gateway:Name"] = "gateway-1", ["Gateway:RdpListen"] = RdpAddress, ["Gateway:StateDirectory"] = state,
            ["Gateway:BrokerEnrolment"] = BrokerUrl, ["Gateway:BrokerChannel"] = $"https://127.0.0.1:{_settings.Ports.Channel}",
            ["Gateway:BrokerAuthoritySha256"] = await AuthoritySha256Async(ct),
            ["Gateway:CertificateFile"] = ServerCertificate, ["Gateway:CertificateKeyFile"] = ServerKey,
            ["Portal:Broker"] = BrokerUrl, ["Gateway:Portal:Listen"] = $"127.0.0.1:{_settings.Ports.Portal}",
            ["Gateway:Html5:WorkerFolder"] = Builds.WorkerFolder,
        };
        if (File.Exists(GatewayToken)) arguments["Gateway:JoinTokenFile"] = GatewayToken;
        foreach (var (key, value) in _settings.Gateway) arguments[key] = value;
        Gateway = await StartAsync("gateway", "broker/Gateway", arguments, ct);
        await UntilAsync(Gateway, () => AnswersAsync(PortalUrl, ct), ct);
    }

    /// <summary>Starts the console and waits until it answers.</summary>
    public async Task StartConsoleAsync(CancellationToken ct)
    {
        Console = await StartAsync("console", "admin-ui/AdminUi", new Dictionary<string, string>
        {
            ["Console:Urls"] = ConsoleUrl, ["Console:CertificatePath"] = ServerCertificate, ["Console:CertificateKeyPath"] = ServerKey, ["Console:BrokerAddress"] = BrokerUrl,
            ["Console:BrokerCertificateAuthorityPath"] = AuthorityFile, ["Console:KeysPath"] = await _account.DirectoryAsync("console-keys", ct),
            ["Console:LogDirectory"] = await _account.DirectoryAsync("console-log", ct),
        }, ct);
        await UntilAsync(Console, () => AnswersAsync(ConsoleUrl, ct), ct);
    }

    /// <summary>Stops what was started, the virtual machines included; disks, records and keys stay.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var service in new[] { Console, Gateway, Broker }.OfType<Service>()) await service.DisposeAsync();
        if (_libvirt is null) return;
        _libvirt.StopMachines();
        await _libvirt.DisposeAsync();
    }

    private string ListenAddress => _settings.Network is null ? "127.0.0.1" : "0.0.0.0";

    private string SeenByMachines => _settings.Network?.Address ?? "10.0.2.2";

    private string ServerCertificate => Path.Combine(BrokerState, "demonstration", "server.pem");

    private string GatewayToken => Path.Combine(BrokerState, "demonstration", "gateway-token");

    private string GatewayIdentity => Path.Combine(_account.StateDirectory, "gateway", "identity.json");

    private string ServerKey => Path.Combine(BrokerState, "demonstration", "server.key");

    private async Task PrepareAsync(CancellationToken ct)
    {
        foreach (var name in new[] { "home", "run", "broker" }) await _account.DirectoryAsync(name, ct);
        if (!File.Exists(PasswordFile))
        {
            // Made here, shown at the end of every start: it opens a demonstration on loopback.
            var password = string.Join('-', Enumerable.Range(0, 4).Select(_ => RandomNumberGenerator.GetString("abcdefghjkmnpqrstuvwxyz23456789", 5)));
            await using (var file = new FileStream(PasswordFile, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite }))
            await using (var writer = new StreamWriter(file)) await writer.WriteAsync(password.AsMemory(), ct);
            await _account.OwnAsync(PasswordFile, ct);
        }
        foreach (var port in new[] { _settings.Ports.Api, _settings.Ports.Channel, _settings.Ports.Portal, _settings.Ports.Console, _settings.Ports.Rdp })
            if (_settings.Network is null && !LoopbackPorts.IsFree(port)) throw new SetUpException($"Port {port} on 127.0.0.1 is taken by another program; stop it (ss -ltnp shows which), then run this again.");
    }

    private async Task<Service> StartAsync(string name, string project, Dictionary<string, string> settings, CancellationToken ct) =>
        await Service.StartAsync(_account, name, "dotnet", [await _account.ReadableAsync(Builds.Program(project), ct), .. settings.Select(s => $"--{s.Key}={s.Value}")], new Dictionary<string, string>(), ct);

    private async Task<string> AuthoritySha256Async(CancellationToken ct)
    {
        using var authority = System.Security.Cryptography.X509Certificates.X509Certificate2.CreateFromPem(await File.ReadAllTextAsync(AuthorityFile, ct));
        return Convert.ToHexStringLower(SHA256.HashData(authority.RawData));
    }

    private async Task<bool> AnswersAsync(string url, CancellationToken ct)
    {
        using var http = new HttpClient(Trust());
        return (int)(await http.GetAsync(url, ct)).StatusCode < 500;
    }

    private async Task UntilAsync(Service service, Func<Task<bool>> ready, CancellationToken ct)
    {
        var deadline = DateTime.UtcNow + Patience;
        while (true)
        {
            if (service.HasExited) throw new SetUpException($"The {service.Name} ended at start. Its last lines ({service.LogFile}):\n{service.LastLines(15)}");
            try
            {
                if (await ready()) return;
            }
            catch (Exception e) when (e is HttpRequestException or TaskCanceledException { InnerException: TimeoutException } && DateTime.UtcNow < deadline)
            {
                // Not listening or not answering yet; the deadline bounds this.
            }
            if (DateTime.UtcNow >= deadline) throw new SetUpException($"The {service.Name} was not ready within {Patience.TotalSeconds:0} s. Its last lines ({service.LogFile}):\n{service.LastLines(15)}");
            await Task.Delay(100, ct);
        }
    }
}
