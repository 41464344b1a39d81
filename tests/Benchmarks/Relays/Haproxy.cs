using System.Diagnostics;
using System.Net.Sockets;
using Montalegre.Vdi.Benchmarks.Processes;
using Montalegre.Vdi.Rig.Stack;

namespace Montalegre.Vdi.Benchmarks.Relays;

/// <summary>The peer: TLS on both sides, as many threads as cores, no resumption, because ours has none either.</summary>
internal sealed class Haproxy : IAsyncDisposable
{
    private readonly Process _process;
    private readonly Task<string> _said;

    private Haproxy(Process process, int port)
    {
        _process = process;
        Port = port;
        _said = process.StandardError.ReadToEndAsync();
    }

    public int ProcessId => _process.Id;

    public int Port { get; }

    public static async Task<Haproxy> StartAsync(string directory, string certificate, int sink, CancellationToken ct)
    {
        var port = LoopbackPorts.Free();
        var configuration = Path.Combine(directory, "haproxy.cfg");
        await File.WriteAllTextAsync(configuration, $"""
            global
                maxconn 5000
                nbthread {Environment.ProcessorCount}
            defaults
                mode tcp
                timeout connect 10s
                timeout client 10m
                timeout server 10m
            frontend door
                bind 127.0.0.1:{port} ssl crt {certificate} no-tls-tickets
                default_backend machine
            backend machine
                server sink 127.0.0.1:{sink} ssl verify none no-ssl-reuse

            """, ct);
        var haproxy = new Haproxy(Child.Start("/usr/sbin/haproxy", ["-db", "-f", configuration]), port);
        await haproxy.OpenAsync(ct);
        return haproxy;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited) _process.Kill();
        await _process.WaitForExitAsync();
        await _said;
        _process.Dispose();
    }

    private async Task OpenAsync(CancellationToken ct)
    {
        for (var deadline = DateTime.UtcNow.AddSeconds(30); ;)
        {
            if (_process.HasExited) throw new InvalidOperationException($"haproxy ended at start: {await _said}");
            try
            {
                using var socket = await Door.ConnectAsync(Port);
                return;
            }
            catch (SocketException) when (DateTime.UtcNow < deadline)
            {
                await Task.Delay(50, ct);
            }
        }
    }
}
