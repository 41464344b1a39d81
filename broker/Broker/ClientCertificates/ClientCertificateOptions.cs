using Montalegre.Vdi.Broker.Hosting;

namespace Montalegre.Vdi.Broker.ClientCertificates;

/// <summary>Settings of section ClientCertificates; the authorities themselves stand in the database.</summary>
internal sealed class ClientCertificateOptions : IOptionsWithProblems
{
    public static string SectionName => "ClientCertificates";

    /// <summary>Directory with CRLs, PEM or DER, of authorities that are checked by file. Whoever fetches them puts them here, on every node.</summary>
    public string RevocationDirectory { get; set; } = "";

    /// <summary>How long an authority's server may take to say whether a certificate was revoked.</summary>
    public TimeSpan Patience { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How long a person may take to choose a certificate and to enter a PIN.</summary>
    public TimeSpan FlowLifetime { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>How long the browser may take to bring back what it got for a good certificate.</summary>
    public TimeSpan HandOverLifetime { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Sign-ins that one address may have under way; offices share one address.</summary>
    public int MostFlowsPerSource { get; set; } = 500;

    /// <summary>Sign-ins that may be under way in all.</summary>
    public int MostFlows { get; set; } = 20_000;

    public IEnumerable<string> Problems()
    {
        if (RevocationDirectory.Length > 0 && !Directory.Exists(RevocationDirectory)) yield return $"{SectionName}:{nameof(RevocationDirectory)} is {RevocationDirectory}, which is no directory; make it, or leave it empty.";
        if (Patience <= TimeSpan.Zero) yield return $"{SectionName}:{nameof(Patience)} is {Patience}; use for example 00:00:05.";
        if (FlowLifetime <= TimeSpan.Zero) yield return $"{SectionName}:{nameof(FlowLifetime)} is {FlowLifetime}; use for example 00:05:00.";
        if (HandOverLifetime <= TimeSpan.Zero) yield return $"{SectionName}:{nameof(HandOverLifetime)} is {HandOverLifetime}; use for example 00:00:30.";
        if (MostFlowsPerSource < 1) yield return $"{SectionName}:{nameof(MostFlowsPerSource)} is {MostFlowsPerSource}; use 1 or more.";
        if (MostFlows < 1) yield return $"{SectionName}:{nameof(MostFlows)} is {MostFlows}; use 1 or more.";
    }
}
