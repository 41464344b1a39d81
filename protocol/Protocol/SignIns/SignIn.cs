using System.Security.Cryptography;

namespace Montalegre.Vdi.Protocol.SignIns;

/// <summary>What the gateway puts into the Client Info PDU in place of what the client typed.</summary>
/// <remarks>The secret lives in one pinned array that <see cref="Dispose"/> clears, so the collector leaves no copy behind.</remarks>
public sealed class SignIn : IDisposable
{
    /// <summary>The specification gives domain, user name and password 512 bytes each, terminator included.</summary>
    public const int LongestText = 255;

    private readonly byte[] _secret;

    public SignIn(string domain, string userName, ReadOnlySpan<byte> utf8Secret)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(domain.Length, LongestText, nameof(domain));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(userName.Length, LongestText, nameof(userName));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(utf8Secret.Length, LongestText, nameof(utf8Secret));
        Domain = domain;
        UserName = userName;
        _secret = GC.AllocateUninitializedArray<byte>(utf8Secret.Length, pinned: true);
        utf8Secret.CopyTo(_secret);
    }

    public string Domain { get; }

    public string UserName { get; }

    /// <summary>What the machine starts in place of the whole desktop; empty: the desktop. Whatever program the client names is not looked at.</summary>
    public string Program { get; init => field = value.Length <= LongestText ? value : throw new ArgumentOutOfRangeException(nameof(value), value.Length, "is too long for a Client Info"); } = "";

    public ReadOnlySpan<byte> Utf8Secret => _secret;

    public void Dispose() => CryptographicOperations.ZeroMemory(_secret);

    public override string ToString() => $"SignIn {{ UserName = {UserName} }}";
}
