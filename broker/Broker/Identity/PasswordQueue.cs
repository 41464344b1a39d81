using Microsoft.Extensions.Options;

namespace Montalegre.Vdi.Broker.Identity;

/// <summary>
/// Hashing a password is the slowest step of a sign-in by two orders of magnitude. It has its own threads, so that a rush
/// of sign-ins never starves launches, and a bounded queue, so that waiting is short or refused.
/// </summary>
internal sealed class PasswordQueue(IOptions<IdentityOptions> options) : IDisposable
{
    private readonly BlockingThreads _threads = new("password", options.Value.HashWorkers > 0 ? options.Value.HashWorkers : Environment.ProcessorCount, options.Value.HashWaiting);

    /// <summary>Null when the queue is full: the caller answers SIGN_IN_BUSY.</summary>
    public Task<T>? TryRun<T>(Func<T> hashing) => _threads.TryRun(hashing);

    public void Dispose() => _threads.Dispose();
}
