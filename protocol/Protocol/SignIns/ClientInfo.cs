using System.Text;
using Montalegre.Vdi.Protocol.Mcs;
using Montalegre.Vdi.Protocol.Tpkt;
using Montalegre.Vdi.Protocol.Wire;

namespace Montalegre.Vdi.Protocol.SignIns;

/// <summary>Client Info PDU, MS-RDPBCGR 2.2.1.11: the last thing a client says before the machine signs somebody in.</summary>
public static class ClientInfo
{
    private const string Pdu = "ClientInfo";
    private const ushort SecurityEncrypt = 0x0008;
    private const ushort SecurityInfoPacket = 0x0040;
    private const int LongestField = 512;

    /// <summary>True when the user data carries SEC_INFO_PKT in its basic security header, 2.2.8.1.1.2.1.</summary>
    public static bool IsClientInfo(ReadOnlySpan<byte> userData) =>
        userData.Length >= 2 && (userData[0] & SecurityInfoPacket) != 0;

    /// <summary>Copies one whole Client Info frame and puts <paramref name="signIn"/> in the place of what the client sent.</summary>
    /// <remarks>
    /// INVARIANT: the machine starts what the ticket says, so the client's own shell and working directory go nowhere.
    /// The whole of TS_EXTENDED_INFO_PACKET stays byte for byte.
    /// </remarks>
    public static void Rewrite(ReadOnlySpan<byte> frame, SignIn signIn, ref WireWriter w)
    {
        var packet = Packet.Read(frame);
        var (flags, unicode) = (packet.Flags, packet.Unicode);
        var extra = packet.Extra;
        var terminator = unicode ? 2 : 1;

        Span<byte> domain = stackalloc byte[LongestField];
        Span<byte> userName = stackalloc byte[LongestField];
        Span<byte> password = stackalloc byte[LongestField];
        Span<byte> shell = stackalloc byte[LongestField];
        Span<char> secret = stackalloc char[SignIn.LongestText];
        try
        {
            domain = Encode(signIn.Domain, unicode, domain, "domain");
            userName = Encode(signIn.UserName, unicode, userName, "userName");
            shell = Encode(signIn.Program, unicode, shell, "alternateShell");
            secret = secret[..Encoding.UTF8.GetChars(signIn.Utf8Secret, secret)];
            password = Encode(secret, unicode, password, "password");

            const int fixedPart = 4 + 4 + 4 + (5 * 2);
            var length = fixedPart + domain.Length + userName.Length + password.Length + shell.Length + (5 * terminator) + extra.Length;
            var start = w.Written;
            var tpktLength = TpktFrame.Begin(ref w);
            SendDataRequest.WriteHeader(ref w, packet.Initiator, packet.ChannelId, length);
            w.WriteUInt16(packet.Security);
            w.WriteUInt16(packet.SecurityHigh);
            w.WriteUInt32(packet.CodePage);
            var notOurs = InfoFlags.PasswordIsSmartCardPin | (signIn.Program.Length > 0 ? InfoFlags.RemoteApplication | InfoFlags.RemoteApplicationHiDef : 0);
            w.WriteUInt32((uint)((flags | InfoFlags.AutoLogon) & ~notOurs));
            w.WriteUInt16((ushort)domain.Length);
            w.WriteUInt16((ushort)userName.Length);
            w.WriteUInt16((ushort)password.Length);
            w.WriteUInt16((ushort)shell.Length);
            w.WriteUInt16(0);               // working directory
            WriteTerminated(ref w, domain, terminator);
            WriteTerminated(ref w, userName, terminator);
            WriteTerminated(ref w, password, terminator);
            WriteTerminated(ref w, shell, terminator);
            WriteTerminated(ref w, [], terminator);
            w.WriteBytes(extra);
            TpktFrame.End(tpktLength, w.Written - start);
        }
        finally
        {
            password.Clear();
            secret.Clear();
        }
    }

    /// <summary>Reads what the person typed. A domain or name that cannot be shown is refused, because both reach a log.</summary>
    public static TypedSignIn ReadTyped(ReadOnlySpan<byte> frame)
    {
        var packet = Packet.Read(frame);
        var domain = Decode(packet.Domain, packet.Unicode, "domain");
        var userName = Decode(packet.UserName, packet.Unicode, "userName");
        Span<char> password = stackalloc char[LongestField];
        try
        {
            // An ANSI client names a code page of its own; Latin-1 is what Western ones have in common.
            password = packet.Unicode
                ? password[..Encoding.Unicode.GetChars(packet.Password, password)]
                : password[..Encoding.Latin1.GetChars(packet.Password, password)];
            var utf8 = GC.AllocateUninitializedArray<byte>(Encoding.UTF8.GetMaxByteCount(password.Length), pinned: true);
            return new TypedSignIn(domain, userName, utf8, Encoding.UTF8.GetBytes(password, utf8));
        }
        finally
        {
            password.Clear();
        }
    }

