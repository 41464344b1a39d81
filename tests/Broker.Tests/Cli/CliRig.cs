using System.Globalization;
using Montalegre.Vdi.Broker.Tests.Identity;
using Montalegre.Vdi.Cli;

namespace Montalegre.Vdi.Broker.Tests.Cli;

/// <summary>The command line as it is typed, in front of a broker that nobody has set up, with a home of its own for each test.</summary>
public abstract class CliRig(TestCluster cluster) : IAsyncLifetime
{
    protected static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private protected TestBroker Broker { get; } = new(cluster);

    protected string Home { get; } = Directory.CreateTempSubdirectory("cli-").FullName;

    /// <summary>What is given when a code is asked for.</summary>
    protected string Code { get; set; } = "";

    protected string Authenticator => Path.Combine(Home, "authenticator");

    protected string SavedFile => Path.Combine(Home, "montalegre", "session.json");

    public ValueTask InitializeAsync() => Broker.StartAsync(["--OpenId:Patience=00:01:00"]);

    public async ValueTask DisposeAsync()
    {
        await Broker.DisposeAsync();
        Directory.Delete(Home, recursive: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>One call of the program, without a broker or with the one that is named in it.</summary>
    internal static async Task<(int Code, string Output, string Talk)> CallAsync(string language, string code, string savedFile, params string[] typed)
    {
        using var output = new StringWriter();
        using var talk = new StringWriter();
        var exit = await CommandTable.RunAsync(typed, new Screen(output, talk, new CultureInfo(language)), new KnownPassword(code), savedFile, TestContext.Current.CancellationToken);
        return (exit, output.ToString(), talk.ToString());
    }

    protected Task<(int Code, string Output, string Talk)> SetUpAsync() =>
        RunAsync("set-up", "rosa", "--token-file", Path.Combine(Broker.StateDirectory, "set-up-token"), "--password-stdin", "--authenticator-file", Authenticator);

    protected async Task<string> DoneAsync(params string[] typed)
    {
        var (code, output, talk) = await RunAsync(typed);
        Assert.True(code == 0, $"{string.Join(' ', typed)}: {talk}");
        return output;
    }

    protected Task<(int Code, string Output, string Talk)> RunAsync(params string[] typed) => InLanguageAsync("en", typed);

    protected Task<(int Code, string Output, string Talk)> InLanguageAsync(string language, params string[] typed) =>
        RunBareAsync(language, [.. typed.Contains("--server") ? [] : new[] { "--server", Broker.ApiAddress }, "--authority", Path.Combine(Broker.StateDirectory, "authority.pem"), .. typed]);

    protected Task<(int Code, string Output, string Talk)> RunBareAsync(string language, params string[] typed) => CallAsync(language, Code, SavedFile, typed);

    private protected sealed class KnownPassword(string code = "") : IPasswords
    {
        public string Read(bool fromStandardInput) => fromStandardInput ? TestApi.Password : throw new InvalidOperationException("no terminal in tests");

        public string ReadCode(bool fromStandardInput) => fromStandardInput ? code : throw new InvalidOperationException("no terminal in tests");

        public bool MayAsk => false;
    }
}
