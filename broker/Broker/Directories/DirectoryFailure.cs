namespace Montalegre.Vdi.Broker.Directories;

/// <summary>Where talking to a directory failed.</summary>
internal enum DirectoryStep
{
    /// <summary>No server of the list could be reached in time.</summary>
    Connect = 1,

    /// <summary>The server offers no TLS that we speak.</summary>
    Tls,

    /// <summary>The server's certificate is not from a trusted authority, not for its name, or not in force.</summary>
    Certificate,

    /// <summary>The directory does not take the account that we read with, or its password.</summary>
    Bind,

    /// <summary>People or groups cannot be read where they are looked for.</summary>
    Search,
}

/// <summary>A directory could not answer. It says nothing about any person's password.</summary>
internal sealed class DirectoryFailure(DirectoryStep step, string server, string problem, Exception? inner = null) : Exception($"{server}: {step}: {problem}", inner)
{
    public DirectoryStep Step { get; } = step;

    public string Server { get; } = server;

    /// <summary>For administrators and the log; never a secret.</summary>
    public string Problem { get; } = problem;

    /// <summary>The step that a kept message names; null when it is not one of these.</summary>
    public static DirectoryStep? StepOf(string message) =>
        Enum.GetValues<DirectoryStep>().Select(s => (Step: (DirectoryStep?)s, At: message.IndexOf($": {s}: ", StringComparison.Ordinal))).Where(s => s.At > 0).OrderBy(s => s.At).FirstOrDefault().Step;
}
