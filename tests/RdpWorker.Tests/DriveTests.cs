using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using Microsoft.Win32.SafeHandles;
using Montalegre.Vdi.Protocol.Devices;
using Montalegre.Vdi.Protocol.Html5;
using Montalegre.Vdi.RdpWorker.Channels.Drive;

namespace Montalegre.Vdi.RdpWorker.Tests;

/// <summary>The drive as a machine and a browser meet in it: requests as MS-RDPEFS has them, messages as the document has them.</summary>
public sealed class DriveTests : IDisposable
{
    private const uint Create = 0, Close = 2, Read = 3, Write = 4, Query = 5, Set = 6, Volume = 10, Directory = 12;
    private const uint OpenExisting = 1, CreateNew = 2, OpenOrCreate = 3, OverwriteOrCreate = 5;
    private const uint Folder = 1;
    private const uint Up = Html5Limits.UploadBit;
    private readonly SafeFileHandle _scratch = File.OpenHandle(Path.GetTempFileName(), FileMode.Open, FileAccess.ReadWrite, FileShare.None, FileOptions.DeleteOnClose);
    private readonly List<byte[]> _toBrowser = [];
    private readonly PortalDrive _drive;

    public DriveTests()
    {
        _drive = new(_scratch, new DriveLimits(4, 2), Allowed.Upload | Allowed.Download, DriveWords.For("pt-PT"), m => _toBrowser.Add(m.ToArray()), TimeProvider.System);
        _drive.Taken();
    }

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void File_written_into_the_folder_for_it_is_offered_sent_within_the_window_and_then_gone()
    {
        var content = Bytes((1024 * 1024) + (512 * 1024));
        var file = Open("\\Transferir\\relatório.pdf", OverwriteOrCreate);
        WriteAll(file, content);
        Assert.Empty(_toBrowser);
        Ask(Close, file, new byte[32]);
        var offer = Assert.Single(_toBrowser);
        Assert.Equal("relatório.pdf", Encoding.UTF8.GetString(offer.AsSpan(16)));
        var id = BinaryPrimitives.ReadUInt32LittleEndian(offer.AsSpan(1));
        Assert.Equal(content.Length, BinaryPrimitives.ReadInt64LittleEndian(offer.AsSpan(6)));

        _drive.Take(new BrowserInput.FileAccepted(id));
        Assert.Equal(Html5Limits.FileWindow, Chunks(id).Length);
        _drive.Take(new BrowserInput.FileProgress(id, Html5Limits.FileWindow));
        Assert.Equal(content, Chunks(id));
        Assert.DoesNotContain(_toBrowser, m => m[0] == (byte)ServerMessage.FileDone);
        _drive.Take(new BrowserInput.FileProgress(id, (ulong)content.Length));
        Assert.Equal((byte)ServerMessage.FileDone, _toBrowser[^1][0]);
        Assert.Equal(NtStatus.NoSuchFile, TryOpen("\\Transferir\\relatório.pdf", OpenExisting).Status);
    }

    [Fact]
    public void File_that_is_written_beside_and_renamed_is_offered_under_its_last_name_only()
    {
        var file = Open("\\Transferir\\.carta.odt.part", CreateNew);
        WriteAll(file, [1, 2, 3]);
        Ask(Close, file, new byte[32]);
        Assert.Empty(_toBrowser);
        file = Open("\\Transferir\\.carta.odt.part", OpenExisting);
        Assert.Equal(NtStatus.Success, Rename(file, "\\Transferir\\carta.odt"));
        Ask(Close, file, new byte[32]);
        Assert.Equal("carta.odt", Encoding.UTF8.GetString(Assert.Single(_toBrowser).AsSpan(16)));
    }

    [Fact]
    public void File_that_changes_while_the_browser_takes_it_begins_anew()
    {
        var file = Open("\\Transferir\\a", CreateNew);
        WriteAll(file, Bytes(2 * 1024 * 1024));
        Ask(Close, file, new byte[32]);
        var first = BinaryPrimitives.ReadUInt32LittleEndian(_toBrowser[0].AsSpan(1));
        _drive.Take(new BrowserInput.FileAccepted(first));
        file = Open("/Transferir/a", OpenExisting);
        WriteAll(file, [9]);
        Assert.Equal((byte)ServerMessage.FileRefused, _toBrowser[^1][0]);
        Ask(Close, file, new byte[32]);
        Assert.Equal((byte)ServerMessage.FileOffer, _toBrowser[^1][0]);
        Assert.NotEqual(first, BinaryPrimitives.ReadUInt32LittleEndian(_toBrowser[^1].AsSpan(1)));
    }

