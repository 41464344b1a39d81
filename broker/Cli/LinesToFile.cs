namespace Montalegre.Vdi.Cli;

/// <summary>A file that is there whole or not at all, for its owner only.</summary>
internal static class LinesToFile
{
    /// <summary>How many lines it has.</summary>
    public static async Task<long> WriteAsync(string file, IAsyncEnumerable<IEnumerable<string>> parts, CancellationToken ct)
    {
        var beside = $"{file}.{Environment.ProcessId}";
        long lines = 0;
        try
        {
            await using (var writer = new StreamWriter(beside, new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite }))
            {
                writer.NewLine = "\n";
                await foreach (var some in parts.WithCancellation(ct))
                    foreach (var line in some)
                    {
                        await writer.WriteLineAsync(line);
                        lines++;
                    }
            }
            File.Move(beside, file, overwrite: true);
            return lines;
        }
        finally
        {
            File.Delete(beside);   // there only when something went wrong
        }
    }
}
