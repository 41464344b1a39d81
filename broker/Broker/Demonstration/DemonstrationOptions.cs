using Montalegre.Vdi.Broker.Hosting;

namespace Montalegre.Vdi.Broker.Demonstration;

/// <summary>What a demonstration consists of. Without <see cref="Enabled"/> nothing of it is made.</summary>
internal sealed class DemonstrationOptions : IOptionsWithProblems
{
    /// <inheritdoc />
    public static string SectionName => "Demonstration";

    /// <summary>Makes host, image, pool, user and gateway token at start, where they are missing.</summary>
    public bool Enabled { get; set; }

    /// <summary>Libvirt URI of the one host.</summary>
    public string HostUri { get; set; } = "qemu:///session";

    /// <summary>How machines reach the network: user, network:name or bridge:name.</summary>
    public string Network { get; set; } = "user";

    /// <summary>Directory for disks on that host.</summary>
    public string StoragePath { get; set; } = "";

    /// <summary>Golden image on the broker's disk.</summary>
    public string ImagePath { get; set; } = "";

    /// <summary>Machines in the pool.</summary>
    public int PoolSize { get; set; } = 2;

    /// <summary>Memory of a machine.</summary>
    public int MemoryMib { get; set; } = 768;

    /// <summary>Name of the entitled user.</summary>
    public string UserName { get; set; } = "ana.silva";

    /// <summary>File with that user's password; read once, when the user is made.</summary>
    public string PasswordFile { get; set; } = "";

    /// <summary>host:port of the gateway's RDP door, as clients reach it.</summary>
    public string GatewayRdpAddress { get; set; } = "127.0.0.1:3389";

    /// <inheritdoc />
    public IEnumerable<string> Problems()
    {
        if (!Enabled) yield break;
        if (!File.Exists(ImagePath)) yield return $"{SectionName}:{nameof(ImagePath)} is '{ImagePath}', which is no file; build the golden image first.";
        if (!File.Exists(PasswordFile)) yield return $"{SectionName}:{nameof(PasswordFile)} is '{PasswordFile}', which is no file; write the user's password into it.";
        if (!Path.IsPathFullyQualified(StoragePath)) yield return $"{SectionName}:{nameof(StoragePath)} is '{StoragePath}'; use an absolute path.";
        if (PoolSize is < 0 or > 100) yield return $"{SectionName}:{nameof(PoolSize)} is {PoolSize}; use 0 to 100.";
    }
}
