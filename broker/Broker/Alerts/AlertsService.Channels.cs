using System.Security.Cryptography;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using MimeKit;
using Montalegre.Vdi.Broker.Hosting;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Domain;
using Told = Montalegre.Vdi.Contracts.Admin.V1;

namespace Montalegre.Vdi.Broker.Alerts;

/// <summary>Channels: who is told, and on which way.</summary>
internal sealed partial class AlertsService
{
    private const int MostRecipients = 50;
    private const int LongestName = 80;
    private const int LongestText = 300;
    private const int LongestUrl = 2000;
    private const int LongestAuthorities = 256 * 1024;

    public override async Task<ListAlertChannelsResponse> ListChannels(ListAlertChannelsRequest request, ServerCallContext context) =>
        new() { Channels = { await AllAsync(context.CancellationToken) } };

    public override async Task<AlertChannel> SaveChannel(SaveAlertChannelRequest request, ServerCallContext context)
    {
        var settings = await SettingsAsync(request.Channel, request.Secret, context.CancellationToken);
        if (!await channels.SaveAsync(settings, context.Caller())) throw Refusal.Refused(RefusalReason.NameTaken, settings.Name);
        return (await AllAsync(context.CancellationToken)).First(c => c.ChannelId == settings.Id.ToString());
    }

    public override async Task<RemoveAlertChannelResponse> RemoveChannel(RemoveAlertChannelRequest request, ServerCallContext context) =>
        await channels.RemoveAsync(Ids.Parse(request.ChannelId, "channel_id"), context.Caller()) ? new() : throw Refusal.Refused(RefusalReason.NotFound, "channel_id");

    public override async Task<TestAlertChannelResponse> TestChannel(TestAlertChannelRequest request, ServerCallContext context)
    {
        var (problem, remark) = await send.SendAsync(await OneAsync(request.ChannelId, context.CancellationToken), new(Guid.CreateVersion7(time.GetUtcNow()), [], null), context.CancellationToken);
        return new() { Problem = problem ?? remark };
    }

    private async Task<AlertChannelSettings> OneAsync(string id, CancellationToken ct) =>
        await channels.FindAsync(Ids.Parse(id, "channel_id"), ct) ?? throw Refusal.Refused(RefusalReason.NotFound, "channel_id");

    private async Task<AlertChannelSettings> SettingsAsync(AlertChannel? said, string secret, CancellationToken ct)
    {
        if (said is null) throw Refusal.Refused(RefusalReason.InvalidField, "channel");
        var before = said.ChannelId.Length == 0 ? null : await OneAsync(said.ChannelId, ct);
        var mail = said.Kind switch { Told.AlertChannelKind.Mail => true, Told.AlertChannelKind.Webhook => false, _ => throw Refusal.Refused(RefusalReason.InvalidField, "kind: MAIL or WEBHOOK") };
        var settings = new AlertChannelSettings
        {
            Id = before?.Id ?? Guid.CreateVersion7(time.GetUtcNow()), Name = Line(said.Name, "name", LongestName), Kind = mail ? AlertChannelKind.Mail : AlertChannelKind.Webhook, Enabled = !said.Disabled,
            Least = said.LeastSeverity.ToDomain() ?? throw Refusal.Refused(RefusalReason.InvalidField, "least_severity: INFO, WARNING or CRITICAL"),
            Language = said.Language is "pt" or "en" ? said.Language : throw Refusal.Refused(RefusalReason.InvalidField, "language: pt or en"),
            Server = mail ? Server(said.Server.Trim()) : "", Security = said.Tls ? MailSecurity.Tls : MailSecurity.StartTls, Authorities = said.Authorities.Trim(),
            UserName = mail && said.UserName.Trim().Length > 0 ? Line(said.UserName, "user_name", LongestText) : "", Sender = mail ? Address(said.Sender, "sender") : "",
            Recipients = mail ? [.. said.Recipients.Select(r => Address(r, "recipients"))] : [], Url = mail ? "" : Url(said.Url.Trim()), Secret = secret,
        };
        if (mail && settings.Recipients.Count is 0 or > MostRecipients) throw Refusal.Refused(RefusalReason.InvalidField, $"recipients: 1 to {MostRecipients}");
        if (secret.Length > LongestText) throw Refusal.Refused(RefusalReason.InvalidField, $"secret: at most {LongestText} characters");
        CheckAuthorities(settings);
        if (secret.Length > 0) return settings;
        if (mail && settings.UserName.Length == 0) return settings;
        return settings with { Secret = Kept(before, settings) };
    }

