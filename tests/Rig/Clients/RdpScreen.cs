namespace Montalegre.Vdi.Rig.Clients;

/// <summary>A virtual screen with a real RDP client on it; a person's eyes and hands.</summary>
public sealed class RdpScreen : IAsyncDisposable
{
    private const string Size = "800x600";

    private readonly string _directory = Directory.CreateTempSubdirectory("rdp-screen-").FullName;
    private readonly VirtualScreen _screen;
    private readonly string? _network;
    private OwnProcess? _client;

    private RdpScreen(VirtualScreen screen, string? network) => (_screen, _network) = (screen, network);

    /// <summary>The client that was connected last.</summary>
    public OwnProcess Client => _client ?? throw new InvalidOperationException("No client was started.");

    /// <summary>Starts a screen.</summary>
    /// <param name="network">Network namespace that the client connects from; null is the computer's own.</param>
    public static async Task<RdpScreen> StartAsync(string? network = null) => new(await VirtualScreen.StartAsync(Size), network);

    /// <inheritdoc cref="Connect(string, string, string[])" />
    public OwnProcess Connect(System.Net.IPEndPoint gateway, string? ticket, params string[] more) => Connect($"{gateway}", ticket, more);

    /// <summary>Starts xfreerdp with a ticket; what it types as user and password must not matter.</summary>
    public OwnProcess Connect(string gateway, string? ticket, params string[] more)
    {
        var arguments = new List<string> { $"/v:{gateway}", "/u:typed-by-the-person", "/p:typed-too", "/cert:ignore", $"/size:{Size}", "/client-hostname:office-7", "-decorations" };
        if (ticket is not null) arguments.Add($"/load-balance-info:Cookie: msts={ticket}");
        arguments.AddRange(more);
        // By lines: into a pipe it would keep what it says to itself until four kilobytes are full.
        string[] command = [.. _network is null ? Array.Empty<string>() : ["/usr/sbin/ip", "netns", "exec", _network], "/usr/bin/stdbuf", "-oL", "/usr/bin/xfreerdp", .. arguments];
        return _client = OwnProcess.Start(command[0], command[1..], ("DISPLAY", _screen.Display), ("HOME", _directory));
    }

    /// <summary>Waits until the middle of the lower half of the screen has this colour, as #RRGGBB.</summary>
    public Task<bool> ShowsAsync(string color, TimeSpan? patience = null) =>
        Eventually.IsTrueAsync(async () => await PixelAsync() == color, patience ?? TimeSpan.FromMinutes(2));

    /// <summary>Colour of that place now.</summary>
    public async Task<string> PixelAsync()
    {
        var text = await OwnProcess.RunAsync("/usr/bin/import", "-display", _screen.Display, "-window", "root", "-depth", "8", "-crop", "1x1+400+500", "txt:-");
        var hash = text.LastIndexOf('#');
        return hash < 0 ? text : text.Substring(hash, 7);
    }

    /// <summary>Types a line into whatever has the focus, like a person with a keyboard.</summary>
    public async Task TypeLineAsync(string text)
    {
        await OwnProcess.RunAsync("/usr/bin/env", $"DISPLAY={_screen.Display}", "xdotool", "type", "--delay", "90", text);
        await OwnProcess.RunAsync("/usr/bin/env", $"DISPLAY={_screen.Display}", "xdotool", "key", "Return");
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
            await OwnProcess.RunAsync("/usr/bin/env", $"DISPLAY={_screen.Display}", "xdotool", "key", "ctrl+c");
            await TypeLineAsync(line);
            if (await Eventually.IsTrueAsync(fact, TimeSpan.FromSeconds(10))) return true;
        }
        return false;
    }

    /// <summary>The same, until the screen has this colour.</summary>
    public Task<bool> OrderAsync(string line, string color, TimeSpan patience) => OrderAsync(line, async () => await PixelAsync() == color, patience);

    /// <summary>Clicks at a place of the screen.</summary>
    public Task ClickAsync(int x, int y) =>
        OwnProcess.RunAsync("/usr/bin/env", $"DISPLAY={_screen.Display}", "xdotool", "mousemove", $"{x}", $"{y}", "click", "1");

    /// <summary>Writes a picture of the screen.</summary>
    public Task PictureAsync(string path) => OwnProcess.RunAsync("/usr/bin/import", "-display", _screen.Display, "-window", "root", path);

    /// <summary>The whole screen, three bytes a pixel, red first, row by row from the top.</summary>
    public async Task<byte[]> PixelsAsync()
    {
        var file = Path.Combine(_directory, "screen.rgb");
        await OwnProcess.RunAsync("/usr/bin/import", "-display", _screen.Display, "-window", "root", "-depth", "8", $"rgb:{file}");
        return await File.ReadAllBytesAsync(file);
    }

    /// <summary>Writes a picture of the screen where a person can look at it, when the environment asks for it.</summary>
    public async Task KeepPictureAsync(string name)
    {
        if (Environment.GetEnvironmentVariable("KEEP_PICTURES") is { Length: > 0 } folder) await PictureAsync(Path.Combine(folder, name + ".png"));
    }

    /// <summary>Presses a key with the pointer on the client.</summary>
    public Task PressAsync(string key) => OwnProcess.RunAsync("/usr/bin/env", $"DISPLAY={_screen.Display}", "xdotool", "mousemove", "400", "550", "key", key);

    /// <summary>Copies a text on the client's side, as a person does with Ctrl-C.</summary>
    public Task CopyAsync(string text) => OwnProcess.RunAsync("/usr/bin/env", $"DISPLAY={_screen.Display}", "sh", "-c", $"printf %s '{text}' | xclip -selection clipboard -i >/dev/null 2>&1");

    /// <summary>What Ctrl-V would paste on the client's side; empty when there is nothing.</summary>
    public Task<string> PasteAsync() => OwnProcess.RunAsync("/usr/bin/env", $"DISPLAY={_screen.Display}", "sh", "-c", "timeout 2 xclip -selection clipboard -o 2>/dev/null || true");

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        if (_client is not null) await _client.DisposeAsync();
        await _screen.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }
}
