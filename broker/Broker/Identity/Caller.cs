using Grpc.Core;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Identity;

/// <summary>Who makes a call, as the bearer check found out; use cases take it for rights and for the audit row.</summary>
/// <param name="SourceAddress">Where the person signed in from.</param>
/// <param name="SignIn">SHA-256 of the session token, hexadecimal: names the sign-in, opens nothing.</param>
internal sealed record Caller(UserId User, string UserName, string DisplayName, Audience Audience, string SourceAddress, string SignIn)
{
    /// <summary>What he may do in the administrators' API, and where; an employee holds nothing there.</summary>
    public Rights Rights { get; init; } = Rights.None;

    /// <summary>An emergency sign-in: administrator of everything for an hour, by a secret made on the server.</summary>
    public bool Emergency { get; init; }

    /// <summary>The name of the API key that calls in the person's stead; null: the person himself.</summary>
    public string? ApiKey { get; init; }
}

internal static class CallerOfCall
{
    private const string Key = "montalegre.caller";

    /// <summary>The caller of this call; throws where the bearer check does not apply, which is a mistake of ours.</summary>
    public static Caller Caller(this ServerCallContext context) =>
        context.UserState.TryGetValue(Key, out var caller) ? (Caller)caller : throw new InvalidOperationException($"{context.Method} has no caller: it is open to everybody");

    /// <summary>Where the caller holds what this method needs; a list shows rows of these pools only.</summary>
    public static PoolScope Scope(this ServerCallContext context) =>
        MethodNeed.Of(context.Method) is { } need ? context.Caller().Rights.Of(need.Permission) : PoolScope.Nothing;

    public static void SetCaller(this ServerCallContext context, Caller caller) => context.UserState[Key] = caller;
}
