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
    /// <remarks>Shell, working directory and the whole of TS_EXTENDED_INFO_PACKET stay byte for byte.</remarks>
    public static void Rewrite(ReadOnlySpan<byte> frame, SignIn signIn, ref WireWriter w)
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
        var domainLength = ReadCount(ref r, unicode, "cbDomain");
        var userNameLength = ReadCount(ref r, unicode, "cbUserName");
        var passwordLength = ReadCount(ref r, unicode, "cbPassword");
        var shellLength = ReadCount(ref r, unicode, "cbAlternateShell");
        var directoryLength = ReadCount(ref r, unicode, "cbWorkingDir");
        r.ReadBytes(domainLength + terminator, "domain");
        r.ReadBytes(userNameLength + terminator, "userName");
        r.ReadBytes(passwordLength + terminator, "password");
        var shell = r.ReadBytes(shellLength + terminator, "alternateShell");
        var directory = r.ReadBytes(directoryLength + terminator, "workingDir");
        var extra = r.Rest;

        Span<byte> domain = stackalloc byte[LongestField];
        Span<byte> userName = stackalloc byte[LongestField];
        Span<byte> password = stackalloc byte[LongestField];
        Span<char> secret = stackalloc char[SignIn.LongestText];
        try
        {
            domain = Encode(signIn.Domain, unicode, domain, "domain");
            userName = Encode(signIn.UserName, unicode, userName, "userName");
            secret = secret[..Encoding.UTF8.GetChars(signIn.Utf8Secret, secret)];
            password = Encode(secret, unicode, password, "password");

            const int fixedPart = 4 + 4 + 4 + (5 * 2);
            var length = fixedPart + domain.Length + userName.Length + password.Length + (3 * terminator)
                + shell.Length + directory.Length + extra.Length;
            var start = w.Written;
            var tpktLength = TpktFrame.Begin(ref w);
            SendDataRequest.WriteHeader(ref w, request.Initiator, request.ChannelId, length);
            w.WriteUInt16(security);
            w.WriteUInt16(securityHigh);
            w.WriteUInt32(codePage);
            w.WriteUInt32((uint)((flags | InfoFlags.AutoLogon) & ~InfoFlags.PasswordIsSmartCardPin));
            w.WriteUInt16((ushort)domain.Length);
            w.WriteUInt16((ushort)userName.Length);
            w.WriteUInt16((ushort)password.Length);
            w.WriteUInt16((ushort)shellLength);
            w.WriteUInt16((ushort)directoryLength);
            WriteTerminated(ref w, domain, terminator);
            WriteTerminated(ref w, userName, terminator);
            WriteTerminated(ref w, password, terminator);
            w.WriteBytes(shell);
            w.WriteBytes(directory);
            w.WriteBytes(extra);
            TpktFrame.End(tpktLength, w.Written - start);
        }
        finally
        {
            password.Clear();
            secret.Clear();
        }
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
}
