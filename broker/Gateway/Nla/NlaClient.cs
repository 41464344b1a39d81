using System.Buffers;
using System.Net;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Text;
using Montalegre.Vdi.Protocol.Nla;
using Montalegre.Vdi.Protocol.SignIns;
using Montalegre.Vdi.Protocol.Wire;

namespace Montalegre.Vdi.Gateway.Nla;

/// <summary>Signs in at a machine before its RDP session begins: CredSSP versions 2 to 6 with NTLMv2, MS-CSSP 3.1.5, over the machine's TLS stream.</summary>
internal static class NlaClient
{
    private const int OurVersion = 6;
    private const int OldestVersion = 2;

    // The platform's own NTLM would be a library of the distribution; .NET brings one that is managed code.
    static NlaClient() => AppContext.SetSwitch("System.Net.Security.UseManagedNtlm", true);

    /// <summary>Throws <see cref="InvalidCredentialException"/> when the machine does not take the sign-in, and what the stream throws.</summary>
    /// <param name="publicKey">SubjectPublicKey of the certificate this stream was authenticated with.</param>
    /// <param name="extended">HYBRID_EX: the machine says at the end whether this person may come in.</param>
    public static async Task SignInAsync(Stream machine, SignIn signIn, byte[] publicKey, bool extended, CancellationToken ct)
    {
        using var ntlm = new NegotiateAuthentication(new NegotiateAuthenticationClientOptions
        {
            Package = "NTLM",
            Credential = new NetworkCredential(signIn.UserName, Encoding.UTF8.GetString(signIn.Utf8Secret), signIn.Domain),
            TargetName = "TERMSRV/desktop",
            RequiredProtectionLevel = ProtectionLevel.EncryptAndSign,
        });
        await SendAsync(machine, new TsRequest { Version = OurVersion, NegoToken = Advance(ntlm, []) }, ct);
        var challenge = await ReceiveAsync(machine, ct);
        var version = Math.Min(OurVersion, challenge.Version);
        if (version < OldestVersion) WireFormatException.Throw("TSRequest", "version", $"{challenge.Version} is older than {OldestVersion}");
        if (challenge.NegoToken is not { } token) { WireFormatException.Throw("TSRequest", "negoTokens", "is missing"); return; }

        var authenticate = Advance(ntlm, token);
        if (!ntlm.IsAuthenticated) throw new InvalidCredentialException("The machine asked for more than NTLM needs.");
        var nonce = RandomNumberGenerator.GetBytes(PublicKeyBinding.NonceLength);
        await SendAsync(machine, new TsRequest
        {
            Version = OurVersion,
            NegoToken = authenticate,
            PubKeyAuth = Seal(ntlm, PublicKeyBinding.FromClient(version, nonce, publicKey)),
            ClientNonce = version >= PublicKeyBinding.FirstVersionWithHash ? nonce : null,
        }, ct);

        var proof = await ReceiveAsync(machine, ct);
        // INVARIANT: the password leaves only after the machine has proved that it holds the key of this TLS leg.
        if (proof.PubKeyAuth is not { } sealedKey || !CryptographicOperations.FixedTimeEquals(Unseal(ntlm, sealedKey), PublicKeyBinding.FromServer(version, nonce, publicKey)))
            throw new InvalidCredentialException("The machine did not prove the key of its certificate.");

        var credentials = TsCredentials.Write(signIn);
        try { await SendAsync(machine, new TsRequest { Version = OurVersion, AuthInfo = Seal(ntlm, credentials) }, ct); }
        finally { CryptographicOperations.ZeroMemory(credentials); }
        if (extended) await ReadResultAsync(machine, ct);
    }

    /// <summary>Early User Authorization Result PDU, MS-RDPBCGR 2.2.10.2.</summary>
    private static async Task ReadResultAsync(Stream machine, CancellationToken ct)
    {
        var result = new byte[4];
        await machine.ReadExactlyAsync(result, ct);
        if (result.AsSpan().ContainsAnyExcept((byte)0)) throw new InvalidCredentialException($"The machine lets this person not in: {BitConverter.ToUInt32(result)}.");
    }

    private static byte[] Advance(NegotiateAuthentication ntlm, byte[] token)
    {
        var next = ntlm.GetOutgoingBlob(token, out var status);
        return status is NegotiateAuthenticationStatusCode.Completed or NegotiateAuthenticationStatusCode.ContinueNeeded && next is not null
            ? next
            : throw new InvalidCredentialException($"NTLM ended with {status}.");
    }

    private static byte[] Seal(NegotiateAuthentication ntlm, byte[] plain)
    {
        var output = new ArrayBufferWriter<byte>();
        var status = ntlm.Wrap(plain, output, requestEncryption: true, out var isEncrypted);
        return status == NegotiateAuthenticationStatusCode.Completed && isEncrypted
            ? output.WrittenSpan.ToArray()
            : throw new InvalidCredentialException($"NTLM could not seal: {status}.");
    }

    private static byte[] Unseal(NegotiateAuthentication ntlm, byte[] received)
    {
        var output = new ArrayBufferWriter<byte>();
        var status = ntlm.Unwrap(received, output, out _);
        return status == NegotiateAuthenticationStatusCode.Completed ? output.WrittenSpan.ToArray() : throw new InvalidCredentialException($"The machine's seal is broken: {status}.");
    }

    private static async Task SendAsync(Stream machine, TsRequest request, CancellationToken ct)
    {
        await machine.WriteAsync(request.Write(), ct);
        await machine.FlushAsync(ct);
    }

    private static async Task<TsRequest> ReceiveAsync(Stream machine, CancellationToken ct)
    {
        var buffer = new byte[TsRequest.LongestMessage];
        var (filled, length) = (0, 0);
        while (!TsRequest.TryFrame(buffer.AsSpan(0, filled), out length))
        {
            var read = await machine.ReadAsync(buffer.AsMemory(filled), ct);
            // A machine that does not take the sign-in may simply close.
            if (read == 0) throw new InvalidCredentialException("The machine closed the connection during the sign-in.");
            filled += read;
        }
        if (length != filled) WireFormatException.Throw("TSRequest", "length", $"{filled - length} bytes came too early");
        var request = TsRequest.Read(buffer.AsMemory(0, length));
        if (request.ErrorCode is { } error and not 0) throw new InvalidCredentialException($"The machine refused the sign-in with 0x{error:X8}.");
        return request;
    }
}
