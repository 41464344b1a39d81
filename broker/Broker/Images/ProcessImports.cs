using System.Security.Cryptography;
using Microsoft.Extensions.Options;
using Montalegre.Vdi.Broker.Hypervisors;
using Montalegre.Vdi.Broker.Storage;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Images;

/// <summary>
/// Makes image versions of disks that have arrived, one at a time, on the broker whose disk they are on. Each step starts
/// from the file that arrived and writes beside it, so that a killed broker takes it again from the start.
/// </summary>
internal sealed class ProcessImports(ImportStore imports, ImageFolder folder, PrepareDisk prepare, CopyImages copies, HypervisorDirectory hosts, IOptions<ImagesOptions> options, TimeProvider time, ILogger<ProcessImports> log) : BackgroundService
{
    private static readonly TimeSpan Recheck = TimeSpan.FromSeconds(5), Tidy = TimeSpan.FromMinutes(5), Renewal = TimeSpan.FromSeconds(10);
    private readonly Bell _bell = new();

    /// <summary>Asks for a look now.</summary>
    public void Ring() => _bell.Ring();

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        long? tidied = null;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                if (tidied is null || time.GetElapsedTime(tidied.Value) > Tidy)
                {
                    await TidyAsync(stoppingToken);
                    tidied = time.GetTimestamp();
                }
                while (await imports.ClaimAsync(ImageFolder.Holder, stoppingToken) is { } import) await WorkAsync(import, stoppingToken);
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested) { log.ImportPassFailed(Recheck, e); }
            await _bell.WaitAsync(Recheck, stoppingToken);
        }
    }

    /// <summary>Removes uploads that nobody goes on with, and files without a record.</summary>
    internal async Task TidyAsync(CancellationToken ct)
    {
        var now = time.GetUtcNow().UtcDateTime;
        foreach (var import in await imports.ReceivingAsync(ImageFolder.Holder, ct))
        {
            var file = new FileInfo(folder.Part(import.ImageImportId));
            var last = file.Exists ? file.LastWriteTimeUtc : import.CreatedAt;
            if (now - last < options.Value.KeepHalfUploads) continue;
            if (await imports.EndAsync(import.ImageImportId, ImportState.Failed, RefusalReason.ImportIncomplete, "nothing was added to it for a long time, so it was removed", "broker", "")) log.ImportExpired(import.ImageImportId, import.Name);
        }
        folder.ForgetAllBut(await imports.TidyAsync(options.Value.KeepHalfUploads, ct));
    }

    private async Task WorkAsync(ImportRow import, CancellationToken stopping)
    {
        using var cancelled = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        var at = (Step: ImportStep.Hash, Percent: 0);
        var told = new Lock();
        void Tell(ImportStep step, double part) { lock (told) at = (step, (int)(100 * Math.Clamp(part, 0, 1))); }
        // Progress is written every few seconds and at each step, not for every piece; it also keeps the claim.
        async Task ReportAsync()
        {
            using var tick = new PeriodicTimer(TimeSpan.FromSeconds(1), time);
            (ImportStep, int)? last = null;
            var lastAt = time.GetTimestamp();
            while (await tick.WaitForNextTickAsync(cancelled.Token))
            {
                (ImportStep Step, int Percent) now;
                lock (told) now = at;
                if (now == last && time.GetElapsedTime(lastAt) < Renewal) continue;
                (last, lastAt) = (now, time.GetTimestamp());
                if (await imports.ReportAsync(import.ImageImportId, now.Step, now.Percent)) continue;
                await cancelled.CancelAsync();   // somebody cancelled it
            }
        }
        var reporting = ReportAsync();
        try
        {
            await MakeAsync(import, Tell, cancelled.Token);
            folder.Forget(import.ImageImportId);
            copies.Ring();
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested) { await imports.ReleaseAsync(import.ImageImportId); }
        catch (OperationCanceledException) when (cancelled.IsCancellationRequested) { folder.Forget(import.ImageImportId); }
        catch (Exception e)
        {
            var reason = e switch
            {
                DiskRefusedException refused => refused.Reason,
                DomainRunningException => RefusalReason.MachineRunning,
                InvalidDataException => RefusalReason.NotSupported,
                HypervisorUnavailableException => RefusalReason.HostUnavailable,
                StorageFullException => RefusalReason.StorageFull,
                IOException { HResult: 28 } => RefusalReason.StorageFull,   // ENOSPC
                _ => RefusalReason.Internal,
            };
            log.ImportFailed(import.ImageImportId, import.Name, e.Message);
            await imports.EndAsync(import.ImageImportId, ImportState.Failed, reason, e.Message, "broker", "");
            // What cannot be sealed may still be published as it is, when somebody says so.
            if (reason != RefusalReason.ImageNotSealable) folder.Forget(import.ImageImportId);
        }
        finally
        {
            await cancelled.CancelAsync();
            await reporting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task MakeAsync(ImportRow import, Action<ImportStep, double> tell, CancellationToken ct)
    {
        var image = new ImageVersionId(import.ImageImportId);
        var part = folder.Part(import.ImageImportId);
        folder.TakeBack(import.ImageImportId, image);
        if (import is { HostId: { } host, DomainUuid: { } domain } && !folder.HasAny(import.ImageImportId)) await FetchAsync(new(host), domain, import, tell, ct);
        if (File.Exists(part) && import.Sha256 is { } expected && !(await HashAsync(part, share => tell(ImportStep.Hash, share), ct)).AsSpan().SequenceEqual(expected))
            throw new DiskRefusedException(RefusalReason.ImportIncomplete, "its hash is not the one that the sender gave; send it again");
        var facts = await prepare.RunAsync(import, tell, ct);
        tell(ImportStep.Publish, 0);
        var half = folder.Half(import.ImageImportId);
        var sha256 = await HashAsync(half, share => tell(ImportStep.Publish, share), ct);
        File.Move(half, folder.Image(image), overwrite: true);
        if (await imports.PublishAsync(import, folder.Image(image), sha256, new FileInfo(folder.Image(image)).Length, facts)) log.Imported(image, import.Name, import.Source);
        else File.Delete(folder.Image(image));   // cancelled in the last moment
    }

    // Beside the part until it is whole: a broker that is killed meanwhile fetches again.
    private async Task FetchAsync(HostId host, Guid domain, ImportRow import, Action<ImportStep, double> tell, CancellationToken ct)
    {
        folder.Prepare();
        tell(ImportStep.Fetch, 0);
        var coming = Path.ChangeExtension(folder.Part(import.ImageImportId), ".coming");
        await hosts.For(host).FetchDiskAsync(domain, coming, new Fetched(share => tell(ImportStep.Fetch, share)), ct);
        File.Move(coming, folder.Part(import.ImageImportId), overwrite: true);
    }

    // Progress<T> reports on the pool and may come after the end; this one reports in the fetching itself.
    private sealed class Fetched(Action<double> tell) : IProgress<double>
    {
        public void Report(double value) => tell(value);
    }

    private static async Task<byte[]> HashAsync(string path, Action<double> progress, CancellationToken ct)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        await using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 20, FileOptions.SequentialScan | FileOptions.Asynchronous);
        var buffer = new byte[1 << 20];
        for (int read; (read = await file.ReadAsync(buffer, ct)) > 0; progress((double)file.Position / file.Length)) hash.AppendData(buffer, 0, read);
        return hash.GetHashAndReset();
    }
}
