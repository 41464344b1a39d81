using System.Security.Cryptography;
using System.Text;
using Montalegre.Vdi.Fuzz.Corpus;
using Montalegre.Vdi.Protocol.Nla;
using Montalegre.Vdi.Protocol.SignIns;
using Montalegre.Vdi.Protocol.Wire;

namespace Montalegre.Vdi.Protocol.Tests;

public sealed class NlaTests
{
    [Fact]
    public void Messages_are_read_and_written_alike()
    {
        Assert.Equal("NTLMSS", Encoding.ASCII.GetString(TsRequest.Read(TsRequests.Challenge).NegoToken!));
        Assert.Equal(200, TsRequest.Read(TsRequests.Proof).PubKeyAuth!.Length);
        Assert.Equal(unchecked((int)0xC000006D), TsRequest.Read(TsRequests.Refusal).ErrorCode);
        foreach (var message in new[] { TsRequests.Challenge, TsRequests.Proof, TsRequests.Refusal }) Assert.Equal(message, TsRequest.Read(message).Write());
    }

    [Fact]
    public void Every_truncation_waits_for_more_or_is_refused()
    {
        foreach (var message in new[] { TsRequests.Challenge, TsRequests.Proof, TsRequests.Refusal })
        {
            for (var length = 0; length < message.Length; length++)
            {
                Assert.False(TsRequest.TryFrame(message.AsSpan(0, length), out _));
                Assert.Throws<WireFormatException>(() => TsRequest.Read(message.AsMemory(0, length)));
            }
            Assert.True(TsRequest.TryFrame([.. message, 0x30], out var whole));
            Assert.Equal(message.Length, whole);
        }
    }

    [Theory]
    [InlineData(new byte[] { 0x31, 0x00 })]
    [InlineData(new byte[] { 0x30, 0x80 })]
    [InlineData(new byte[] { 0x30, 0x83, 0x01, 0x00, 0x00 })]
    [InlineData(new byte[] { 0x30, 0x82, 0xFF, 0xFF })]
    public void Length_that_no_machine_sends_is_refused_before_it_is_waited_for(byte[] received) =>
        Assert.Throws<WireFormatException>(() => TsRequest.TryFrame(received, out _));

    [Fact]
    public void Old_servers_get_the_key_and_new_ones_its_hash_with_their_own_direction()
    {
        byte[] key = [0xFF, 0x01, 0x02];
        var nonce = new byte[PublicKeyBinding.NonceLength];
        Assert.Equal(key, PublicKeyBinding.FromClient(4, nonce, key));
        Assert.Equal([0x00, 0x01, 0x02], PublicKeyBinding.FromServer(4, nonce, key));
        Assert.Equal(SHA256.HashData([.. "CredSSP Client-To-Server Binding Hash\0"u8, .. nonce, .. key]), PublicKeyBinding.FromClient(5, nonce, key));
        Assert.NotEqual(PublicKeyBinding.FromClient(6, nonce, key), PublicKeyBinding.FromServer(6, nonce, key));
    }

    [Fact]
    public void Credentials_are_three_strings_of_utf16_in_two_sequences()
    {
        using var signIn = new SignIn("D", "u", "p"u8);
        byte[] wanted =
        [
            0x30, 0x1D, 0xA0, 0x03, 0x02, 0x01, 0x01,       // credType [0] 1
            0xA1, 0x16, 0x04, 0x14, 0x30, 0x12,             // credentials [1], TSPasswordCreds
            0xA0, 0x04, 0x04, 0x02, 0x44, 0x00, 0xA1, 0x04, 0x04, 0x02, 0x75, 0x00, 0xA2, 0x04, 0x04, 0x02, 0x70, 0x00,
        ];
        Assert.Equal(wanted, TsCredentials.Write(signIn));
    }
}
