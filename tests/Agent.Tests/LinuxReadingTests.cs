using Montalegre.Vdi.Agent.Hosting;
using Montalegre.Vdi.Agent.Joining;
using Montalegre.Vdi.Agent.Linux;
using Montalegre.Vdi.Agent.Registration;

namespace Montalegre.Vdi.Agent.Tests;

public sealed class LinuxReadingTests
{
    private static readonly byte[] OemStructure =
    [
        0x0B, 0x05,                   // type 11, formatted length 5
        0x00, 0x0B,                   // handle
        0x02,                         // two strings
        (byte)'a', (byte)'b', 0x00,
        (byte)'c', 0x00,
        0x00,
    ];

    [Fact]
    public void Oem_strings_are_read_and_no_truncation_reads_past_the_end()
    {
        Assert.Equal(["ab", "c"], SmbiosStrings.ReadOemStrings(OemStructure));
        for (var length = 0; length < OemStructure.Length - 1; length++) Assert.True(SmbiosStrings.ReadOemStrings(OemStructure.AsSpan(0, length)).Count < 2);
        Assert.Empty(SmbiosStrings.ReadOemStrings([1, .. OemStructure[1..]]));
        Assert.Empty(SmbiosStrings.ReadOemStrings([11, 250, .. OemStructure[2..]]));
    }

    [Fact]
    public void Whole_table_gives_the_uuid_and_the_oem_strings_and_every_truncation_is_survived()
    {
        byte[] system = [1, 27, 0, 1, 1, 2, 0, 0, 0x33, 0x22, 0x11, 0x00, 0x55, 0x44, 0x77, 0x66, 0x88, 0x99, 0xAA, 0xBB, 0xCC, 0xDD, 0xEE, 0xFF, 6, 0, 0, (byte)'q', 0, 0];
        byte[] bare = [32, 4, 0, 9, 0, 0];
        byte[] table = [.. system, .. bare, .. OemStructure, 127, 4, 0, 10, 0, 0];
        Assert.Equal("00112233-4455-6677-8899-aabbccddeeff", SmbiosStrings.SystemUuid(table));
        Assert.Equal(["ab", "c"], SmbiosStrings.AllOemStrings(table));
        for (var length = 0; length < table.Length; length++)
        {
            Assert.True(SmbiosStrings.AllOemStrings(table.AsSpan(0, length)).Count <= 2);
            Assert.True(SmbiosStrings.SystemUuid(table.AsSpan(0, length)).Length is 0 or 36);
        }
    }

    [Fact]
    public void Display_is_connected_only_while_the_kernel_lists_an_accepted_end()
    {
        const string Listening = "0000000024b78c69: 00000002 00000000 00010000 0001 01 76495 /run/xrdp/sockdir/xrdp_display_10\n";
        const string Accepted = "00000000ca3202cb: 00000003 00000000 00000000 0001 03 76504 /run/xrdp/sockdir/xrdp_display_10\n";
        Assert.Empty(XrdpSession.ConnectedDisplays("/run/xrdp/sockdir", "Num RefCount Protocol Flags Type St Inode Path\n" + Listening));
        Assert.Equal([10], XrdpSession.ConnectedDisplays("/run/xrdp/sockdir", Listening + Accepted));
    }

    [Theory]
    [InlineData("ana", true)]
    [InlineData("_svc.x-1", true)]
    [InlineData("", false)]
    [InlineData("-f", false)]
    [InlineData("Ana", false)]
    [InlineData("ana\n", false)]
    [InlineData("ana:x", false)]
    [InlineData("../x", false)]
    [InlineData("a23456789012345678901234567890123", false)]
    public void Only_plain_user_names_get_an_account(string name, bool allowed) => Assert.Equal(allowed, LocalAccount.UserName().IsMatch(name));

    [Fact]
    public void Cookie_of_the_right_display_is_found_and_a_damaged_file_gives_none()
    {
        byte[] file =
        [
            1, 0, 0, 1, (byte)'h', 0, 2, (byte)'1', (byte)'1', 0, 18, .. "MIT-MAGIC-COOKIE-1"u8, 0, 1, 0x11,
            1, 0, 0, 1, (byte)'h', 0, 2, (byte)'1', (byte)'0', 0, 18, .. "MIT-MAGIC-COOKIE-1"u8, 0, 2, 0x22, 0x23,
        ];
        Assert.Equal([0x22, 0x23], XAuthority.Cookie(file, 10));
        Assert.Null(XAuthority.Cookie(file, 12));
        for (var length = 0; length < file.Length; length++) Assert.Null(XAuthority.Cookie(file.AsSpan(0, length), 10));
    }

    [Fact]
    public void Wait_doubles_to_its_limit_and_never_repeats_in_step()
    {
        var backOff = new BackOff(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(30), new Random(1));
        double[] most = [1, 2, 4, 8, 16, 30, 30, 30];
        foreach (var limit in most) Assert.InRange(backOff.Next().TotalSeconds, limit / 2, limit);
        backOff.Reset();
        Assert.InRange(backOff.Next().TotalSeconds, 0.5, 1);
    }

    [Fact]
    public void Setting_that_cannot_be_read_is_named_with_its_line()
    {
        var problems = new List<string>();
        var options = AgentOptions.Parse(["# ours", "RdpPort = 3390", "Colour = blue", "RdpPort = many"], "agent.conf", problems);
        Assert.Equal(3390, options.RdpPort);
        Assert.Equal(2, problems.Count);
        Assert.StartsWith("agent.conf:3: Colour", problems[0], StringComparison.Ordinal);
    }

    [Fact]
    public void Process_table_knows_this_process_and_its_family()
    {
        var self = ProcTable.Read(Environment.ProcessId);
        Assert.NotNull(self);
        Assert.True(ProcTable.IsAlive(self.Value));
        Assert.False(ProcTable.IsAlive(self.Value with { Started = self.Value.Started - 1 }));
        Assert.Contains(self.Value, ProcTable.Family(ProcTable.ReadAll(), self.Value));
    }
}
