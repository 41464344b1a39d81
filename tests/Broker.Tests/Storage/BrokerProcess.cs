using System.Diagnostics;
using System.Globalization;
using System.Threading.Channels;
using Montalegre.Vdi.Native.Posix;
using Montalegre.Vdi.Rig.Postgres;
using PostgresPrograms = Montalegre.Vdi.Rig.Postgres.PostgresPrograms;

namespace Montalegre.Vdi.Broker.Tests.Storage;

/// <summary>
/// The broker as a process of its own with a private cluster, because a process can only be killed from outside. It never
/// runs as root; tests started by root give it the user of the PostgreSQL package.
/// </summary>
internal sealed class BrokerProcess : IAsyncDisposable
{
    public static readonly TimeSpan Deadline = TimeSpan.FromMinutes(3);   // a first start costs seven seconds of processor time
    private readonly Process _process;
    private readonly List<string> _lines = [];
    private readonly Channel<string> _arrived = Channel.CreateUnbounded<string>();
    private readonly Task _reading;

    private BrokerProcess(Process process)
    {
        _process = process;
        _reading = Task.WhenAll(ReadAsync(process.StandardOutput), ReadAsync(process.StandardError));
    }

    public int ProcessId => _process.Id;

    public string Output
    {
        get { lock (_lines) return string.Join('\n', _lines); }
    }

    /// <summary>Starts a broker that keeps everything in <paramref name="state"/>.</summary>
    public static BrokerProcess Start(string state, params string[] settings)
    {
        string[] arguments =
        [
            Path.Combine(Unprivileged.Programs, "Montalegre.Vdi.Broker.dll"), $"--Hosting:StateDirectory={state}", "--Hosting:ApiListen=127.0.0.1:0", "--Hosting:ChannelListen=127.0.0.1:0",
            "--Provisioning:EnrolmentUrl=https://127.0.0.1:1", "--Provisioning:ChannelUrl=https://127.0.0.1:2", .. settings,
        ];
        var (program, all) = Unprivileged.Command("/usr/bin/env", ["dotnet", .. arguments]);
        return new BrokerProcess(Process.Start(new ProcessStartInfo(program, all) { RedirectStandardError = true, RedirectStandardOutput = true, WorkingDirectory = "/" })!);
    }

    public static async Task<BrokerProcess> StartedAsync(string state, params string[] settings)
    {
        var broker = Start(state, settings);
        await broker.SaysAsync("Application started");
        return broker;
    }

    /// <summary>Waits for a line with this text that was not consumed by an earlier wait, and answers it.</summary>
    public async Task<string> SaysAsync(string text)
    {
        using var patience = new CancellationTokenSource(Deadline);
        try
        {
            await foreach (var line in _arrived.Reader.ReadAllAsync(patience.Token))
            {
                if (line.Contains(text, StringComparison.Ordinal)) return line;
            }
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"The broker did not say '{text}' in time. It said:\n{Output}");
        }
        throw new InvalidOperationException($"The broker ended with {_process.ExitCode} before it said '{text}'. It said:\n{Output}");
    }

    public async Task<int> EndsAsync()
    {
        using var patience = new CancellationTokenSource(Deadline);
        await _process.WaitForExitAsync(patience.Token);
        await _reading.WaitAsync(patience.Token);   // its last words may arrive after its end
        return _process.ExitCode;
    }

    public Task<int> InterruptAsync()
    {
        Processes.Send(ProcessId, Signal.Interrupt);
        return EndsAsync();
    }

    public void Kill() => _process.Kill();   // SIGKILL

    public async ValueTask DisposeAsync()
    {
        try
        {
            if (!_process.HasExited) await InterruptAsync();
        }
        finally
        {
            if (!_process.HasExited) Kill();   // it did not stop in time: the test fails, and leaves nothing behind
            await _reading;
            _process.Dispose();
        }
    }

    private async Task ReadAsync(StreamReader reader)
    {
        while (await reader.ReadLineAsync() is { } line)
        {
            lock (_lines) _lines.Add(line);
            _arrived.Writer.TryWrite(line);
        }
        if (_process.HasExited) _arrived.Writer.TryComplete();
    }
}

/// <summary>Runs programs as a user that PostgreSQL accepts.</summary>
internal static class Unprivileged
{
    private static readonly Lazy<string> ReadablePrograms = new(MakeReadable);
    private static readonly Lazy<Task<string>> Installation = new(InstallOnceAsync);

    /// <summary>This directory of programs, or a copy where that user cannot reach it, for example below /root.</summary>
    public static string Programs => ReadablePrograms.Value;

    public static (string Program, string[] Arguments) Command(string program, string[] arguments) =>
        Environment.IsPrivilegedProcess
            ? ("/usr/bin/setpriv", ["--reuid=postgres", "--regid=postgres", "--clear-groups", "--", program, .. arguments])
            : (program, arguments);

    /// <summary>A short private directory of that user.</summary>
    public static async Task<string> DirectoryAsync()
    {
        var directory = Directory.CreateTempSubdirectory("mvb-").FullName;
        if (Environment.IsPrivilegedProcess) await Run.ToEndAsync("/bin/chown", ["postgres:postgres", directory]);
        return directory;
    }

    /// <summary>
    /// Fills an empty state directory with what a broker's first start and clean stop leave: a copy, because making the cluster and
    /// its schema costs more processor time than all that most tests do with them. Tests of the first start itself begin with an empty one.
    /// </summary>
    public static async Task InstallAsync(string state) => await Run.ToEndAsync("/bin/cp", ["-a", await Installation.Value + "/.", state]);

    private static async Task<string> InstallOnceAsync()
    {
        var state = await DirectoryAsync();
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(state, recursive: true);
        await using var broker = await BrokerProcess.StartedAsync(state);
        var ended = await broker.InterruptAsync();
        return ended == 0 ? state : throw new InvalidOperationException($"The broker ended with {ended}. It said:\n{broker.Output}");
    }

    /// <summary>Runs statements in the private cluster below a state directory, as the broker's user.</summary>
    public static Task<string> SqlAsync(string state, string role, string sql)
    {
        var (program, arguments) = Command(PostgresPrograms.Path("psql"), ["-h", Path.Combine(state, "postgresql", "run"), "-U", role, "-d", "montalegre", "-qAtX", "-v", "ON_ERROR_STOP=1", "-f", "-"]);
        return Run.ToEndAsync(program, arguments, sql);
    }

    private static string MakeReadable()
    {
        var (program, arguments) = Command("/usr/bin/test", ["-r", Path.Combine(AppContext.BaseDirectory, "Montalegre.Vdi.Broker.dll")]);
        using (var test = Process.Start(program, arguments))
        {
            test.WaitForExit();
            if (test.ExitCode == 0) return AppContext.BaseDirectory;
        }
        var copy = Directory.CreateTempSubdirectory("mvb-programs-").FullName;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(copy, recursive: true);
        using var copying = Process.Start("/bin/cp", ["-r", AppContext.BaseDirectory + ".", copy]);
        copying.WaitForExit();
        File.SetUnixFileMode(copy, File.GetUnixFileMode(copy) | UnixFileMode.OtherRead | UnixFileMode.OtherExecute);
        return copy;
    }

    /// <summary>The process that the cluster's own file names.</summary>
    public static int Postmaster(string state) =>
        int.Parse(File.ReadLines(Path.Combine(state, "postgresql", "data", "postmaster.pid")).First(), CultureInfo.InvariantCulture);
}
