using System.Collections.Concurrent;
using System.Diagnostics;
using Grpc.Core;
using Grpc.Net.Client;
using Montalegre.Vdi.Contracts.Gateway.V1;
using Montalegre.Vdi.Rig.Stack;

namespace Montalegre.Vdi.Benchmarks.Launches;

/// <summary>Employees who launch, over gRPC and TLS, as gateways pass their calls on.</summary>
internal sealed class LaunchLoad : IDisposable
{
    private const int MostAttempts = 10;
    private const int Gateways = 4;   // each has one connection to the broker

    private readonly GrpcChannel[] _channels;
    private readonly Employee.EmployeeClient[] _clients;
    private int _next = -1;
    private int _repeated;

    public LaunchLoad(string address, string authorityFile)
    {
        _channels = [.. Enumerable.Range(0, Gateways).Select(_ => GrpcChannel.ForAddress(address,
            new GrpcChannelOptions { HttpHandler = StackTrust.Handler(authorityFile), DisposeHttpClient = true }))];
        _clients = [.. _channels.Select(c => new Employee.EmployeeClient(c))];
    }

    /// <summary>The sessions that the broker has promised.</summary>
    public ConcurrentBag<Guid> Promised { get; } = [];

    /// <summary>Attempts that the broker was too busy for; each was repeated, and the clock of its launch went on.</summary>
    public int Repeated => _repeated;

    /// <summary>Launches a second with so many people at once, each beginning when the one before has a ticket.</summary>
    public async Task<double> FlatOutAsync(int concurrency, TimeSpan duration, CancellationToken ct)
    {
        var before = Promised.Count;
        var from = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, concurrency).Select(_ => Task.Run(async () =>
        {
            while (Stopwatch.GetElapsedTime(from) < duration) await LaunchAsync(Interlocked.Increment(ref _next), ct);
        }, ct)));
        return (Promised.Count - before) / Stopwatch.GetElapsedTime(from).TotalSeconds;
    }

    /// <summary>Latencies in milliseconds at a mean rate, counted from when each launch was due: a broker that stalls does not stop the clock.</summary>
    public async Task<double[]> PacedAsync(int perSecond, TimeSpan duration, CancellationToken ct)
    {
        var latencies = new ConcurrentBag<double>();
        var running = new List<Task>();
        var from = Stopwatch.GetTimestamp();
        // People come independently of each other, as pgbench's --rate has them too.
        for (var due = TimeSpan.Zero; due < duration; due += TimeSpan.FromSeconds(-Math.Log(1 - Random.Shared.NextDouble()) / perSecond))
        {
            while (Stopwatch.GetElapsedTime(from) is var now && now < due) await Task.Delay(TimeSpan.FromMilliseconds(Math.Max(1, (due - now).TotalMilliseconds)), ct);
            var (at, launch) = (due, Interlocked.Increment(ref _next));
            running.Add(Task.Run(async () => latencies.Add((await LaunchAsync(launch, ct) - from) * 1000.0 / Stopwatch.Frequency - at.TotalMilliseconds), ct));
        }
        await Task.WhenAll(running);
        return [.. latencies];
    }

    public void Dispose()
    {
        foreach (var channel in _channels) channel.Dispose();
    }

    /// <summary>One launch; answers when its ticket was there. A broker that is too busy is asked again with the same request, as clients do.</summary>
    private async Task<long> LaunchAsync(int number, CancellationToken ct)
    {
        if (number >= LaunchSeed.Machines) throw new InvalidOperationException("All machines are taken; the run was longer than the seed allows.");
        var request = Guid.NewGuid();
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await TryLaunchAsync(number, request, ct);
            }
            catch (RpcException e) when (e.StatusCode is StatusCode.Unavailable && attempt < MostAttempts)
            {
                Interlocked.Increment(ref _repeated);
                await Task.Delay(TimeSpan.FromMilliseconds(200 * attempt), ct);
            }
        }
    }

    private async Task<long> TryLaunchAsync(int number, Guid request, CancellationToken ct)
    {
        using var call = _clients[number % Gateways].Launch(
            new LaunchRequest { PoolId = LaunchSeed.PoolOf(number).ToString(), RequestId = request.ToString(), ClientAddress = "192.0.2.1" },
            new Metadata { { "authorization", $"Bearer {LaunchSeed.TokenOf(LaunchSeed.UserOf(number))}" } }, DateTime.UtcNow.AddSeconds(60), ct);
        if (!await call.ResponseStream.MoveNext(ct) || call.ResponseStream.Current.Ready is not { } ready)
            throw new InvalidOperationException($"Launch {number} answered {call.ResponseStream.Current} instead of a ticket.");
        var at = Stopwatch.GetTimestamp();
        Promised.Add(Guid.Parse(ready.SessionId));
        while (await call.ResponseStream.MoveNext(ct))
        {
            // The broker says nothing after a ticket; this takes the call's status.
        }
        return at;
    }
}
