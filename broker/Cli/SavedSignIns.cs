using System.Text.Json;

namespace Montalegre.Vdi.Cli;

/// <summary>One sign-in as it is kept between commands.</summary>
internal sealed record SavedSignIn(string Token, string UserName, DateTimeOffset ExpiresAt);

/// <summary>What is kept in ~/.config/montalegre/session.json, readable by its owner alone: the server and up to two tokens.</summary>
internal sealed record SavedSignIns
{
    private static readonly JsonSerializerOptions Readable = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    public string? Server { get; init; }

    public string? Authority { get; init; }

    public SavedSignIn? Administrator { get; init; }

    public SavedSignIn? Employee { get; init; }

    public static string UsualFile =>
        Path.Combine(
            Environment.GetEnvironmentVariable("XDG_CONFIG_HOME") is { Length: > 0 } given ? given : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".config"),
            "montalegre", "session.json");

    public static SavedSignIns Read(string file)
    {
        if (!File.Exists(file)) return new();
        try { return JsonSerializer.Deserialize<SavedSignIns>(File.ReadAllText(file), Readable) ?? new(); }
        catch (JsonException) { return new(); }   // damaged: signing in again mends it
    }

    public void Write(string file)
    {
        const UnixFileMode owner = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        Directory.CreateDirectory(Path.GetDirectoryName(file)!, owner | UnixFileMode.UserExecute);
        var beside = $"{file}.{Environment.ProcessId}";
        using (var writer = new StreamWriter(beside, new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, UnixCreateMode = owner }))
            writer.Write(JsonSerializer.Serialize(this, Readable));
        File.Move(beside, file, overwrite: true);
    }

    public override string ToString() => $"sign-ins at {Server}";
}