    private static string Decode(ReadOnlySpan<byte> text, bool unicode, string field)
    {
        var decoded = unicode ? Encoding.Unicode.GetString(text) : Encoding.Latin1.GetString(text);
        if (decoded.AsSpan().ContainsAnyInRange('\0', '\u001F')) WireFormatException.Throw(Pdu, field, "has control characters");
        return decoded;
    }

    private static int ReadCount(ref WireReader r, bool unicode, string field)
    {
        var count = r.ReadUInt16(field);
        if (count > LongestField) WireFormatException.Throw(Pdu, field, $"{count} bytes is over {LongestField}");
        if (unicode && count % 2 != 0) WireFormatException.Throw(Pdu, field, $"{count} bytes is not whole UTF-16");
        return count;
    }

    private static Span<byte> Encode(ReadOnlySpan<char> text, bool unicode, Span<byte> buffer, string field)
    {
        if (unicode) return buffer[..Encoding.Unicode.GetBytes(text, buffer)];
        // An ANSI client names a code page of its own; only what is the same in all of them can be sent safely.
        if (!Ascii.IsValid(text)) WireFormatException.Throw(Pdu, field, "is not ASCII and the client is not Unicode");
        return buffer[..Encoding.ASCII.GetBytes(text, buffer)];
    }

    private static void WriteTerminated(ref WireWriter w, scoped ReadOnlySpan<byte> text, int terminator)
    {
        w.WriteBytes(text);
        w.Take(terminator).Clear();
    }

    /// <summary>TS_INFO_PACKET as it lies in its frame, without the shell and directory that the client names.</summary>
    private readonly ref struct Packet
    {
        public ushort Initiator { get; private init; }
        public ushort ChannelId { get; private init; }
        public ushort Security { get; private init; }
        public ushort SecurityHigh { get; private init; }
        public uint CodePage { get; private init; }
        public InfoFlags Flags { get; private init; }
        public ReadOnlySpan<byte> Domain { get; private init; }
        public ReadOnlySpan<byte> UserName { get; private init; }
        public ReadOnlySpan<byte> Password { get; private init; }
        public ReadOnlySpan<byte> Extra { get; private init; }

        public bool Unicode => (Flags & InfoFlags.Unicode) != 0;

        public static Packet Read(ReadOnlySpan<byte> frame)
        {
            var request = SendDataRequest.Read(frame);
            var r = new WireReader(request.UserData, Pdu);
            var security = r.ReadUInt16("securityFlags");
            if ((security & SecurityInfoPacket) == 0) WireFormatException.Throw(Pdu, "securityFlags", "SEC_INFO_PKT is not set");
            if ((security & SecurityEncrypt) != 0) WireFormatException.Throw(Pdu, "securityFlags", "is encrypted by Standard RDP Security inside TLS");
            var securityHigh = r.ReadUInt16("securityFlagsHigh");
            var codePage = r.ReadUInt32("codePage");
            var flags = (InfoFlags)r.ReadUInt32("flags");
            var unicode = (flags & InfoFlags.Unicode) != 0;
            var terminator = unicode ? 2 : 1;
            var domain = ReadCount(ref r, unicode, "cbDomain");
            var userName = ReadCount(ref r, unicode, "cbUserName");
            var password = ReadCount(ref r, unicode, "cbPassword");
            var shell = ReadCount(ref r, unicode, "cbAlternateShell");
            var directory = ReadCount(ref r, unicode, "cbWorkingDir");
            var domainText = r.ReadBytes(domain + terminator, "domain")[..domain];
            var userText = r.ReadBytes(userName + terminator, "userName")[..userName];
            var passwordText = r.ReadBytes(password + terminator, "password")[..password];
            r.ReadBytes(shell + terminator, "alternateShell");
            r.ReadBytes(directory + terminator, "workingDir");
            return new Packet
            {
                Initiator = request.Initiator,
                ChannelId = request.ChannelId,
                Security = security,
                SecurityHigh = securityHigh,
                CodePage = codePage,
                Flags = flags,
                Domain = domainText,
                UserName = userText,
                Password = passwordText,
                Extra = r.Rest,
            };
        }
    }
}
