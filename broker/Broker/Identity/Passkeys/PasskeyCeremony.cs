using System.Buffers.Text;
using System.Data.Common;
using System.Runtime.ExceptionServices;
using System.Text.Json;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Options;

namespace Montalegre.Vdi.Broker.Identity.Passkeys;

/// <summary>
/// Questions to passkeys and the check of their answers (WebAuthn level 3, sections 7.1 and 7.2), both done by the framework's
/// handler. Where its answer is the password's second step, presence is enough; alone it must have verified its owner.
/// </summary>
internal sealed class PasskeyCeremony : IDisposable
{
    private const int LongestAnswer = 16 * 1024;
    private readonly UserManager<PasskeyUser> _users;
    private readonly PasskeyHandler<PasskeyUser> _second;
    private readonly PasskeyHandler<PasskeyUser> _alone;
    private readonly PasskeyOptions _options;
    private readonly ILogger<PasskeyCeremony> _log;

    public PasskeyCeremony(PasskeyUsers users, IOptions<PasskeyOptions> options, ILogger<PasskeyCeremony> log, ILogger<UserManager<PasskeyUser>> usersLog)
    {
        (_options, _log) = (options.Value, log);
        // The handler wants the framework's manager, and of it only the way to the store: it hashes, validates and normalises nothing here.
        _users = new(users, Options.Create(new Microsoft.AspNetCore.Identity.IdentityOptions()), new PasswordHasher<PasskeyUser>(), [], [], new UpperInvariantLookupNormalizer(), new IdentityErrorDescriber(), null!, usersLog);
        _second = new(_users, Options.Create(Rules("preferred")));
        _alone = new(_users, Options.Create(Rules("required")));
    }

    public bool Offered => _options.Host.Length > 0;

    public string Host => _options.Host;

    public Task<PasskeyCreationOptionsResult> AskToMakeAsync(Guid user, string userName, string displayName, HttpContext http) =>
        _second.MakeCreationOptionsAsync(new() { Id = user.ToString(), Name = userName, DisplayName = displayName.Length > 0 ? displayName : userName }, http);

    /// <param name="user">Null: whoever has one.</param>
    /// <param name="http">The request.</param>
    public Task<PasskeyRequestOptionsResult> AskToShowAsync(Guid? user, HttpContext http) =>
        user is { } id ? _second.MakeRequestOptionsAsync(new(id), http) : _alone.MakeRequestOptionsAsync(null, http);

    /// <summary>Null when it is not an answer to that question.</summary>
    public async Task<UserPasskeyInfo?> MadeAsync(string state, string answer, HttpContext http)
    {
        if (answer.Length > LongestAnswer) return null;
        var result = await _second.PerformAttestationAsync(new() { HttpContext = http, CredentialJson = answer, AttestationState = state });
        if (!result.Succeeded) Refused(result.Failure);
        return result.Succeeded ? result.Passkey : null;
    }

    /// <summary>Null when it is not an answer to that question. The counter is newer than it was; whether it still is, the database says.</summary>
    /// <param name="state">Of the question, which also says whose passkey was asked for.</param>
    /// <param name="alone">No password was given before.</param>
    /// <param name="answer">Of the browser.</param>
    /// <param name="http">The request.</param>
    public async Task<(Guid User, UserPasskeyInfo Passkey)?> ShownAsync(string state, bool alone, string answer, HttpContext http)
    {
        if (answer.Length > LongestAnswer) return null;
        var result = await (alone ? _alone : _second).PerformAssertionAsync(new() { HttpContext = http, CredentialJson = answer, AssertionState = state });
        if (!result.Succeeded) Refused(result.Failure);
        return result.Succeeded ? (result.User.Id, result.Passkey) : null;
    }

    /// <summary>Which credential an answer says it is of; for the words of a refusal only, since nothing of it was checked.</summary>
    public static byte[]? ClaimedCredential(string answer)
    {
        if (answer.Length > LongestAnswer) return null;
        try
        {
            using var json = JsonDocument.Parse(answer);
            return json.RootElement.ValueKind == JsonValueKind.Object && json.RootElement.TryGetProperty("id", out var id) && id.ValueKind == JsonValueKind.String
                ? Base64Url.DecodeFromChars(id.GetString())
                : null;
        }
        catch (Exception e) when (e is JsonException or FormatException) { return null; }
    }

    public void Dispose() => _users.Dispose();

    // The handler turns every exception into a refusal. A database that is away is none.
    private void Refused(PasskeyException failure)
    {
        if (failure.InnerException is DbException outage) ExceptionDispatchInfo.Throw(outage);
        _log.PasskeyRefused(failure.Message);
    }

    private IdentityPasskeyOptions Rules(string verification) => new()
    {
        ServerDomain = _options.Host,
        UserVerificationRequirement = verification,
        ResidentKeyRequirement = "preferred",
        AttestationConveyancePreference = "none",
        ValidateOrigin = page => ValueTask.FromResult(!page.CrossOrigin && _options.Knows(page.Origin)),
    };
}
