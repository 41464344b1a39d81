using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.DependencyInjection;
using Montalegre.Vdi.Benchmarks.Brokers;
using Montalegre.Vdi.Broker.Certificates;
using Montalegre.Vdi.Broker.Hosting;
using Montalegre.Vdi.Rig.Postgres;

namespace Montalegre.Vdi.Benchmarks.AgentStreams;

/// <summary>Certificates of many machines from the installation's own authority; all have one key, because making 5,000 would measure nothing.</summary>
internal static class AgentIdentities
{
    private const int AtOnce = 8;

    /// <summary>Has the authority issue a certificate for each machine, and writes them with the key into one file.</summary>
    public static async Task WriteAsync(string file, TemporaryCluster cluster, string database, RunningBroker broker, IReadOnlyList<Guid> machines, string state, CancellationToken ct)
    {
        await using var services = BrokerApplication.Build([.. RunningBroker.Settings(cluster, database, state), $"--Certificates:KeyFile={broker.KeyFile}", "--Hosting:LogLevel=Warning"]);
        var authority = services.Services.GetRequiredService<CertificateAuthority>();
        await authority.LoadAsync(ct);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=ignored", key, HashAlgorithmName.SHA256).CreateSigningRequest();
        var issued = new ConcurrentBag<byte[]>();
        await Parallel.ForEachAsync(machines, new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = ct }, async (machine, _) =>
        {
            if (await authority.IssueAsync(request, PeerKind.Machine, machine) is not CertificateOutcome.Issued certificate)
                throw new InvalidOperationException("The authority refused a request for a certificate.");
            issued.Add(certificate.Certificate);
        });
        await using var output = new BinaryWriter(new FileStream(file, new FileStreamOptions
        {
            Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        }));
        Write(output, key.ExportPkcs8PrivateKey());
        output.Write(issued.Count);
        foreach (var certificate in issued) Write(output, certificate);
    }

    /// <summary>Reads what <see cref="WriteAsync"/> wrote.</summary>
    public static IReadOnlyList<X509Certificate2> Read(string file)
    {
        using var input = new BinaryReader(File.OpenRead(file));
        using var key = ECDsa.Create();
        key.ImportPkcs8PrivateKey(input.ReadBytes(input.ReadInt32()), out _);
        var certificates = new X509Certificate2[input.ReadInt32()];
        for (var i = 0; i < certificates.Length; i++)
        {
            using var leaf = X509CertificateLoader.LoadCertificate(input.ReadBytes(input.ReadInt32()));
            certificates[i] = leaf.CopyWithPrivateKey(key);
        }
        return certificates;
    }

    private static void Write(BinaryWriter output, byte[] bytes)
    {
        output.Write(bytes.Length);
        output.Write(bytes);
    }
}
