using Montalegre.Vdi.Broker.Hosting;

namespace Montalegre.Vdi.Broker.Directories;

/// <summary>Settings of section Directories; the directories themselves stand in the database.</summary>
internal sealed class DirectoriesOptions : IOptionsWithProblems
{
    public static string SectionName => "Directories";

    /// <summary>Threads that talk to directories.</summary>
    public int Threads { get; set; } = 8;

    /// <summary>Calls that may wait for a thread; one more sign-in is refused with SIGN_IN_BUSY.</summary>
    public int Waiting { get; set; } = 64;

    /// <summary>How long a server may take to connect, and to answer one question.</summary>
    public TimeSpan Patience { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How long reading all people and groups may take.</summary>
    public TimeSpan SyncPatience { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>How often it is looked which directory is due to be read.</summary>
    public TimeSpan LookEvery { get; set; } = TimeSpan.FromSeconds(10);

    public IEnumerable<string> Problems()
    {
        if (Threads < 1) yield return $"{SectionName}:{nameof(Threads)} is {Threads}; use 1 or more.";
        if (Waiting < 1) yield return $"{SectionName}:{nameof(Waiting)} is {Waiting}; use 1 or more.";
        if (Patience <= TimeSpan.Zero) yield return $"{SectionName}:{nameof(Patience)} is {Patience}; use for example 00:00:05.";
        if (SyncPatience <= TimeSpan.Zero) yield return $"{SectionName}:{nameof(SyncPatience)} is {SyncPatience}; use for example 00:05:00.";
        if (LookEvery <= TimeSpan.Zero) yield return $"{SectionName}:{nameof(LookEvery)} is {LookEvery}; use for example 00:00:10.";
    }
}
