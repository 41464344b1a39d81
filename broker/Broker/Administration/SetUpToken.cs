using Microsoft.Extensions.Options;
using Montalegre.Vdi.Broker.Hosting;
using Montalegre.Vdi.Broker.Identity;

namespace Montalegre.Vdi.Broker.Administration;

/// <summary>
/// While there is no administrator, every start of the broker makes a one-time token and leaves it in a file that only
/// the operator can read. The log says where the file is, never what is in it.
/// </summary>
internal sealed class SetUpToken(SetUpStore store, IOptions<HostingOptions> hosting, ILogger<SetUpToken> log)
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromHours(24);

    public string File => Path.Combine(hosting.Value.StateDirectory, "set-up-token");

    public async Task PrepareAsync(CancellationToken ct)
    {
        var token = OpaqueToken.Make();
        if (await store.HasAdministratorAsync(ct) || !await store.AddTokenAsync(token.Sha256, Lifetime))
        {
            Remove();
            return;
        }
        await WriteAsync(token.Text);
        log.SetUpWaits(File);
    }

    public void Remove() => System.IO.File.Delete(File);

    // Written beside and moved, so that the file is never there with wider rights or half of its text.
    private async Task WriteAsync(string token)
    {
        Directory.CreateDirectory(hosting.Value.StateDirectory);
        var beside = File + ".new";
        System.IO.File.Delete(beside);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        await using (var writer = new StreamWriter(beside, options)) await writer.WriteLineAsync(token);
        System.IO.File.Move(beside, File, overwrite: true);
    }
}
