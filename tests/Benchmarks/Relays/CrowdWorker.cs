using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Montalegre.Vdi.Benchmarks.Processes;

namespace Montalegre.Vdi.Benchmarks.Relays;

/// <summary>Strangers from many addresses: <c>come PORT COUNT</c> opens connections that stop in their first bytes, <c>go</c> answers how many still stand and closes them.</summary>
internal static class CrowdWorker
{
    private const int PerAddress = 50;          // fewer than one address may have in handshakes
    private static readonly byte[][] FirstWords = [[], [0x03], [0x03, 0x00, 0x00, 0x4D, 0x48], [0x16, 0x03, 0x01]];
    private static readonly List<Socket> Standing = [];

    public static async Task<int> RunAsync()
    {
        await WorkerConsole.ServeAsync("ready", async order => order switch
        {
            ["come", var port, var count] => await ComeAsync(int.Parse(port, CultureInfo.InvariantCulture), int.Parse(count, CultureInfo.InvariantCulture)),
            ["go"] => Go(),
            _ => throw new InvalidOperationException($"No such order: {string.Join(' ', order)}"),
        });
        return 0;
    }

    private static async Task<string> ComeAsync(int port, int count)
    {
        for (var i = 0; i < count; i++)
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            var number = i / PerAddress;
            socket.Bind(new IPEndPoint(new IPAddress([127, 9, (byte)(number / 250), (byte)(1 + (number % 250))]), 0));
            await socket.ConnectAsync(IPAddress.Loopback, port);
            if (FirstWords[i % FirstWords.Length] is { Length: > 0 } words) await socket.SendAsync(words);
            Standing.Add(socket);
        }
        return "there";
    }

    private static string Go()
    {
        var standing = Standing.Count(s => !s.Poll(0, SelectMode.SelectRead));      // readable would mean closed
        foreach (var socket in Standing) socket.Dispose();
        Standing.Clear();
        return standing.ToString(CultureInfo.InvariantCulture);
    }
}
