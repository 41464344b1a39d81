using System.Globalization;
using System.Security.Cryptography;
using Google.Protobuf;
using Grpc.Core;
using Montalegre.Vdi.Contracts.Admin.V1;

namespace Montalegre.Vdi.Cli;

/// <summary>
/// Sends a disk to the broker piece by piece. A lost connection is waited out; a command that was stopped is run again and
/// finds its upload by name, size and hash.
/// </summary>
internal static class ImportImage
{
    private const int Piece = 512 * 1024;   // as much as the broker takes at once
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10), LongestPause = TimeSpan.FromSeconds(10);

    public static async Task<int> RunAsync(Invocation call)
    {
        var path = call.Line.Take(2, 1, 1)[0];
        var name = call.Line.Option("name") ?? throw new UsageException("--name");
        if (!File.Exists(path)) throw new UsageException(path);
        await using var disk = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 20, FileOptions.SequentialScan | FileOptions.Asynchronous);
        var progress = new Progress(call.Screen);
        var hash = await HashAsync(disk, part => progress.Tell("A ler", "Reading", part), call.Ct);

        var images = new Images.ImagesClient(call.Calls);
        var import = await BeginAsync(images, call, name, disk, Path.GetFileName(path), ByteString.CopyFrom(hash));
        import = await SendAsync(images, call, import, disk, progress);
        for (ImportStep? said = null; import.State is ImportState.Receiving or ImportState.Working; await Task.Delay(TimeSpan.FromSeconds(1), call.Ct))
        {
            import = await PatientlyAsync(() => images.FinishImportAsync(new() { ImportId = import.ImportId }, call.AsAdministrator), call);
            if (import.Step == said || import.State is not ImportState.Working) continue;
            said = import.Step;
            call.Screen.Say($"{Words(import.Step, call.Screen)} ...", $"{Words(import.Step, call.Screen)} ...");
        }
        if (import.State is not ImportState.Done)
            return import.Reason is { } reason ? Failures.Say(call.Screen, reason) : Failures.Refused;
        var image = (await new Infrastructure.InfrastructureClient(call.Calls).ListImagesAsync(new(), call.AsAdministrator)).Images.First(i => i.ImageVersionId == import.ImageVersionId);
        call.Screen.Done(image, $"{image.Name} versão {image.Number}: {image.State}", $"{image.Name} version {image.Number}: {image.State}");
        return 0;
    }

    public static async Task<int> ListAsync(Invocation call)
    {
        call.Line.Take(2, 0, 0);
        var s = call.Screen;
        var answer = await new Images.ImagesClient(call.Calls).ListImportsAsync(new(), call.AsAdministrator);
        s.Table(answer, answer.Imports,
            (s.Words("IMAGEM", "IMAGE"), i => i.Name),
            (s.Words("DE", "FROM"), i => i.Source),
            (s.Words("ESTADO", "STATE"), i => Screen.Word(i.State, "import_state_")),
            (s.Words("RECEBIDO", "RECEIVED"), i => $"{i.ReceivedBytes >> 20}/{i.SizeBytes >> 20} MiB"),
            (s.Words("PASSO", "STEP"), i => i.State is ImportState.Working ? $"{Words(i.Step, s)} {i.Percent}%" : ""),
            (s.Words("MOTIVO", "REASON"), i => i.Reason?.Detail ?? ""));
        return 0;
    }

    // The same file under the same name that somebody began to send: it goes on, also from another computer.
    private static async Task<ImageImport> BeginAsync(Images.ImagesClient images, Invocation call, string name, FileStream disk, string fileName, ByteString hash)
    {
        var open = (await images.ListImportsAsync(new(), call.AsAdministrator)).Imports
            .FirstOrDefault(i => i.State is ImportState.Receiving or ImportState.Working && i.Name == name && i.SizeBytes == (ulong)disk.Length && i.Sha256 == hash);
        if (open is null)
            return await images.BeginImportAsync(new() { Name = name, FileName = fileName, SizeBytes = (ulong)disk.Length, Sha256 = hash, Note = call.Line.Option("note") ?? "", KeepIdentity = call.Line.Has("keep-identity") }, call.AsAdministrator);
        call.Screen.Say($"Continua aos {open.ReceivedBytes >> 20} MiB", $"Goes on at {open.ReceivedBytes >> 20} MiB");
        return open;
    }

    private static async Task<ImageImport> SendAsync(Images.ImagesClient images, Invocation call, ImageImport import, FileStream disk, Progress progress)
    {
        var piece = new byte[Piece];
        while (import.State is ImportState.Receiving && import.ReceivedBytes < import.SizeBytes)
        {
            var offset = import.ReceivedBytes;
            disk.Position = (long)offset;
            var read = await disk.ReadAtLeastAsync(piece, piece.Length, throwOnEndOfStream: false, call.Ct);
            if (read == 0) throw new UsageException(disk.Name);   // it was cut while we read it
            var data = ByteString.CopyFrom(piece, 0, (int)Math.Min((ulong)read, import.SizeBytes - offset));
            import = await PatientlyAsync(() => images.AppendImportAsync(new() { ImportId = import.ImportId, Offset = offset, Data = data }, call.AsAdministrator), call);
            progress.Tell("A enviar", "Sending", (double)import.ReceivedBytes / import.SizeBytes);
        }
        return import;
    }

    private static async Task<ImageImport> PatientlyAsync(Func<AsyncUnaryCall<ImageImport>> ask, Invocation call)
    {
        var (since, pause) = (Environment.TickCount64, TimeSpan.FromMilliseconds(250));
        while (true)
        {
            try { return await ask(); }
            catch (RpcException e) when (e.StatusCode is StatusCode.Unavailable && TimeSpan.FromMilliseconds(Environment.TickCount64 - since) < Patience)
            {
                if (pause < TimeSpan.FromMilliseconds(300)) call.Screen.Say("O serviço não responde; espera-se por ele", "The broker does not answer; waiting for it");
                await Task.Delay(pause, call.Ct);
                pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
            }
        }
    }

    private static async Task<byte[]> HashAsync(FileStream disk, Action<double> progress, CancellationToken ct)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[1 << 20];
        for (int read; (read = await disk.ReadAsync(buffer, ct)) > 0; progress((double)disk.Position / disk.Length)) hash.AppendData(buffer, 0, read);
        return hash.GetHashAndReset();
    }

    private static string Words(ImportStep step, Screen s) => step switch
    {
        ImportStep.Fetch => s.Words("a buscar o disco", "fetching the disk"),
        ImportStep.Hash => s.Words("a comparar com o original", "comparing with what was sent"),
        ImportStep.Check => s.Words("a verificar o disco", "checking the disk"),
        ImportStep.Convert => s.Words("a converter", "converting"),
        ImportStep.Seal => s.Words("a selar", "sealing"),
        ImportStep.Publish => s.Words("a publicar", "publishing"),
        _ => "",
    };

    // A line for every tenth: it may stand in a log as well as on a screen.
    private sealed class Progress(Screen screen)
    {
        private (string What, int Tenth) _said;

        public void Tell(string pt, string en, double part)
        {
            var now = (en, (int)(part * 10));
            if (now == _said) return;
            _said = now;
            screen.Say(string.Create(CultureInfo.InvariantCulture, $"{pt}: {now.Item2 * 10} %"), string.Create(CultureInfo.InvariantCulture, $"{en}: {now.Item2 * 10} %"));
        }
    }
}
