using Montalegre.Vdi.Broker.Hosting;

namespace Montalegre.Vdi.Broker.Images;

/// <summary>Where golden images are kept on the broker, and how carefully they are looked after.</summary>
internal sealed class ImagesOptions : IOptionsWithProblems
{
    /// <inheritdoc />
    public static string SectionName => "Images";

    /// <summary>Folder of imported images; empty means <c>images</c> in the state directory. Several broker nodes share one.</summary>
    public string Folder { get; set; } = "";

    /// <summary>Uploads that may be open at once.</summary>
    public int OpenUploads { get; set; } = 4;

    /// <summary>An upload that nothing was added to for that long is removed.</summary>
    public TimeSpan KeepHalfUploads { get; set; } = TimeSpan.FromDays(2);

    /// <summary>Disk space that is left alone, in MiB.</summary>
    public int ReserveMib { get; set; } = 512;

    /// <summary>How often each host's copy is read and compared with its hash.</summary>
    public TimeSpan CheckEvery { get; set; } = TimeSpan.FromDays(7);

    /// <summary>How fast a copy is read for that, in MiB a second, so that desktops do not notice.</summary>
    public int CheckMibPerSecond { get; set; } = 64;

    /// <inheritdoc />
    public IEnumerable<string> Problems()
    {
        if (Folder.Length > 0 && !Path.IsPathFullyQualified(Folder)) yield return $"{SectionName}:{nameof(Folder)} is '{Folder}'; use an absolute path.";
        if (OpenUploads is < 1 or > 100) yield return $"{SectionName}:{nameof(OpenUploads)} is {OpenUploads}; use 1 to 100.";
        if (KeepHalfUploads < TimeSpan.FromMinutes(5)) yield return $"{SectionName}:{nameof(KeepHalfUploads)} is {KeepHalfUploads}; use 5 minutes or more.";
        if (ReserveMib < 0) yield return $"{SectionName}:{nameof(ReserveMib)} is {ReserveMib}; use 0 or more.";
        if (CheckEvery < TimeSpan.FromMinutes(1)) yield return $"{SectionName}:{nameof(CheckEvery)} is {CheckEvery}; use 1 minute or more.";
        if (CheckMibPerSecond < 1) yield return $"{SectionName}:{nameof(CheckMibPerSecond)} is {CheckMibPerSecond}; use 1 or more.";
    }
}
