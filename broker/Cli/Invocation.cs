using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Grpc.Core;
using Grpc.Net.Client;
using Montalegre.Vdi.Contracts;

namespace Montalegre.Vdi.Cli;

/// <summary>One command being run: what was typed, where to print, and the way to the broker.</summary>
internal sealed class Invocation(CommandLine line, Screen screen, IPasswords passwords, string savedFile, CancellationToken ct) : IDisposable
{
    private const string UsualServer = "https://127.0.0.1:7443";
    private GrpcChannel? _channel;

    public CommandLine Line => line;

    public Screen Screen => screen;

    public CancellationToken Ct => ct;

    public SavedSignIns Saved { get; private set; } = SavedSignIns.Read(savedFile);

    public string Server => line.Option("server") ?? Environment.GetEnvironmentVariable("MONTALEGRE_SERVER") ?? Saved.Server ?? UsualServer;

    public string? Authority => line.Option("authority") is { } file ? Path.GetFullPath(file) : Environment.GetEnvironmentVariable("MONTALEGRE_AUTHORITY") ?? Saved.Authority;

    public CallInvoker Calls => (_channel ??= Open()).CreateCallInvoker();

    public CallOptions AsAdministrator => ApiKey() is { } key ? With(key) : With(Saved.Administrator);

    public CallOptions AsEmployee => With(Saved.Employee);

    public CallOptions AsNobody => new(cancellationToken: ct);

    public string Password() => passwords.Read(line.Has("password-stdin"));

    /// <summary>A one-time code: from the variable, else from where the password came.</summary>
    public string Code(string variable) =>
        Environment.GetEnvironmentVariable(variable) is { Length: > 0 } given ? given : passwords.ReadCode(line.Has("password-stdin"));

    /// <summary>Whether a code can be given at all: a script has none but in the variable or on standard input.</summary>
    public bool MayAskForCode(string variable) =>
        Environment.GetEnvironmentVariable(variable) is { Length: > 0 } || line.Has("password-stdin") || passwords.MayAsk;

    public void Keep(Func<SavedSignIns, SavedSignIns> change)
    {
        Saved = change(Saved);
        Saved.Write(savedFile);
    }

    public void Dispose() => _channel?.Dispose();

    // A token goes to the server that gave it, and to no other.
    private CallOptions With(SavedSignIn? signIn) =>
        signIn is null || Saved.Server != Server
            ? throw new NotSignedInException()
            : With(signIn.Token);

    private CallOptions With(string bearer) => new(new Metadata { { "authorization", $"Bearer {bearer}" } }, cancellationToken: ct);

    // For programs. Never an option by itself: everybody on the machine reads command lines.
    private string? ApiKey()
    {
        if ((line.Option("api-key-file") ?? Environment.GetEnvironmentVariable("MONTALEGRE_API_KEY_FILE")) is not { Length: > 0 } file)
            return Environment.GetEnvironmentVariable("MONTALEGRE_API_KEY") is { Length: > 0 } given ? given.Trim() : null;
        try { return File.ReadAllText(file).Trim(); }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException) { throw new UsageException($"--api-key-file {file}: {e.Message}"); }
    }

    private GrpcChannel Open()
    {
        if (!Uri.TryCreate(Server, UriKind.Absolute, out var address) || address.Scheme != Uri.UriSchemeHttps) throw new UsageException($"--server {Server}");
        var handler = new SocketsHttpHandler();
        if (Authority is { } file)
        {
            if (!File.Exists(file)) throw new UsageException($"--authority {file}");
            // The installation's own authority names every broker alike, whatever address it is reached by.
            var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            policy.CustomTrustStore.Add(X509CertificateLoader.LoadCertificateFromFile(file));
            handler.SslOptions = new SslClientAuthenticationOptions { CertificateChainPolicy = policy, TargetHost = JoinDocument.BrokerServerName };
        }
        return GrpcChannel.ForAddress(address, new GrpcChannelOptions { HttpHandler = handler, DisposeHttpClient = true });
    }
}

/// <summary>The command needs a sign-in and there is none for this server.</summary>
internal sealed class NotSignedInException : Exception;
