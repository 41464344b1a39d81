using System.Net;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Google.Protobuf;
using Grpc.Core;
using Montalegre.Vdi.Contracts.Common.V1;
using Montalegre.Vdi.Contracts.Gateway.V1;
using Montalegre.Vdi.Protocol.SignIns;

namespace Montalegre.Vdi.Gateway.FrontEnd;

/// <summary>One person's questions to the broker from the RDP door: sign in, choose, launch, sign out.</summary>
internal sealed class DoorSignIn(Employee.EmployeeClient broker, IPAddress client, TimeProvider time)
{
    private static readonly TimeSpan CallDeadline = TimeSpan.FromSeconds(15);

    private Metadata _proof = [];

    /// <summary>Null when the broker let the person in; else why not. Unknown names and wrong passwords get one answer.</summary>
    public async Task<Reason?> SignInAsync(string userName, TypedSignIn typed, CancellationToken ct)
    {
        var password = ByteString.CopyFrom(typed.Utf8Password);
        try
        {
            var answer = await broker.SignInAsync(
                new SignInRequest { UserName = userName, PasswordUtf8 = password, ClientAddress = client.ToString() }, deadline: Deadline(), cancellationToken: ct);
            if (answer.OutcomeCase != SignInResponse.OutcomeOneofCase.SignedIn) return answer.Refused ?? new Reason { Code = ReasonCode.Internal };
            _proof = new Metadata { { "authorization", $"Bearer {answer.SignedIn.Token}" } };
            return null;
        }
        finally
        {
            if (MemoryMarshal.TryGetArray(password.Memory, out var segment)) CryptographicOperations.ZeroMemory(segment);
        }
    }

    public async Task<IReadOnlyList<Desktop>> DesktopsAsync(CancellationToken ct) =>
        (await broker.ListDesktopsAsync(new ListDesktopsRequest(), _proof, Deadline(), ct)).Desktops;

    /// <summary>The broker keeps the place in the queue while this call runs.</summary>
    public AsyncServerStreamingCall<LaunchProgress> Launch(Desktop desktop, CancellationToken ct) =>
        broker.Launch(new LaunchRequest { PoolId = desktop.PoolId, RequestId = Guid.NewGuid().ToString(), ClientAddress = client.ToString() }, _proof, cancellationToken: ct);

    /// <summary>The sign-in was for one launch; a ticket it made stays good. A broker that went away meanwhile lets it expire.</summary>
    public async Task SignOutAsync()
    {
        if (_proof.Count == 0) return;
        try { await broker.SignOutAsync(new SignOutRequest(), _proof, Deadline()); }
        catch (RpcException) { /* it expires by itself */ }
    }

    /// <summary>The public reason of a failed question.</summary>
    public static ReasonCode ReasonOf(RpcException e)
    {
        var named = e.Trailers.GetValue("reason") is { } name
            ? ReasonReflection.Descriptor.EnumTypes.Single(t => t.Name == nameof(ReasonCode)).FindValueByName(name) : null;
        if (named is not null) return (ReasonCode)named.Number;
        return e.StatusCode is StatusCode.Unavailable or StatusCode.DeadlineExceeded || e.Status.DebugException is HttpRequestException
            ? ReasonCode.BrokerUnavailable : ReasonCode.Internal;
    }

    private DateTime Deadline() => time.GetUtcNow().UtcDateTime + CallDeadline;
}
