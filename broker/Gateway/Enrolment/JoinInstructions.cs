using Montalegre.Vdi.Contracts;
using Montalegre.Vdi.Gateway.Hosting;

namespace Montalegre.Vdi.Gateway.Enrolment;

/// <summary>Where and with what a new gateway joins: from one join document, or from a bare token and three settings.</summary>
internal sealed record JoinInstructions(Uri Enrolment, Uri Channel, string AuthoritySha256, string Token)
{
    /// <summary>Never throws for what a person may have mistyped; <paramref name="problem"/> says what to do.</summary>
    public static JoinInstructions? Read(GatewayOptions options, out string problem)
    {
        problem = "";
        const string section = GatewayOptions.Section;
        if (options.JoinTokenFile is not { } file || !File.Exists(file))
        {
            problem = $"This gateway has not joined yet: put a token from the console into a file and name it in {section}:{nameof(options.JoinTokenFile)}.";
            return null;
        }
        var text = File.ReadAllText(file).Trim();
        if (text.StartsWith(JoinDocument.Prefix, StringComparison.Ordinal))
        {
            if (JoinDocument.TryParse(text, out var document, out var wrong))
                return new(document.Enrolment, document.Channel, document.AuthoritySha256, document.Token);
            problem = $"{file} is not a join document: {wrong}. Make a new one in the console.";
            return null;
        }
        if (options is { BrokerEnrolment: { } enrolment, BrokerChannel: { } channel, BrokerAuthoritySha256: { } authority })
            return new(enrolment, channel, authority, text);
        problem = $"{file} holds a bare token; then {section}:{nameof(options.BrokerEnrolment)}, {section}:{nameof(options.BrokerChannel)} and {section}:{nameof(options.BrokerAuthoritySha256)} are needed too.";
        return null;
    }

    public override string ToString() => $"join at {Enrolment}";
}
