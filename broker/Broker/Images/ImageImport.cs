namespace Montalegre.Vdi.Broker.Images;

/// <summary>Where an import stands.</summary>
internal enum ImportState { Receiving = 1, Working, Done, Failed, Cancelled }

/// <summary>What is done with a disk that is there.</summary>
internal enum ImportStep { Fetch = 1, Hash, Check, Convert, Seal, Publish }

/// <summary>A disk on its way to become an image version, as it is recorded.</summary>
internal sealed record ImportRow
{
    public Guid ImageImportId { get; init; }
    public string Kind { get; init; } = "";
    public string Name { get; init; } = "";
    public string Source { get; init; } = "";
    public long SizeBytes { get; init; }
    public byte[]? Sha256 { get; init; }
    public bool Seal { get; init; }
    public string Note { get; init; } = "";
    public string State { get; init; } = "";
    public string Step { get; init; } = "";
    public int Percent { get; init; }
    public string? Reason { get; init; }
    public string? Error { get; init; }
    public string Holder { get; init; } = "";
    public Guid? HostId { get; init; }
    public Guid? DomainUuid { get; init; }
    public string CreatedBy { get; init; } = "";
    public DateTime CreatedAt { get; init; }
    public DateTime? EndedAt { get; init; }
    public Guid? ImageVersionId { get; init; }

    public bool IsReceiving => State == "receiving";
}
