namespace Montalegre.Vdi.Contracts;

/// <summary>
/// How broker and agent agree on a running state: a machine that is booted once, saved, and from which others are started. Such a
/// machine joins nobody. It finds <see cref="OemString"/> where others find a join document, and once it is as ready as it can be
/// without an identity, its agent says <see cref="ReadyLine"/> on the serial line.
/// </summary>
public static class RunningStateMark
{
    /// <summary>SMBIOS type 11 string of a machine that is to be saved.</summary>
    public const string OemString = "montalegre-running-state";

    /// <summary>On the serial line: it may be saved now.</summary>
    public const string ReadyLine = "montalegre-running-state ready to be saved";
}
