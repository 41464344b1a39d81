namespace Montalegre.Vdi.Rig.Clients;

/// <summary>A virtual screen with a real RDP client on it; a person's eyes and hands.</summary>
public sealed class RdpScreen : IAsyncDisposable
{
    private const string Size = "800x600";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly string _directory = Directory.CreateTempSubdirectory("rdp-screen-").FullName;
    private readonly OwnProcess _server;
    private int _display;
    private readonly string? _network;
    private OwnProcess? _client;

    private RdpScreen(string? network)
    {
        _network = network;
        // Takes a free display by itself, over the leavings of screens that were killed, and says which once it is ready.
        _server = OwnProcess.Start("/usr/bin/Xvfb", ["-displayfd", "1", "-screen", "0", Size + "x24", "-nolisten", "tcp", "-noreset"]);
    }

    /// <summary>The client that was connected last.</summary>
    public OwnProcess Client => _client ?? throw new InvalidOperationException("No client was started.");

    /// <summary>Starts a screen on a display that nobody uses.</summary>
    /// <param name="network">Network namespace that the client connects from; null is the computer's own.</param>
    public static async Task<RdpScreen> StartAsync(string? network = null)
    {
        var screen = new RdpScreen(network);
        if (!await Eventually.IsTrueAsync(() => int.TryParse(screen._server.Output.Trim(), out screen._display), Patience))
            throw new InvalidOperationException($"Xvfb did not start: {screen._server.Output}");
        return screen;
    }

    /// <summary>Starts xfreerdp with a ticket; what it types as user and password must not matter.</summary>
    public OwnProcess Connect(string gateway, string? ticket, params string[] more)
    {
        var arguments = new List<string> { $"/v:{gateway}", "/u:typed-by-the-person", "/p:typed-too", "/cert:ignore", $"/size:{Size}", "/client-hostname:office-7", "-decorations" };
        if (ticket is not null) arguments.Add($"/load-balance-info:Cookie: msts={ticket}");
        arguments.AddRange(more);
        (string program, string[] before) = _network is null ? ("/usr/bin/xfreerdp", Array.Empty<string>()) : ("/usr/sbin/ip", ["netns", "exec", _network, "/usr/bin/xfreerdp"]);
        return _client = OwnProcess.Start(program, [.. before, .. arguments], ("DISPLAY", $":{_display}"), ("HOME", _directory));
    }

    /// <summary>Waits until the middle of the lower half of the screen has this colour, as #RRGGBB.</summary>
    public Task<bool> ShowsAsync(string color, TimeSpan? patience = null) =>
        Eventually.IsTrueAsync(async () => await PixelAsync() == color, patience ?? TimeSpan.FromSeconds(30));

    /// <summary>Colour of that place now.</summary>
    public async Task<string> PixelAsync()
    {
        var text = await OwnProcess.RunAsync("/usr/bin/import", "-display", $":{_display}", "-window", "root", "-depth", "8", "-crop", "1x1+400+500", "txt:-");
        var hash = text.LastIndexOf('#');
        return hash < 0 ? text : text.Substring(hash, 7);
    }

    /// <summary>Types a line into whatever has the focus, like a person with a keyboard.</summary>
    public async Task TypeLineAsync(string text)
    {
        await OwnProcess.RunAsync("/usr/bin/env", $"DISPLAY=:{_display}", "xdotool", "type", "--delay", "90", text);
        await OwnProcess.RunAsync("/usr/bin/env", $"DISPLAY=:{_display}", "xdotool", "key", "Return");
    }

    /// <summary>
    /// Clicks into the terminal and types a line, again and again until the fact holds: a desktop that shows its colour
    /// may take a while before its terminal listens. The line must be one that may be typed twice.
    /// </summary>
    public async Task<bool> OrderAsync(string line, Func<Task<bool>> fact, TimeSpan patience)
    {
        using var deadline = new CancellationTokenSource(patience);
        while (!deadline.IsCancellationRequested && !Client.HasExited)
        {
            await ClickAsync(300, 200);
            // A key lost by a slow desktop may leave a quote open; Ctrl-C gives the prompt back.
            await OwnProcess.RunAsync("/usr/bin/env", $"DISPLAY=:{_display}", "xdotool", "key", "ctrl+c");
            await TypeLineAsync(line);
            if (await Eventually.IsTrueAsync(fact, TimeSpan.FromSeconds(10))) return true;
        }
        return false;
    }

    /// <summary>The same, until the screen has this colour.</summary>
    public Task<bool> OrderAsync(string line, string color, TimeSpan patience) => OrderAsync(line, async () => await PixelAsync() == color, patience);

    /// <summary>Clicks at a place of the screen.</summary>
    public Task ClickAsync(int x, int y) =>
        OwnProcess.RunAsync("/usr/bin/env", $"DISPLAY=:{_display}", "xdotool", "mousemove", $"{x}", $"{y}", "click", "1");

    /// <summary>Writes a picture of the screen.</summary>
    public Task PictureAsync(string path) => OwnProcess.RunAsync("/usr/bin/import", "-display", $":{_display}", "-window", "root", path);

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        if (_client is not null) await _client.DisposeAsync();
        await _server.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }
}