    [Fact]
    public void Uploaded_file_is_seen_when_it_is_whole_and_never_takes_anothers_name()
    {
        var content = Bytes(300_000);
        for (var round = 0u; round < 2; round++)
        {
            _drive.Take(new BrowserInput.FileOffer(Up + round, (ulong)content.Length, "../../a:b\u202Efdp.exe"));
            Assert.Equal((byte)ServerMessage.FileAccepted, _toBrowser[^1][0]);
            for (var at = 0; at < content.Length; at += 65536) _drive.Take(new BrowserInput.FileChunk(Up + round, content[at..Math.Min(content.Length, at + 65536)]));
            Assert.Equal(round == 0 ? ["Transferir"] : ["Transferir", ".._.._a_bfdp.exe"], List("\\*"));
            _drive.Take(new BrowserInput.FileDone(Up + round));
            Assert.Equal((byte)ServerMessage.FileDone, _toBrowser[^1][0]);
        }
        Assert.Equal(["Transferir", ".._.._a_bfdp.exe", ".._.._a_bfdp (2).exe"], List("\\*"));
        Assert.Equal(content, ReadAll(Open("\\.._.._A_BFDP (2).exe", OpenExisting), content.Length));
    }

    [Theory]
    [InlineData(3 * 1024 * 1024, FileRefusal_FileTooLarge)]
    [InlineData(2 * 1024 * 1024, FileRefusal_DriveFull)]
    public void Upload_that_does_not_fit_is_refused_with_its_reason(int size, int reason)
    {
        _drive.Take(new BrowserInput.FileOffer(Up, 2 * 1024 * 1024, "um"));
        _drive.Take(new BrowserInput.FileOffer(Up + 1, 1024 * 1024, "dois"));
        _drive.Take(new BrowserInput.FileOffer(Up + 2, (ulong)size, "três"));
        Assert.Equal((byte)ServerMessage.FileRefused, _toBrowser[^1][0]);
        Assert.Equal(reason, BinaryPrimitives.ReadUInt16LittleEndian(_toBrowser[^1].AsSpan(5)));
        // What was cancelled leaves its room.
        _drive.Take(new BrowserInput.FileCancel(Up));
        _drive.Take(new BrowserInput.FileOffer(Up + 3, 2 * 1024 * 1024, "quatro"));
        Assert.Equal((byte)ServerMessage.FileAccepted, _toBrowser[^1][0]);
    }

    [Fact]
    public void Upload_that_is_longer_or_shorter_than_was_said_is_not_stored()
    {
        _drive.Take(new BrowserInput.FileOffer(Up, 3, "um"));
        _drive.Take(new BrowserInput.FileChunk(Up, [1, 2, 3, 4]));
        Assert.Equal((byte)ServerMessage.FileRefused, _toBrowser[^1][0]);
        _drive.Take(new BrowserInput.FileOffer(Up + 1, 3, "um"));
        _drive.Take(new BrowserInput.FileChunk(Up + 1, [1, 2]));
        _drive.Take(new BrowserInput.FileDone(Up + 1));
        Assert.Equal((byte)ServerMessage.FileRefused, _toBrowser[^1][0]);
        Assert.Equal(["Transferir"], List("\\*"));
    }

    [Fact]
    public void Nine_at_once_are_one_too_many_each_way()
    {
        for (var i = 0u; i < 8; i++) _drive.Take(new BrowserInput.FileOffer(Up + i, 1, $"f{i}"));
        Assert.All(_toBrowser, m => Assert.Equal((byte)ServerMessage.FileAccepted, m[0]));
        _drive.Take(new BrowserInput.FileOffer(Up + 8, 1, "f8"));
        Assert.Equal((byte)ServerMessage.FileRefused, _toBrowser[^1][0]);
        _toBrowser.Clear();
        for (var i = 0; i < 9; i++)
        {
            var file = Open($"\\Transferir\\{i}", CreateNew);
            WriteAll(file, [1]);
            Ask(Close, file, new byte[32]);
        }
        Assert.Equal(8, _toBrowser.Count);
        _drive.Take(new BrowserInput.FileCancel(BinaryPrimitives.ReadUInt32LittleEndian(_toBrowser[0].AsSpan(1))));
        Assert.Equal(9, _toBrowser.Count);
    }

