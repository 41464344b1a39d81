using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using MailKit.Net.Smtp;
using MailKit.Security;
using MimeKit;

namespace Montalegre.Vdi.Broker.Alerts;

/// <summary>Sends one message by mail: always over TLS, with a certificate that is checked.</summary>
internal static class SendMail
{
    /// <summary>What the server did not take: addresses that it refused while it took others.</summary>
    public static async Task<string> RunAsync(AlertChannelSettings channel, AlertMessage message, TimeSpan patience, CancellationToken ct)
    {
        using var mail = Mail(channel, message);
        using var client = new Client { Timeout = (int)patience.TotalMilliseconds, CheckCertificateRevocation = false };
        if (channel.Trust() is { } trust) client.ServerCertificateValidationCallback = (_, certificate, _, errors) => IsTrusted(certificate, errors, trust);
        var (host, port) = channel.Address;
        await client.ConnectAsync(host, port, channel.Security is MailSecurity.Tls ? SecureSocketOptions.SslOnConnect : SecureSocketOptions.StartTls, ct);
        if (channel.UserName.Length > 0) await client.AuthenticateAsync(channel.UserName, channel.Secret, ct);
        await client.SendAsync(mail, ct);
        await client.DisconnectAsync(quit: true, ct);
        return string.Join("; ", client.Refused);
    }

    private static MimeMessage Mail(AlertChannelSettings channel, AlertMessage message)
    {
        var mail = new MimeMessage { Subject = message.Subject(channel.Culture), MessageId = $"{message.Id:N}@montalegre.invalid", Date = DateTimeOffset.UtcNow };
        mail.From.Add(MailboxAddress.Parse(channel.Sender));
        mail.To.AddRange(channel.Recipients.Select(MailboxAddress.Parse));
        mail.Headers.Add("X-Montalegre-Delivery", message.Id.ToString("D"));
        mail.Headers.Add("Auto-Submitted", "auto-generated");   // RFC 3834: no out-of-office answers
        mail.Body = new TextPart("plain") { Text = message.Text(channel.Culture, TimeZoneInfo.Local) };
        return mail;
    }

    private static bool IsTrusted(X509Certificate? certificate, SslPolicyErrors errors, X509ChainPolicy trust)
    {
        if (certificate is null || errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch)) return false;
        using var chain = new X509Chain { ChainPolicy = trust };
        using var leaf = X509CertificateLoader.LoadCertificate(certificate.GetRawCertData());
        return chain.Build(leaf);
    }

    // One address that the server does not know must not keep the message from all others.
    private sealed class Client : SmtpClient
    {
        public List<string> Refused { get; } = [];

        protected override void OnRecipientNotAccepted(MimeMessage message, MailboxAddress mailbox, SmtpResponse response) => Refused.Add($"{mailbox.Address}: {response.Response}");

        protected override void OnNoRecipientsAccepted(MimeMessage message) => throw new SmtpCommandException(SmtpErrorCode.RecipientNotAccepted, SmtpStatusCode.TransactionFailed, string.Join("; ", Refused));
    }
}
