using System.Buffers;
using System.Security.Cryptography;
using Montalegre.Vdi.Protocol.Mcs;
using Montalegre.Vdi.Protocol.SignIns;
using Montalegre.Vdi.Protocol.Splice;
using Montalegre.Vdi.Protocol.Wire;

namespace Montalegre.Vdi.Gateway.RdpTcp;

/// <summary>Drives <see cref="SpliceSequence"/> over the two TLS streams.</summary>
internal static class ClientSplice
{
    /// <summary>Answers what the client told about itself once its Client Info is rewritten and sent; null when it left before.</summary>
    /// <param name="afterFirst">Runs once the machine has the client's Connect Initial.</param>
    public static async Task<ConnectInitial?> RunAsync(
        Stream client, Stream machine, ClientDataEdit edit, SignIn? signIn, Func<CancellationToken, Task> afterFirst, CancellationToken ct)
    {
        var sequence = new SpliceSequence(edit, signIn);
        var received = ArrayPool<byte>.Shared.Rent(SpliceSequence.LongestFrame);
        var toMachine = ArrayPool<byte>.Shared.Rent(SpliceSequence.LongestOutput);
        try
        {
            var filled = 0;
            var isFirst = true;
            while (!sequence.Done)
            {
                var read = await client.ReadAsync(received.AsMemory(filled), ct);
                if (read == 0) return null;
                filled += read;
                while (!sequence.Done && Step(sequence, received.AsSpan(0, filled), toMachine, out var consumed, out var length))
                {
                    await machine.WriteAsync(toMachine.AsMemory(0, length), ct);
                    received.AsSpan(consumed, filled - consumed).CopyTo(received);
                    filled -= consumed;
                    if (isFirst) await afterFirst(ct);
                    isFirst = false;
                }
            }
            if (filled > 0) await machine.WriteAsync(received.AsMemory(0, filled), ct);
            return sequence.Client;
        }
        finally
        {
            // Both hold a password: the one the person typed, or the one-time secret.
            CryptographicOperations.ZeroMemory(received);
            CryptographicOperations.ZeroMemory(toMachine);
            ArrayPool<byte>.Shared.Return(received);
            ArrayPool<byte>.Shared.Return(toMachine);
        }
    }

    private static bool Step(SpliceSequence sequence, ReadOnlySpan<byte> received, byte[] toMachine, out int consumed, out int length)
    {
        var w = new WireWriter(toMachine, nameof(SpliceSequence));
        var stepped = sequence.TryStep(received, ref w, out consumed);
        length = w.Written;
        return stepped;
    }
}
