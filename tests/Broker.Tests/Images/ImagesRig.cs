using System.Security.Cryptography;
using Google.Protobuf;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Broker.Images;
using Montalegre.Vdi.Broker.Tests.Identity;
using Montalegre.Vdi.Broker.Tests.Storage;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Domain;
using Api = Montalegre.Vdi.Contracts.Admin.V1;
using Audience = Montalegre.Vdi.Broker.Identity.Audience;

namespace Montalegre.Vdi.Broker.Tests.Images;

/// <summary>A signed-in administrator at a whole broker, and small disks to send to it.</summary>
internal sealed class ImagesRig(TestBroker broker)
{
    public Api.Images.ImagesClient Images { get; private set; } = null!;

    public Api.Infrastructure.InfrastructureClient Infrastructure { get; private set; } = null!;

    public CallOptions With { get; private set; }

    public static async Task<ImagesRig> SignInAsync(TestBroker broker)
    {
        var rig = new ImagesRig(broker);
        var users = broker.Services.GetRequiredService<Broker.Administration.UserStore>();
        if (await users.FindAsync("rosa", CancellationToken.None) is null)
            await users.CreateAsync(new Person(new UserId(Guid.CreateVersion7()), "rosa", "Rosa", true, true), (await broker.Services.GetRequiredService<Passwords>().HashAsync(TestApi.Password))!, TestApi.By);
        await rig.ConnectAsync();
        return rig;
    }

    public async Task ConnectAsync()
    {
        With = TestApi.With(await TestFactor.AdministratorAsync(broker.Services, "rosa", TestApi.Password));
        Images = new(broker.Api());
        Infrastructure = new(broker.Api());
    }

    public async Task<ImageImport> BeginAsync(string file, string name = "debian", bool keepIdentity = true) => await Images.BeginImportAsync(new()
    {
        Name = name, FileName = Path.GetFileName(file), SizeBytes = (ulong)new FileInfo(file).Length, KeepIdentity = keepIdentity,
        Sha256 = ByteString.CopyFrom(SHA256.HashData(await File.ReadAllBytesAsync(file))),
    }, With);

    /// <summary>Sends from where the broker says, until there is no more or the bound is reached.</summary>
    public async Task<ImageImport> SendAsync(ImageImport import, string file, ulong until = ulong.MaxValue)
    {
        await using var disk = File.OpenRead(file);
        var piece = new byte[AppendImport.LongestPiece];
        for (until = Math.Min(until, import.SizeBytes); import.ReceivedBytes < until;)
        {
            disk.Position = (long)import.ReceivedBytes;
            var read = await disk.ReadAtLeastAsync(piece.AsMemory(0, (int)Math.Min((ulong)piece.Length, until - import.ReceivedBytes)), 1);
            import = await Images.AppendImportAsync(new() { ImportId = import.ImportId, Offset = import.ReceivedBytes, Data = ByteString.CopyFrom(piece, 0, read) }, With);
        }
        return import;
    }

    public async Task<ImageImport> ImportAsync(string file, string name = "debian", bool keepIdentity = true)
    {
        var import = await SendAsync(await BeginAsync(file, name, keepIdentity), file);
        await Images.FinishImportAsync(new() { ImportId = import.ImportId }, With);
        return await EndAsync(import.ImportId);
    }

    public async Task<ImageImport> EndAsync(string import)
    {
        ImageImport? now = null;
        await Eventually.IsTrueAsync(async () => (now = await Images.GetImportAsync(new() { ImportId = import }, With)).State is not (Api.ImportState.Receiving or Api.ImportState.Working), "the import ends");
        return now!;
    }

    public async Task<ImageVersion> ImageAsync(string id) => (await Infrastructure.ListImagesAsync(new(), With)).Images.Single(i => i.ImageVersionId == id);

    public static async Task<string> RefusedAsync(Func<Task> call)
    {
        var refused = await Assert.ThrowsAsync<RpcException>(call);
        return $"{refused.Trailers.GetValue("reason")}: {refused.Trailers.GetValue("reason-detail")}";
    }

    /// <summary>A qcow2 disk with that much in it that cannot be compressed away.</summary>
    public static async Task<string> Qcow2Async(string folder, int mib = 3, string name = "disk.qcow2")
    {
        var raw = await RawAsync(folder, mib, name + ".raw");
        var path = Path.Combine(folder, name);
        await Rig.Postgres.Run.ToEndAsync("qemu-img", ["convert", "-f", "raw", "-O", "qcow2", raw, path]);
        return path;
    }

    /// <summary>A raw disk with a boot sector's mark.</summary>
    public static async Task<string> RawAsync(string folder, int mib = 3, string name = "disk.raw")
    {
        var bytes = new byte[mib << 20];
        new Random(mib).NextBytes(bytes);
        (bytes[510], bytes[511]) = (0x55, 0xaa);
        var path = Path.Combine(folder, name);
        await File.WriteAllBytesAsync(path, bytes);
        return path;
    }
}