    [Fact]
    public void Browser_that_comes_back_is_offered_again_what_it_had_not_whole()
    {
        var file = Open("\\Transferir\\a", CreateNew);
        WriteAll(file, Bytes(2 * 1024 * 1024));
        Ask(Close, file, new byte[32]);
        _drive.Take(new BrowserInput.FileAccepted(BinaryPrimitives.ReadUInt32LittleEndian(_toBrowser[0].AsSpan(1))));
        _drive.Detach();
        _toBrowser.Clear();
        file = Open("\\Transferir\\b", CreateNew);
        WriteAll(file, [1]);
        Ask(Close, file, new byte[32]);
        Assert.Empty(_toBrowser);
        _drive.Attach();
        Assert.Equal(["a", "b"], _toBrowser.Select(m => Encoding.UTF8.GetString(m.AsSpan(16))));
    }

    [Fact]
    public void Full_drive_says_so_and_has_room_again_after_a_deletion()
    {
        var file = Open("\\grande", CreateNew);
        for (var i = 0; i < 4; i++) Assert.Equal(NtStatus.Success, Ask(Write, file, WriteBody(i * 1024 * 1024, Bytes(1024 * 1024))).Status);
        Assert.Equal(NtStatus.DiskFull, Ask(Write, file, WriteBody(4 * 1024 * 1024, [1])).Status);
        Assert.Equal(0, BinaryPrimitives.ReadInt64LittleEndian(Ask(Volume, 0, Class(3)).Body.AsSpan(4 + 8)));
        Assert.Equal(NtStatus.Success, Ask(Set, file, [.. Class(13), .. new byte[24], 1]).Status);
        Ask(Close, file, new byte[32]);
        Assert.Equal(64, BinaryPrimitives.ReadInt64LittleEndian(Ask(Volume, 0, Class(3)).Body.AsSpan(4 + 8)));
        // Nothing of the old file shines through a new one.
        file = Open("\\novo", CreateNew);
        Assert.Equal(NtStatus.Success, Ask(Set, file, [.. Class(20), .. new byte[24], .. BitConverter.GetBytes(100_000L)]).Status);
        WriteAll(file, [1]);
        Assert.Equal(100_000, ReadAll(file, 200_000).Length);
        Assert.All(ReadAll(file, 100_000).Skip(1), b => Assert.Equal(0, b));
    }

    [Theory]
    [InlineData("\\..\\etc\\passwd", NtStatus.ObjectNameInvalid)]
    [InlineData("\\a.pdf:Zone.Identifier", NtStatus.ObjectNameInvalid)]
    [InlineData("\\nada\\nada", NtStatus.NoSuchFile)]
    [InlineData("\\nada", NtStatus.NoSuchFile)]
    public void Path_leads_nowhere_else(string path, NtStatus status) => Assert.Equal(status, TryOpen(path, OpenExisting).Status);

    [Fact]
    public void Drives_own_folder_stays()
    {
        var folder = Open("\\Transferir", OpenExisting, Folder);
        Assert.Equal(NtStatus.CannotDelete, Ask(Set, folder, [.. Class(13), .. new byte[24], 1]).Status);
        Assert.Equal(NtStatus.AccessDenied, Rename(folder, "\\outra"));
        Assert.Equal(NtStatus.CannotDelete, TryOpen("\\Transferir", OpenExisting, 0x1000).Status);
    }

    [Fact]
    public void Folder_cannot_be_moved_into_itself_and_one_with_files_cannot_be_deleted()
    {
        var folder = Open("\\pasta", CreateNew, Folder);
        Open("\\pasta\\ficheiro", CreateNew);
        Assert.Equal(NtStatus.InvalidParameter, Rename(folder, "\\pasta\\dentro"));
        Assert.Equal(NtStatus.DirectoryNotEmpty, Ask(Set, folder, [.. Class(13), .. new byte[24], 1]).Status);
        Assert.Equal(["ficheiro"], List("\\pasta\\*"));
        Assert.Equal(["pasta"], List("\\p*"));
    }

