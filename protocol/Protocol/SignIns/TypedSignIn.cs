using System.Security.Cryptography;

namespace Montalegre.Vdi.Protocol.SignIns;

/// <summary>What a person typed into an RDP client: domain, user name and password of a Client Info PDU.</summary>
/// <remarks>The password lives in one pinned array that <see cref="Dispose"/> clears, so the collector leaves no copy behind.</remarks>
public sealed class TypedSignIn : IDisposable
{
    private readonly byte[] _password;
    private readonly int _length;

    /// <param name="pinnedUtf8Password">A pinned array that is this object's from now on.</param>
    internal TypedSignIn(string domain, string userName, byte[] pinnedUtf8Password, int length)
    {
        Domain = domain;
        UserName = userName;
        _password = pinnedUtf8Password;
        _length = length;
    }

    /// <summary>The same from another reader than ours; the array must be pinned and is this object's from now on.</summary>
    public static TypedSignIn Own(string domain, string userName, byte[] pinnedUtf8Password, int length) => new(domain, userName, pinnedUtf8Password, length);

    public string Domain { get; }

    public string UserName { get; }

    public ReadOnlySpan<byte> Utf8Password => _password.AsSpan(0, _length);

    public void Dispose() => CryptographicOperations.ZeroMemory(_password);

    public override string ToString() => $"TypedSignIn {{ UserName = {UserName} }}";
}
