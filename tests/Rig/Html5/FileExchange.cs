using System.Buffers.Binary;
using System.Text;
using Montalegre.Vdi.Protocol.Html5;

namespace Montalegre.Vdi.Rig.Html5;

/// <summary>What the portal's script does with files, for a <see cref="DesktopClient"/>: within the window, and whole.</summary>
public static class FileExchange
{
    /// <summary>Sends one file; answers null when it was stored, or the reason why not.</summary>
    public static async Task<ushort?> UploadAsync(this DesktopClient browser, uint file, string name, byte[] content, ulong? size = null)
    {
        file |= Html5Limits.UploadBit;
        var text = Encoding.UTF8.GetBytes(name);
        var offer = new byte[15 + text.Length];
        Start(offer, BrowserMessage.FileOffer, file);
        BinaryPrimitives.WriteUInt64LittleEndian(offer.AsSpan(5), size ?? (ulong)content.Length);
        BinaryPrimitives.WriteUInt16LittleEndian(offer.AsSpan(13), (ushort)text.Length);
        text.CopyTo(offer.AsSpan(15));
        await browser.SendAsync(offer);
        if (!await browser.UntilAsync(b => b.Has(ServerMessage.FileAccepted, file) || b.Has(ServerMessage.FileRefused, file))) throw new TimeoutException($"Nothing was said to the offer of {name}.");
        if (browser.RefusalOf(file) is { } refusal) return refusal;
        for (var sent = 0; sent < content.Length;)
        {
            var chunk = new byte[5 + Math.Min(Html5Limits.LongestChunk, content.Length - sent)];
            Start(chunk, BrowserMessage.FileChunk, file);
            Array.Copy(content, sent, chunk, 5, chunk.Length - 5);
            await browser.SendAsync(chunk);
            sent += chunk.Length - 5;
            var until = sent - Html5Limits.FileWindow + Html5Limits.LongestChunk;
            if (!await browser.UntilAsync(b => b.TakenOf(file) >= until || b.RefusalOf(file) is not null)) throw new TimeoutException($"{name} stopped at {sent}.");
            if (browser.RefusalOf(file) is { } stopped) return stopped;
        }
        await browser.SendAsync(State(BrowserMessage.FileDone, file));
        if (!await browser.UntilAsync(b => b.Has(ServerMessage.FileDone, file) || b.Has(ServerMessage.FileRefused, file))) throw new TimeoutException($"{name} was not stored.");
        return browser.RefusalOf(file);
    }

    /// <summary>The offers that came, oldest first.</summary>
    public static List<(uint File, bool IsDocument, long Size, string Name)> Offers(this DesktopClient browser) =>
        [.. browser.Others.Where(m => m[0] == (byte)ServerMessage.FileOffer).Select(m => (
            BinaryPrimitives.ReadUInt32LittleEndian(m.AsSpan(1)), m[5] == 1, BinaryPrimitives.ReadInt64LittleEndian(m.AsSpan(6)), Encoding.UTF8.GetString(m.AsSpan(16))))];

    /// <summary>Waits for an offer of this name, takes it, and answers its bytes.</summary>
    public static async Task<byte[]> DownloadAsync(this DesktopClient browser, Func<string, bool> name)
    {
        if (!await browser.UntilAsync(b => b.Offers().Any(o => name(o.Name)), TimeSpan.FromSeconds(60)))
            throw new TimeoutException($"No such file was offered, only: {string.Join(", ", browser.Offers())}");
        uint file;
        lock (browser.Screen) file = browser.Offers().Last(o => name(o.Name)).File;
        await browser.SendAsync(State(BrowserMessage.FileAccepted, file));
        var told = 0L;
        while (true)
        {
            if (!await browser.UntilAsync(b => b.LengthOf(file) > told || b.Has(ServerMessage.FileDone, file) || b.Has(ServerMessage.FileRefused, file)))
                throw new TimeoutException($"The download stopped at {told}.");
            lock (browser.Screen)
            {
                if (browser.RefusalOf(file) is { } refusal) throw new InvalidOperationException($"The download was refused with {refusal}.");
                if (browser.Has(ServerMessage.FileDone, file)) return [.. browser.Others.Where(m => IsOf(m, ServerMessage.FileChunk, file)).SelectMany(m => m[5..])];
                told = browser.LengthOf(file);
            }
            var progress = new byte[13];
            Start(progress, BrowserMessage.FileProgress, file);
            BinaryPrimitives.WriteInt64LittleEndian(progress.AsSpan(5), told);
            await browser.SendAsync(progress);
        }
    }

    public static byte[] State(BrowserMessage type, uint file)
    {
        var message = new byte[5];
        Start(message, type, file);
        return message;
    }

    public static bool Has(this DesktopClient browser, ServerMessage type, uint file) => browser.Others.Any(m => IsOf(m, type, file));

    /// <summary>Bytes of a download that came.</summary>
    public static long LengthOf(this DesktopClient browser, uint file) => browser.Others.Where(m => IsOf(m, ServerMessage.FileChunk, file)).Sum(m => m.Length - 5L);

    public static ushort? RefusalOf(this DesktopClient browser, uint file) =>
        browser.Others.LastOrDefault(m => IsOf(m, ServerMessage.FileRefused, file)) is { } m ? BinaryPrimitives.ReadUInt16LittleEndian(m.AsSpan(5)) : null;

    private static long TakenOf(this DesktopClient browser, uint file) =>
        browser.Others.LastOrDefault(m => IsOf(m, ServerMessage.FileProgress, file)) is { } m ? BinaryPrimitives.ReadInt64LittleEndian(m.AsSpan(5)) : 0;

    private static bool IsOf(byte[] message, ServerMessage type, uint file) => message[0] == (byte)type && BinaryPrimitives.ReadUInt32LittleEndian(message.AsSpan(1)) == file;

    private static void Start(byte[] message, BrowserMessage type, uint file)
    {
        message[0] = (byte)type;
        BinaryPrimitives.WriteUInt32LittleEndian(message.AsSpan(1), file);
    }
}
