using Montalegre.Vdi.Broker.Hosting;

namespace Montalegre.Vdi.Broker.Identity;

/// <summary>Settings of section Identity.</summary>
internal sealed class IdentityOptions : IOptionsWithProblems
{
    public static string SectionName => "Identity";

    /// <summary>PBKDF2-SHA512 rounds of new password hashes; older hashes are made anew at the next sign-in.</summary>
    public int HashIterations { get; set; } = 210_000;

    /// <summary>Threads that hash; 0 means one for each core.</summary>
    public int HashWorkers { get; set; }

    /// <summary>Sign-ins that may wait for a hashing thread; one more is refused with SIGN_IN_BUSY.</summary>
    public int HashWaiting { get; set; } = 50;

    /// <summary>How long an employee's token lives.</summary>
    public TimeSpan EmployeeLifetime { get; set; } = TimeSpan.FromHours(8);

    /// <summary>How long an administrator's token lives.</summary>
    public TimeSpan AdministratorLifetime { get; set; } = TimeSpan.FromHours(12);

    /// <summary>Wrong passwords for one name before the delay begins.</summary>
    public int FreeAttemptsPerAccount { get; set; } = 5;

    /// <summary>Wrong passwords from one source network before the delay begins; offices share one address.</summary>
    public int FreeAttemptsPerSource { get; set; } = 30;

    /// <summary>Networks (CIDR) of gateways and consoles, whose word about the person's address is believed. Loopback always is.</summary>
    public IList<string> TrustedSources { get; } = [];

    /// <summary>How long a token for these lives.</summary>
    public TimeSpan LifetimeOf(Audience audience) => audience is Audience.Administrator ? AdministratorLifetime : EmployeeLifetime;

    public IEnumerable<string> Problems()
    {
        if (HashIterations < 1) yield return $"{SectionName}:{nameof(HashIterations)} is {HashIterations}; use 210000 or more.";
        if (HashWorkers < 0) yield return $"{SectionName}:{nameof(HashWorkers)} is {HashWorkers}; use 0 for one per core, or a number of threads.";
        if (HashWaiting < 1) yield return $"{SectionName}:{nameof(HashWaiting)} is {HashWaiting}; use 1 or more.";
        if (EmployeeLifetime <= TimeSpan.Zero) yield return $"{SectionName}:{nameof(EmployeeLifetime)} is {EmployeeLifetime}; use for example 08:00:00.";
        if (AdministratorLifetime <= TimeSpan.Zero) yield return $"{SectionName}:{nameof(AdministratorLifetime)} is {AdministratorLifetime}; use for example 12:00:00.";
        if (FreeAttemptsPerAccount < 1) yield return $"{SectionName}:{nameof(FreeAttemptsPerAccount)} is {FreeAttemptsPerAccount}; use 1 or more.";
        if (FreeAttemptsPerSource < 1) yield return $"{SectionName}:{nameof(FreeAttemptsPerSource)} is {FreeAttemptsPerSource}; use 1 or more.";
        foreach (var network in TrustedSources)
            if (!System.Net.IPNetwork.TryParse(network, out _)) yield return $"{SectionName}:{nameof(TrustedSources)} has '{network}'; use a network such as 10.0.5.0/24.";
    }
}
