using System.Collections.Concurrent;
using System.Globalization;
using Montalegre.Vdi.Broker.Hosting;

namespace Montalegre.Vdi.Broker.Certificates.Pkcs11;

/// <summary>The tokens that key files name, and the one in which new keys are made.</summary>
internal sealed class Tokens(Pkcs11Options options, TokenPin pin)
{
    private readonly ConcurrentDictionary<(string Label, string? Serial), Token> _open = new();

    /// <summary>New keys are made in a token.</summary>
    public bool AreSet => options.IsSet;

    /// <exception cref="StartUpException">The module, the token, the key or the PIN is not there or not right; the message says which, and what to do.</exception>
    public IWrappingKey Open(TokenKeyAddress address, string file)
    {
        if (!AreSet) throw new StartUpException($"{file} names a key of the PKCS#11 token {address.Token}, and Certificates:Pkcs11:Module is not set. Set it; or, when no backup from before the rotation is kept any more, remove {file}.");
        return new TokenKey(Of(address.Token, address.Serial), address.Key);
    }

    /// <summary>Makes the key with this number; the same when it was made before and the process died then.</summary>
    public TokenKeyAddress Make(int number)
    {
        var address = AddressOf(number);
        Of(address.Token, address.Serial).Make(address.Key);
        return address;
    }

    /// <summary>What the key with this number is called.</summary>
    public TokenKeyAddress AddressOf(int number) => new(options.TokenLabel!, null, number == 1 ? options.KeyLabel : $"{options.KeyLabel}-{number.ToString(CultureInfo.InvariantCulture)}");

    private Token Of(string label, string? serial) => _open.GetOrAdd((label, serial), at => new(options, pin, at.Label, at.Serial));
}