    [Fact]
    public void Requests_that_are_cut_off_are_refused_and_harm_nothing()
    {
        var body = CreateBody("\\x", CreateNew, 0);
        for (var length = 0; length < body.Length; length++) Assert.Equal(NtStatus.InvalidParameter, Ask(Create, 0, body[..length]).Status);
        Assert.Equal(NtStatus.InvalidHandle, Ask(Query, 77, Class(4)).Status);
        Assert.Equal(["Transferir"], List("\\*"));
    }

    private const int FileRefusal_FileTooLarge = 121, FileRefusal_DriveFull = 122;

    private static byte[] Bytes(int length)
    {
        var bytes = new byte[length];
        new Random(length).NextBytes(bytes);
        return bytes;
    }

    private (NtStatus Status, byte[] Body) Ask(uint major, uint file, byte[] body, uint minor = 0)
    {
        var answer = new ArrayBufferWriter<byte>();
        var status = _drive.Answer(major, minor, file, body, answer.Write);
        return (status, answer.WrittenSpan.ToArray());
    }

    private (NtStatus Status, byte[] Body) TryOpen(string path, uint disposition, uint options = 0) => Ask(Create, 0, CreateBody(path, disposition, options));

    private uint Open(string path, uint disposition, uint options = 0)
    {
        var (status, body) = TryOpen(path, disposition, options);
        Assert.Equal(NtStatus.Success, status);
        return BinaryPrimitives.ReadUInt32LittleEndian(body);
    }

    private void WriteAll(uint file, byte[] content)
    {
        for (var at = 0; at < content.Length; at += 65536)
            Assert.Equal(NtStatus.Success, Ask(Write, file, WriteBody(at, content[at..Math.Min(content.Length, at + 65536)])).Status);
    }

    private byte[] ReadAll(uint file, int most)
    {
        var (status, body) = Ask(Read, file, [.. BitConverter.GetBytes(most), .. new byte[8 + 20]]);
        Assert.Equal(NtStatus.Success, status);
        return body[4..];
    }

    private NtStatus Rename(uint file, string path)
    {
        var name = Encoding.Unicode.GetBytes(path + '\0');
        return Ask(Set, file, [.. Class(10), .. new byte[24], 0, 0, .. BitConverter.GetBytes(name.Length), .. name]).Status;
    }

    private List<string> List(string pattern)
    {
        var folder = Open(pattern[..pattern.LastIndexOf('\\')], OpenOrCreate, Folder);
        var names = new List<string>();
        var path = Encoding.Unicode.GetBytes(pattern + '\0');
        var (status, body) = Ask(Directory, folder, [3, 0, 0, 0, 1, .. BitConverter.GetBytes(path.Length), .. new byte[23], .. path], minor: 1);
        while (status == NtStatus.Success)
        {
            names.Add(Encoding.Unicode.GetString(body.AsSpan(4 + 93)));
            (status, body) = Ask(Directory, folder, [3, 0, 0, 0, 0, 0, 0, 0, 0, .. new byte[23]], minor: 1);
        }
        Ask(Close, folder, new byte[32]);
        return names;
    }

    /// <summary>Class and an empty length, as queries and changes begin.</summary>
    private static byte[] Class(uint number) => [.. BitConverter.GetBytes(number), 1, 0, 0, 0];

    private static byte[] CreateBody(string path, uint disposition, uint options)
    {
        var name = Encoding.Unicode.GetBytes(path + '\0');
        return [.. new byte[20], .. BitConverter.GetBytes(disposition), .. BitConverter.GetBytes(options), .. BitConverter.GetBytes(name.Length), .. name];
    }

    private static byte[] WriteBody(long offset, byte[] data) => [.. BitConverter.GetBytes(data.Length), .. BitConverter.GetBytes(offset), .. new byte[20], .. data];

    private byte[] Chunks(uint file) =>
        [.. _toBrowser.Where(m => m[0] == (byte)ServerMessage.FileChunk && BinaryPrimitives.ReadUInt32LittleEndian(m.AsSpan(1)) == file).SelectMany(m => m[5..])];
}
