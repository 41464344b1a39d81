using System.Threading.Channels;
using Microsoft.AspNetCore.Connections;
using Montalegre.Vdi.Gateway.Listening;
using Montalegre.Vdi.Tls;

namespace Montalegre.Vdi.Gateway.Portal;

/// <summary>Connections of web clients on their way from the door to the web server, which accepts them here instead of at a socket.</summary>
internal sealed class PagesQueue
{
    private const int MostWaiting = 1024;
    private Channel<ConnectionContext>? _waiting;

    /// <summary>True while the web server accepts.</summary>
    public bool IsOpen => Volatile.Read(ref _waiting) is not null;

    /// <summary>The web server begins to accept.</summary>
    public ChannelReader<ConnectionContext> Open()
    {
        var waiting = Channel.CreateBounded<ConnectionContext>(MostWaiting);
        Volatile.Write(ref _waiting, waiting);
        return waiting.Reader;
    }

    /// <summary>The web server accepts no more.</summary>
    public void Close() => Interlocked.Exchange(ref _waiting, null)?.Writer.TryComplete();

    /// <summary>Hands a connection to the web server and answers when it is over.</summary>
    /// <param name="first">What was read of it already.</param>
    public async Task ServeAsync(TlsStream tls, byte[] first, Arriving arriving, CancellationToken stopping)
    {
        await using var connection = new PagesConnection(tls, first, arriving);
        await using var ending = stopping.UnsafeRegister(static c => ((PagesConnection)c!).Abort(), connection);
        if (Volatile.Read(ref _waiting) is { } waiting && waiting.Writer.TryWrite(connection)) await connection.Over;
    }
}
