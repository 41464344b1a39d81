using Microsoft.Extensions.Options;
using Montalegre.Vdi.Broker.Identity;

namespace Montalegre.Vdi.Broker.Directories;

/// <summary>Opens connections to directories, on threads that nothing else waits for.</summary>
internal sealed class DirectoryClient(IOptions<DirectoriesOptions> options, TimeProvider time) : IDisposable
{
    private readonly BlockingThreads _threads = new("directory", options.Value.Threads, options.Value.Waiting);

    /// <summary>How long one answer may take.</summary>
    public TimeSpan Patience => options.Value.Patience;

    /// <summary>A connection that nobody has signed in on; dispose of it.</summary>
    public async Task<DirectoryConnection> ConnectAsync(DirectorySettings settings, CancellationToken ct) =>
        new(await DirectoryTunnel.OpenAsync(settings, Patience, ct), _threads, time);

    /// <summary>A connection on which the reading account has signed in.</summary>
    public async Task<DirectoryConnection> OpenAsync(DirectorySettings settings, CancellationToken ct)
    {
        var connection = await ConnectAsync(settings, ct);
        try
        {
            var answer = await connection.BindAsync(settings.BindDn, settings.BindPassword, Patience, ct);
            return answer.Accepted ? connection
                : throw new DirectoryFailure(DirectoryStep.Bind, connection.Server, answer.Message is { Length: > 0 } words ? words : $"the directory does not accept {settings.BindDn} with this password");
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    public void Dispose() => _threads.Dispose();
}