    // A saved secret goes where it was entered for and nowhere else, whoever changes the address.
    private static string Kept(AlertChannelSettings? before, AlertChannelSettings now) =>
        before is { Secret.Length: > 0 } && (before.Kind, before.Server, before.Security, before.Authorities, before.UserName, before.Url) == (now.Kind, now.Server, now.Security, now.Authorities, now.UserName, now.Url)
            ? before.Secret
            : throw Refusal.Refused(RefusalReason.InvalidField, "secret: enter it again when server or URL, TLS, authorities or account change");

    private static void CheckAuthorities(AlertChannelSettings settings)
    {
        try
        {
            if (settings.Authorities.Length > LongestAuthorities || settings.Trust() is { CustomTrustStore.Count: 0 }) throw Refusal.Refused(RefusalReason.InvalidField, "authorities: certificates in PEM");
        }
        catch (CryptographicException e) { throw Refusal.Refused(RefusalReason.InvalidField, $"authorities: {e.Message}"); }
    }

    private static string Server(string server) =>
        server.Length is > 0 and <= 260 && server.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '.' or '-' or ':' or '[' or ']') ? server : throw Refusal.Refused(RefusalReason.InvalidField, "server: host or host:port");

    private static string Address(string typed, string field) =>
        typed.Trim() is { Length: > 2 and <= LongestText } text && !text.Any(char.IsControl) && MailboxAddress.TryParse(text, out var address) && address.Address.Contains('@', StringComparison.Ordinal)
            ? address.Address
            : throw Refusal.Refused(RefusalReason.InvalidField, $"{field}: a mail address");

    private static string Url(string typed) =>
        typed.Length <= LongestUrl && Uri.TryCreate(typed, UriKind.Absolute, out var url) && url.Scheme == Uri.UriSchemeHttps && url.UserInfo.Length == 0 && url.Fragment.Length == 0
            ? url.AbsoluteUri
            : throw Refusal.Refused(RefusalReason.InvalidField, "url: an https address, without user and password");

    private static string Line(string typed, string field, int longest) =>
        typed.Trim() is { Length: > 0 } text && text.Length <= longest && !text.Any(char.IsControl) ? text : throw Refusal.Refused(RefusalReason.InvalidField, $"{field}: 1 to {longest} characters");

    private async Task<List<AlertChannel>> AllAsync(CancellationToken ct)
    {
        var health = await channels.HealthAsync(ct);
        return [.. (await channels.AllAsync(ct)).Where(c => health.ContainsKey(c.Id)).Select(c => Message(c, health[c.Id]))];
    }

    private static AlertChannel Message(AlertChannelSettings c, AlertChannelHealth health) => new()
    {
        ChannelId = c.Id.ToString(), Name = c.Name, Kind = c.Kind is AlertChannelKind.Mail ? Told.AlertChannelKind.Mail : Told.AlertChannelKind.Webhook, Disabled = !c.Enabled,
        LeastSeverity = c.Least.ToMessage(), Language = c.Language, Server = c.Server, Tls = c.Security is MailSecurity.Tls, UserName = c.UserName, Sender = c.Sender, Recipients = { c.Recipients }, Url = c.Url,
        Authorities = c.Authorities, HasSecret = c.Secret.Length > 0, SentAt = health.SentAt?.ToTimestamp(), Error = health.Error, Waiting = (uint)health.Waiting,
    };
}
