using System.Net.Sockets;
using System.Security.Authentication;
using MailKit;
using MailKit.Net.Smtp;
using MailKit.Security;
using Microsoft.Extensions.Options;
using MimeKit;

namespace Montalegre.Vdi.Broker.Alerts;

/// <summary>
/// Takes messages that are due and tries to send each. A message is taken off only after its channel has taken it, so that a
/// broker that is killed in between sends it again, with the same identifier.
/// </summary>
internal sealed class SendAlerts(AlertOutbox outbox, AlertChannelStore channels, IOptions<AlertsOptions> options, TimeProvider time, ILogger<SendAlerts> log)
{
    private const int AtOnce = 10;
    private const int LongestProblem = 500;
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(15);

    /// <summary>True when there may be more.</summary>
    public async Task<bool> RunOnceAsync(CancellationToken ct)
    {
        var settings = options.Value;
        await outbox.GatherAsync(settings.Quiet, settings.LongestWait);
        var due = await outbox.TakeAsync(AtOnce, 4 * settings.Patience);
        if (due.Count == 0) return false;
        var all = (await channels.AllAsync(ct)).ToDictionary(c => c.Id);
        await Task.WhenAll(due.Select(one => TryAsync(one, all.GetValueOrDefault(one.AlertChannelId), ct)));
        return due.Count == AtOnce;
    }

    /// <summary>Sends now. Empty, or why it was not sent; a remark when it was sent to some only.</summary>
    public async Task<(string? Problem, string Remark)> SendAsync(AlertChannelSettings channel, AlertMessage message, CancellationToken ct)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(ct);
        over.CancelAfter(2 * options.Value.Patience);
        try
        {
            if (channel.Kind is AlertChannelKind.Mail) return (null, await SendMail.RunAsync(channel, message, options.Value.Patience, over.Token));
            await SendWebhook.RunAsync(channel, message, options.Value.Patience, options.Value.WebhooksToThisMachine, time.GetUtcNow(), over.Token);
            return (null, "");
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested) { return ("it did not answer in time", ""); }
        catch (Exception e) when (e is HttpRequestException or IOException or SocketException or System.Security.Authentication.AuthenticationException or MailKit.Security.AuthenticationException
            or SslHandshakeException or ProtocolException or CommandException or ServiceNotConnectedException or NotSupportedException or ParseException or TimeoutException)
        {
            return (Bounded(e), "");
        }
    }

    private async Task TryAsync(DueDelivery due, AlertChannelSettings? channel, CancellationToken ct)
    {
        if (channel is null) return;   // removed meanwhile, and the message with it
        var content = await outbox.ContentAsync(due.AlertDeliveryId);
        if (content.Count == 0)
        {
            await outbox.SentAsync(due.AlertDeliveryId, "");   // its alerts were forgotten: there is nothing to tell any more
            return;
        }
        var (problem, remark) = await SendAsync(channel, new(due.AlertDeliveryId, [.. content.Select(c => (c.Alert.ToMessage(), c.News))], options.Value.Console), ct);
        if (problem is null)
        {
            await outbox.SentAsync(due.AlertDeliveryId, remark);
            log.Sent(due.AlertDeliveryId, content.Count, channel.Name);
            if (remark.Length > 0) log.PartlySent(due.AlertDeliveryId, channel.Name, remark);
            return;
        }
        var pause = TimeSpan.FromTicks(Math.Min(LongestPause.Ticks, FirstPause.Ticks << Math.Min(due.Attempts - 1, 10)));
        if (await outbox.FailedAsync(due.AlertDeliveryId, problem, pause, options.Value.GiveUpAfter)) log.GivenUp(due.AlertDeliveryId, channel.Name, problem);
        else log.NotSent(due.AlertDeliveryId, channel.Name, pause, problem);
    }

    // The inner message is the one that names the certificate or address.
    private static string Bounded(Exception e)
    {
        var text = e.InnerException is { } inner && !e.Message.Contains(inner.Message, StringComparison.Ordinal) ? $"{e.Message} {inner.Message}" : e.Message;
        var line = string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        return line.Length <= LongestProblem ? line : line[..LongestProblem];
    }
}
