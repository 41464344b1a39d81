using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Options;
using Montalegre.Vdi.Contracts.Common.V1;
using Montalegre.Vdi.Gateway.Hosting;
using Montalegre.Vdi.Gateway.RdpTcp;
using Montalegre.Vdi.Gateway.Relay;

namespace Montalegre.Vdi.Gateway.Listening;

/// <summary>Accepts RDP connections, turns away what is over the limits, and hands the rest to the door.</summary>
internal sealed class RdpListener(
    RdpDoor door, AddressLimits limits, OpenConnections connections, IOptions<GatewayOptions> options, TimeProvider time, ILogger<RdpListener> log)
    : IHostedService, IDisposable
{
    private const int Backlog = 1024;
    private const int MostExplained = 32;
    private static readonly TimeSpan AcceptPause = TimeSpan.FromMilliseconds(100);

    private readonly ConcurrentDictionary<long, Task> _serving = new();
    private readonly Places _explaining = new(MostExplained, perSource: 1);
    private readonly CancellationTokenSource _stopAccepting = new();
    private readonly CancellationTokenSource _stopHandshakes = new();
    private Socket? _listener;
    private Task _accepting = Task.CompletedTask;
    private long _next;

    /// <summary>Where the door is open; the port is the real one when 0 was configured.</summary>
    public IPEndPoint Address => (IPEndPoint)(_listener?.LocalEndPoint ?? throw new InvalidOperationException("The door is not open yet."));

    public Task StartAsync(CancellationToken cancellationToken)
    {
        var address = IPEndPoint.Parse(options.Value.RdpListen);
        _listener = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        if (address.Address.Equals(IPAddress.IPv6Any)) _listener.DualMode = true;
        _listener.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
        _listener.Bind(address);
        _listener.Listen(Backlog);
        log.DoorOpen(Address);
        _accepting = AcceptAsync(_listener, _stopAccepting.Token);
        return Task.CompletedTask;
    }

    /// <summary>Stops accepting, lets handshakes and relays have their grace, then ends them with a reason.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stopAccepting.CancelAsync();
        _listener?.Dispose();
        await _accepting;
        log.DoorClosed(connections.Count, options.Value.StopGrace);
        var serving = Task.WhenAll(_serving.Values);
        await Task.WhenAny(serving, Task.Delay(options.Value.StopGrace, time, cancellationToken));
        await _stopHandshakes.CancelAsync();
        await connections.EndAllAsync(RelayEnd.GatewayStopping);
        await serving;
    }

    public void Dispose()
    {
        _listener?.Dispose();
        _stopAccepting.Dispose();
        _stopHandshakes.Dispose();
    }

    private async Task AcceptAsync(Socket listener, CancellationToken ct)
    {
        while (!ct.IsCancellationRequested)
        {
            try
            {
                Admit(await listener.AcceptAsync(ct));
            }
            catch (Exception e) when (!ct.IsCancellationRequested)
            {
                // Most likely out of file descriptors: without a pause this would spin until one is free.
                log.AcceptFailed(e);
                await Task.Delay(AcceptPause, time, CancellationToken.None);
            }
            catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException or SocketException) { return; }
        }
    }

    private void Admit(Socket socket)
    {
        IPAddress client;
        try
        {
            client = ((IPEndPoint)socket.RemoteEndPoint!).Address;
            if (client.IsIPv4MappedToIPv6) client = client.MapToIPv4();
            socket.NoDelay = true;
        }
        catch (SocketException)
        {
            socket.Dispose();                               // gone between its arrival and our accept
            return;
        }

        var entry = limits.TryEnter(client);
        if (entry != AddressLimits.Entry.Allowed)
        {
            log.TurnedAway(client, entry.ToString());
            // A flood gets a reset. Of those who only came too many, one at a time from each address is told so.
            if (entry != AddressLimits.Entry.TooFast && options.Value.RefusalShownFor > TimeSpan.Zero && _explaining.TryTake(client))
            {
                Serve(client, stopping => ExplainAsync(socket, client, stopping));
                return;
            }
            socket.LingerState = new LingerOption(true, 0); // a reset leaves no TIME_WAIT behind
            socket.Dispose();
            return;
        }
        Serve(client, stopping => AdmittedAsync(socket, client, stopping));
    }

    private void Serve(IPAddress client, Func<CancellationToken, Task> serve)
    {
        var id = Interlocked.Increment(ref _next);
        var served = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _serving[id] = served.Task;
        ThreadPool.UnsafeQueueUserWorkItem(_ => _ = ServeAsync(id, client, serve, served), null);
    }

    private async Task ServeAsync(long id, IPAddress client, Func<CancellationToken, Task> serve, TaskCompletionSource served)
    {
        try { await serve(_stopHandshakes.Token); }
        catch (Exception e) { log.ServingFailed(client, e); }
        finally
        {
            _serving.TryRemove(id, out _);
            served.SetResult();
        }
    }

    private async Task AdmittedAsync(Socket socket, IPAddress client, CancellationToken stopping)
    {
        try { await door.ServeAsync(socket, client, stopping); }
        finally { limits.Leave(client); }
    }

    private async Task ExplainAsync(Socket socket, IPAddress client, CancellationToken stopping)
    {
        try { await door.ExplainAsync(socket, client, ReasonCode.TooManyConnections, stopping); }
        finally { _explaining.Leave(client); }
    }
}
