namespace Montalegre.Vdi.Rig.Clients;

/// <summary>An X screen without a monitor, on a display that it takes by itself.</summary>
public sealed class VirtualScreen : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly OwnProcess _server;

    private VirtualScreen(OwnProcess server, int number) => (_server, Display) = (server, $":{number}");

    /// <summary>What programs name it by, as <c>:7</c>.</summary>
    public string Display { get; }

    /// <summary>Starts one of a size such as <c>800x600</c>; it keeps its picture when a program leaves, and a key held down for long is one key.</summary>
    /// <exception cref="InvalidOperationException">It did not start; the message holds what it said.</exception>
    public static async Task<VirtualScreen> StartAsync(string size)
    {
        var server = OwnProcess.Start("/usr/bin/Xvfb", ["-displayfd", "1", "-screen", "0", size + "x24", "-nolisten", "tcp", "-noreset", "-r"]);
        var number = 0;
        if (await Eventually.IsTrueAsync(() => TryReadNumber(server.Output, out number), Patience)) return new(server, number);
        var said = server.Output;
        await server.EndAsync();
        throw new InvalidOperationException($"Xvfb did not start: {said}");
    }

    // It also says which displays it found taken.
    private static bool TryReadNumber(string output, out int number)
    {
        number = 0;
        foreach (var line in output.Split('\n'))
            if (int.TryParse(line, out number)) return true;
        return false;
    }

    /// <summary>Ends it, with its lock and its socket.</summary>
    public ValueTask DisposeAsync() => _server.EndAsync();
}
