using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.Net.Security;
using System.Net.Sockets;
using Montalegre.Vdi.Benchmarks.Processes;

namespace Montalegre.Vdi.Benchmarks.Relays;

/// <summary>Where the bytes go: reads an announced length, then so many bytes, answers the length, and begins again.</summary>
internal static class SinkWorker
{
    private const int BufferLength = 64 * 1024;

    public static async Task<int> RunAsync(string certificate)
    {
        var shown = TestCertificate.Server(certificate);
        using var door = new Door(socket => ServeAsync(socket, shown));
        await WorkerConsole.ServeAsync(door.Port.ToString(CultureInfo.InvariantCulture), _ => Task.FromResult("nothing to do"));
        return 0;
    }

    private static async Task ServeAsync(Socket socket, SslServerAuthenticationOptions shown)
    {
        await using var tls = new SslStream(new NetworkStream(socket, ownsSocket: true));
        await tls.AuthenticateAsServerAsync(shown);
        var length = new byte[sizeof(long)];
        while (await tls.ReadAtLeastAsync(length, length.Length, throwOnEndOfStream: false) == length.Length)
        {
            await SwallowAsync(tls, BinaryPrimitives.ReadInt64LittleEndian(length));
            await tls.WriteAsync(length);
        }
    }

    private static async Task SwallowAsync(SslStream tls, long left)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferLength);
        try
        {
            while (left > 0)
            {
                var read = await tls.ReadAsync(buffer.AsMemory(0, (int)Math.Min(left, buffer.Length)));
                if (read == 0) throw new IOException($"The relay closed with {left} bytes to come.");
                left -= read;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
