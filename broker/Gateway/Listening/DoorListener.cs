using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Options;
using Montalegre.Vdi.Gateway.Hosting;
using Montalegre.Vdi.Gateway.Relay;

namespace Montalegre.Vdi.Gateway.Listening;

/// <summary>Accepts connections on all of the gateway's addresses, turns away what is over the limits, and hands the rest to <see cref="Reception"/>.</summary>
internal sealed class DoorListener(
    Reception reception, AddressLimits limits, OpenConnections connections, IOptions<GatewayOptions> options, TimeProvider time, ILogger<DoorListener> log)
    : IHostedService, IDisposable
{
    private const int Backlog = 1024;
    private const int MostExplained = 32;
    private static readonly TimeSpan AcceptPause = TimeSpan.FromMilliseconds(100);

    private readonly ConcurrentDictionary<long, Task> _serving = new();
    private readonly Places _explaining = new(MostExplained, perSource: 1);
    private readonly CancellationTokenSource _stopAccepting = new();
    private readonly CancellationTokenSource _stopHandshakes = new();
    private readonly ConcurrentDictionary<IPEndPoint, (Socket Listener, Task Accepting)> _open = new();
    private IPEndPoint? _rdp;
    private long _next;

    /// <summary>Where the RDP address is open; the port is the real one when 0 was configured.</summary>
    public IPEndPoint Address => _rdp ?? throw new InvalidOperationException("The door is not open yet.");

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _rdp = Open(IPEndPoint.Parse(options.Value.RdpListen), options.Value.RdpServed);
        return Task.CompletedTask;
    }

    /// <summary>Opens an address for what it serves; answers it with the real port when 0 was asked for.</summary>
    public IPEndPoint Open(IPEndPoint address, Served served)
    {
        var listener = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            if (address.Address.Equals(IPAddress.IPv6Any)) listener.DualMode = true;
            listener.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
            listener.Bind(address);
            listener.Listen(Backlog);
        }
        catch
        {
            listener.Dispose();
            throw;
        }
        var bound = (IPEndPoint)listener.LocalEndPoint!;
        log.DoorOpen(bound, served);
        _open[bound] = (listener, AcceptAsync(listener, served, _stopAccepting.Token));
        return bound;
    }

    /// <summary>Accepts no more there; what came in goes on.</summary>
    public async Task CloseAsync(IPEndPoint bound)
    {
        if (!_open.TryRemove(bound, out var door)) return;
        door.Listener.Dispose();
        await door.Accepting;
    }

    /// <summary>Stops accepting, lets handshakes and relays have their grace, then ends them with a reason.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stopAccepting.CancelAsync();
        foreach (var bound in _open.Keys) await CloseAsync(bound);
        log.DoorClosed(connections.Count, options.Value.StopGrace);
        var serving = Task.WhenAll(_serving.Values);
        await Task.WhenAny(serving, Task.Delay(options.Value.StopGrace, time, cancellationToken));
        await _stopHandshakes.CancelAsync();
        await connections.EndAllAsync(RelayEnd.GatewayStopping);
        await serving;
    }

    public void Dispose()
    {
        foreach (var (listener, _) in _open.Values) listener.Dispose();
        _stopAccepting.Dispose();
        _stopHandshakes.Dispose();
    }

    private async Task AcceptAsync(Socket listener, Served served, CancellationToken ct)
    {
        while (!ct.IsCancellationRequested)
        {
            try
            {
                Admit(await listener.AcceptAsync(ct), served);
            }
            catch (ObjectDisposedException) { return; }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.OperationAborted) { return; }
            catch (Exception e) when (!ct.IsCancellationRequested)
            {
                // Most likely out of file descriptors: without a pause this would spin until one is free.
                log.AcceptFailed(e);
                await Task.Delay(AcceptPause, time, CancellationToken.None);
            }
            catch (Exception e) when (e is OperationCanceledException or SocketException) { return; }
        }
    }

    private void Admit(Socket socket, Served served)
    {
        Arriving arriving;
        try
        {
            socket.NoDelay = true;
            arriving = new(socket, Plain((IPEndPoint)socket.RemoteEndPoint!), Plain((IPEndPoint)socket.LocalEndPoint!), served, time.GetUtcNow());
        }
        catch (SocketException)
        {
            socket.Dispose();                               // gone between its arrival and our accept
            return;
        }

        var client = arriving.Client.Address;
        var entry = limits.TryEnter(client);
        if (entry != AddressLimits.Entry.Allowed)
        {
            log.TurnedAway(client, entry.ToString());
            // A flood gets a reset. Of those who only came too many, one at a time from each address is told so.
            if (entry != AddressLimits.Entry.TooFast && options.Value.RefusalShownFor > TimeSpan.Zero && _explaining.TryTake(client))
            {
                Serve(client, stopping => ExplainAsync(arriving, stopping));
                return;
            }
            socket.LingerState = new LingerOption(true, 0); // a reset leaves no TIME_WAIT behind
            socket.Dispose();
            return;
        }
        Serve(client, stopping => AdmittedAsync(arriving, stopping));
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

    private async Task AdmittedAsync(Arriving arriving, CancellationToken stopping)
    {
        try { await reception.ServeAsync(arriving, stopping); }
        finally { limits.Leave(arriving.Client.Address); }
    }

    private async Task ExplainAsync(Arriving arriving, CancellationToken stopping)
    {
        try { await reception.TurnAwayAsync(arriving, stopping); }
        finally { _explaining.Leave(arriving.Client.Address); }
    }

    private static IPEndPoint Plain(IPEndPoint address) => address.Address.IsIPv4MappedToIPv6 ? new(address.Address.MapToIPv4(), address.Port) : address;
}
