using System.Net;
using System.Security.Cryptography;
using System.Text;
using Grpc.Core;
using Microsoft.Extensions.Options;
using Montalegre.Vdi.Contracts.Common.V1;
using Montalegre.Vdi.Gateway.Enrolment;
using Montalegre.Vdi.Gateway.FrontEnd;
using Montalegre.Vdi.Gateway.Hosting;
using Montalegre.Vdi.Gateway.Listening;
using Montalegre.Vdi.Gateway.Reports;
using Montalegre.Vdi.Protocol.SignIns;

namespace Montalegre.Vdi.Gateway.RdGateway;

/// <summary>A person who proved who they are in HTTP, and the proof itself as a hash, so that both halves of a pair can be compared.</summary>
internal sealed record RdgPerson(DoorSignIn SignIn, byte[] ProofSha256);

/// <summary>HTTP Basic (RFC 7617) against the broker, for clients that cannot carry a cookie. Off unless an administrator turns it on.</summary>
internal sealed class RdgBasic(
    EmployeeApi api, AddressLimits limits, ConnectionReports reports, IOptions<GatewayOptions> gateway, IOptions<RdGatewayOptions> options, TimeProvider time, ILogger<RdgBasic> log)
{
    public const string Challenge = "WWW-Authenticate: Basic realm=\"Montalegre\", charset=\"UTF-8\"\r\n";
    private const string Scheme = "Basic ";
    private const int LongestProof = 2048;

    public bool IsOn => options.Value.Basic;

    /// <summary>SHA-256 of the proof of a request; null when it brings none of this kind.</summary>
    public static byte[]? ProofOf(string? authorization) =>
        authorization is { Length: <= LongestProof } && authorization.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)
            ? SHA256.HashData(Encoding.Latin1.GetBytes(authorization[Scheme.Length..].Trim())) : null;

    /// <summary>Signs in at the broker; null when there is no proof, or no good one. The broker limits tries per person and address, this per address.</summary>
    public async Task<RdgPerson?> SignInAsync(string? authorization, IPAddress client, CancellationToken ct)
    {
        if (ProofOf(authorization) is not { } proof || Read(authorization!) is not { } read) return null;
        using var typed = read;
        if (api.Client() is not { } broker) return Refuse(client, ReasonCode.BrokerUnavailable);
        var person = new DoorSignIn(broker, client, time);
        try
        {
            return await person.SignInAsync(DesktopChoice.Read(typed).UserName, typed, ct) is { } refused ? Refuse(client, refused.Code) : new(person, proof);
        }
        catch (RpcException e) when (!ct.IsCancellationRequested)
        {
            log.DoorSignInFailed(client, e.StatusCode.ToString(), e.Status.Detail);
            return Refuse(client, DoorSignIn.ReasonOf(e));
        }
    }

    private RdgPerson? Refuse(IPAddress client, ReasonCode code)
    {
        log.ConnectionRefused(client, code, "");
        reports.Failed(null, code, client);
        if (code == ReasonCode.SignInFailed && limits.CountWrongTicket(client)) log.TooManyWrongTickets(client, gateway.Value.Limits.WrongTicketsPerMinute);
        return null;
    }

    private static TypedSignIn? Read(string authorization)
    {
        var pinned = GC.AllocateArray<byte>(LongestProof, pinned: true);
        if (!Convert.TryFromBase64String(authorization[Scheme.Length..].Trim(), pinned, out var length)) return null;
        var colon = pinned.AsSpan(0, length).IndexOf((byte)':');
        if (colon <= 0 || colon == length - 1) return null;
        var name = Encoding.UTF8.GetString(pinned.AsSpan(0, colon));
        pinned.AsSpan(colon + 1, length - colon - 1).CopyTo(pinned);
        pinned.AsSpan(length - colon - 1).Clear();
        return TypedSignIn.Own("", name, pinned, length - colon - 1);
    }
}
