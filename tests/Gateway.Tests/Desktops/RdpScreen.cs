namespace Montalegre.Vdi.Gateway.Tests.Desktops;

/// <summary>A virtual screen with a real RDP client on it.</summary>
internal sealed class RdpScreen : IAsyncDisposable
{
    private const string Size = "800x600";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly string _directory = Directory.CreateTempSubdirectory("rdp-screen-").FullName;
    private readonly OwnProcess _server;
    private readonly int _display;
    private OwnProcess? _client;

    private RdpScreen(int display)
    {
        _display = display;
        _server = OwnProcess.Start("/usr/bin/Xvfb", [$":{display}", "-screen", "0", Size + "x24", "-nolisten", "tcp", "-noreset"]);
    }

    public OwnProcess Client => _client ?? throw new InvalidOperationException("No client was started.");

    public static async Task<RdpScreen> StartAsync()
    {
        var display = Enumerable.Range(700, 200).OrderBy(_ => Random.Shared.Next()).First(d => !File.Exists($"/tmp/.X11-unix/X{d}") && !File.Exists($"/tmp/.X{d}-lock"));
        var screen = new RdpScreen(display);
        Assert.True(await Eventually.IsTrueAsync(() => File.Exists($"/tmp/.X11-unix/X{display}"), Patience), $"Xvfb did not start: {screen._server.Output}");
        return screen;
    }

    /// <summary>Starts xfreerdp with a ticket; what it types as user and password must not matter.</summary>
    public OwnProcess Connect(System.Net.IPEndPoint gateway, string? ticket, params string[] more)
    {
        var arguments = new List<string> { $"/v:{gateway}", "/u:typed-by-the-person", "/p:typed-too", "/cert:ignore", $"/size:{Size}", "/client-hostname:office-7", "-decorations" };
        if (ticket is not null) arguments.Add($"/load-balance-info:Cookie: msts={ticket}");
        arguments.AddRange(more);
        return _client = OwnProcess.Start("/usr/bin/xfreerdp", arguments, ("DISPLAY", $":{_display}"), ("HOME", _directory));
    }

    /// <summary>Waits until the middle of the screen has this colour.</summary>
    public Task<bool> ShowsAsync(string color) => Eventually.IsTrueAsync(async () => await PixelAsync() == color, TimeSpan.FromSeconds(30));

    /// <summary>The whole screen, three bytes a pixel, red first, row by row from the top.</summary>
    public async Task<byte[]> PixelsAsync()
    {
        var file = Path.Combine(_directory, "screen.rgb");
        await OwnProcess.RunAsync("/usr/bin/import", "-display", $":{_display}", "-window", "root", "-depth", "8", $"rgb:{file}");
        return await File.ReadAllBytesAsync(file);
    }

    /// <summary>Writes a picture of the screen where a person can look at it, when the environment asks for it.</summary>
    public async Task KeepPictureAsync(string name)
    {
        if (Environment.GetEnvironmentVariable("KEEP_PICTURES") is { Length: > 0 } folder)
            await OwnProcess.RunAsync("/usr/bin/import", "-display", $":{_display}", "-window", "root", Path.Combine(folder, name + ".png"));
    }

    /// <summary>Presses a key with the pointer on the client.</summary>
    public Task PressAsync(string key) => OwnProcess.RunAsync("/usr/bin/env", $"DISPLAY=:{_display}", "xdotool", "mousemove", "400", "550", "key", key);

    /// <summary>Copies a text on the client's side, as a person does with Ctrl-C.</summary>
    public Task CopyAsync(string text) => OwnProcess.RunAsync("/usr/bin/env", $"DISPLAY=:{_display}", "sh", "-c", $"printf %s '{text}' | xclip -selection clipboard -i >/dev/null 2>&1");

    /// <summary>What Ctrl-V would paste on the client's side; empty when there is nothing.</summary>
    public Task<string> PasteAsync() => OwnProcess.RunAsync("/usr/bin/env", $"DISPLAY=:{_display}", "sh", "-c", "timeout 2 xclip -selection clipboard -o 2>/dev/null || true");

    private async Task<string> PixelAsync()
    {
        var text = await OwnProcess.RunAsync("/usr/bin/import", "-display", $":{_display}", "-window", "root", "-depth", "8", "-crop", "1x1+400+500", "txt:-");
        var hash = text.LastIndexOf('#');
        return hash < 0 ? text : text.Substring(hash, 7);
    }

    public async ValueTask DisposeAsync()
    {
        if (_client is not null) await _client.DisposeAsync();
        await _server.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }
}
