using Montalegre.Vdi.Benchmarks.AgentStreams;
using Montalegre.Vdi.Benchmarks.Brokers;
using Montalegre.Vdi.Benchmarks.Html5;
using Montalegre.Vdi.Benchmarks.Pools;
using Montalegre.Vdi.Benchmarks.Relays;

namespace Montalegre.Vdi.Benchmarks;

/// <summary>Without arguments everything is measured; the workers are processes of their own, so that their CPU and memory can be read.</summary>
internal static class Program
{
    private static Task<int> Main(string[] arguments) => arguments switch
    {
        ["worker", "broker", .. var settings] => BrokerWorker.RunAsync(settings),
        ["worker", "agents", var identities, var channel, var authority] => AgentWorker.RunAsync(identities, channel, authority),
        ["worker", "pools", .. var settings] => PoolsWorker.RunAsync(settings),
        ["worker", "relay", var certificate, var sink] => RelayWorker.RunAsync(certificate, sink),
        ["worker", "rdg-relay", var certificate, var sink] => RdgRelayWorker.RunAsync(certificate, sink),
        ["worker", "sink", var certificate] => SinkWorker.RunAsync(certificate),
        ["worker", "source"] => SourceWorker.RunAsync(),
        ["worker", "crowd"] => CrowdWorker.RunAsync(),
        ["worker", "html5", .. var machine] => DesktopWorkerHost.RunAsync(machine),
        _ => Suite.RunAsync(arguments),
    };
}
