namespace Montalegre.Vdi.Broker.Identity;

/// <summary>Directories that know people and their passwords. The slice that talks to them depends on this one.</summary>
internal interface IDirectories
{
    /// <summary>Null when no directory is asked for such a name, so that only the store can tell.</summary>
    /// <param name="typed">The name in the stored spelling, with a domain after @ or before \ where one was typed.</param>
    /// <param name="password">As typed.</param>
    /// <param name="newPassword">To be set where the old one has to be changed; empty: none.</param>
    /// <param name="ct">Stops waiting.</param>
    Task<PasswordVerdict?> CheckAsync(string typed, string password, string newPassword, CancellationToken ct);
}
