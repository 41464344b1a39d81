namespace Montalegre.Vdi.Agent.Hosting;

/// <summary>
/// Where the agent finds things. Read from lines of <c>key = value</c>, by hand: a configuration library would cost more
/// start-up time in an emulated guest than all the rest of the reading.
/// </summary>
internal sealed record AgentOptions
{
    public string StateDirectory { get; init; } = OperatingSystem.IsWindows()
        ? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.CommonApplicationData), "Montalegre")
        : "/var/lib/montalegre";

    public string JoinFile { get; init; } = OperatingSystem.IsWindows()
        ? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.CommonApplicationData), "Montalegre", "join")
        : "/etc/montalegre/join";

    /// <summary>The whole SMBIOS table: always there, unlike the entries next to it, which need a kernel module.</summary>
    public string DmiTable { get; init; } = "/sys/firmware/dmi/tables/DMI";

    /// <summary>QEMU's own copy of that table, from outside of the guest's memory: after a restore it is the new machine's.</summary>
    public string FirmwareTable { get; init; } = "/sys/firmware/qemu_fw_cfg/by_name/etc/smbios/smbios-tables/raw";

    /// <summary>Who the machine is, if it was started from a running state: gone with the next boot, from which on the firmware is right.</summary>
    public string RunDirectory { get; init; } = "/run/montalegre";

    public string PamSocket { get; init; } = "/run/montalegre/pam.sock";
    public string XrdpIni { get; init; } = "/etc/xrdp/xrdp.ini";
    public string XrdpSockets { get; init; } = "/run/xrdp/sockdir";

    /// <summary>What sessions of programs run under; machines that are not of our image have none.</summary>
    public string ProgramScript { get; init; } = "/usr/lib/montalegre/program";

    /// <summary>0: as xrdp.ini says.</summary>
    public int RdpPort { get; init; }

    /// <summary>Empty: as xrdp.ini says.</summary>
    public string RdpCertificate { get; init; } = "";

    /// <summary>First wait after a lost connection; doubled up to <see cref="BackOffMost"/>, each time with jitter.</summary>
    public TimeSpan BackOffLeast { get; init; } = TimeSpan.FromSeconds(1);

    public TimeSpan BackOffMost { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Reads the file if it is there; every problem is named with its line.</summary>
    public static AgentOptions Read(string path, List<string> problems) =>
        File.Exists(path) ? Parse(File.ReadAllLines(path), path, problems) : new AgentOptions();

    internal static AgentOptions Parse(IReadOnlyList<string> lines, string path, List<string> problems)
    {
        var options = new AgentOptions();
        for (var i = 0; i < lines.Count; i++)
        {
            var line = lines[i].Trim();
            if (line.Length == 0 || line[0] == '#') continue;
            var equals = line.IndexOf('=', StringComparison.Ordinal);
            var key = equals < 0 ? line : line[..equals].TrimEnd();
            var value = equals < 0 ? "" : line[(equals + 1)..].TrimStart();
            if (options.With(key, value) is { } changed) options = changed;
            else problems.Add($"{path}:{i + 1}: {key} is not a setting of the agent or its value cannot be read; correct or remove the line.");
        }
        return options;
    }

    private AgentOptions? With(string key, string value) => key switch
    {
        nameof(StateDirectory) => this with { StateDirectory = value },
        nameof(JoinFile) => this with { JoinFile = value },
        nameof(DmiTable) => this with { DmiTable = value },
        nameof(PamSocket) => this with { PamSocket = value },
        nameof(XrdpIni) => this with { XrdpIni = value },
        nameof(XrdpSockets) => this with { XrdpSockets = value },
        nameof(ProgramScript) => this with { ProgramScript = value },
        nameof(RdpCertificate) => this with { RdpCertificate = value },
        nameof(RdpPort) when ushort.TryParse(value, out var port) => this with { RdpPort = port },
        _ => null,
    };
}
