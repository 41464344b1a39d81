using Montalegre.Vdi.Broker.Administration;
using Montalegre.Vdi.Broker.Hypervisors;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Domain;
using Contract = Montalegre.Vdi.Contracts.Admin.V1;

namespace Montalegre.Vdi.Broker.Infrastructure;

/// <summary>Connects to a host that is not recorded yet, so that a wrong address shows before machines depend on it.</summary>
internal sealed class TestHost(Func<HypervisorHost, IHypervisor> connect, AuditStore audit, TimeProvider time)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);   // somebody looks at a button meanwhile

    /// <summary>What the host said. The caller has checked the request.</summary>
    public async Task<Contract.Host> RunAsync(AddHostRequest request, Caller by, CancellationToken ct)
    {
        var answer = new Contract.Host { Name = request.Name, Uri = request.Uri, Network = request.Network, StoragePath = request.StoragePath };
        await using (var hypervisor = connect(new(new HostId(Guid.Empty), request.Uri, request.Uri, request.StoragePath, Guid.Empty)))
        {
            try
            {
                var info = await hypervisor.InfoAsync(ct).WaitAsync(Patience, time, ct);
                (answer.Connected, answer.Cpus, answer.MemoryMib) = (true, (uint)info.Cpus, (ulong)(info.MemoryBytes >> 20));
            }
            catch (TimeoutException) { answer.Error = $"no answer within {Patience.TotalSeconds:0} s"; }
            catch (Exception e) when (!ct.IsCancellationRequested) { answer.Error = e.Message; }
        }
        await audit.AppendAsync(new(by.UserName, "host.test", "host", ObjectName: request.Uri, Outcome: answer.Connected ? "ok" : "HOST_UNAVAILABLE", SourceAddress: by.SourceAddress));
        return answer;
    }
}
