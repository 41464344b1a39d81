using System.Net;
using Montalegre.Vdi.Contracts.Common.V1;
using Montalegre.Vdi.Gateway.Listening;
using Montalegre.Vdi.Gateway.Relay;
using Montalegre.Vdi.Protocol.Tsgu;

namespace Montalegre.Vdi.Gateway.Hosting;

/// <summary>Everything the gateway says, ids 4000 to 4999. No ticket, no Client Info, no secret in any of it.</summary>
internal static partial class GatewayLog
{
    [LoggerMessage(4001, LogLevel.Information, "The door is open at {Address} for {Served}")]
    public static partial void DoorOpen(this ILogger log, IPEndPoint address, Served served);

    [LoggerMessage(4002, LogLevel.Information, "The door is closed; {Open} relays get {Grace} to end")]
    public static partial void DoorClosed(this ILogger log, int open, TimeSpan grace);

    [LoggerMessage(4003, LogLevel.Error, "Accepting a connection failed; the door stays open")]
    public static partial void AcceptFailed(this ILogger log, Exception e);

    [LoggerMessage(4010, LogLevel.Debug, "A connection from {Client} was turned away: {Why}")]
    public static partial void TurnedAway(this ILogger log, IPAddress client, string why);

    [LoggerMessage(4011, LogLevel.Information, "A connection from {Client} was refused: {Code} {Reference}")]
    public static partial void ConnectionRefused(this ILogger log, IPAddress client, ReasonCode code, string reference);

    [LoggerMessage(4012, LogLevel.Warning, "Over {Limit} wrong tickets in a minute from {Client}; it has to wait for the minute's end")]
    public static partial void TooManyWrongTickets(this ILogger log, IPAddress client, int limit);

    [LoggerMessage(4013, LogLevel.Information, "The handshake with {Client} broke: {Problem}")]
    public static partial void HandshakeBroke(this ILogger log, IPAddress client, string problem);

    [LoggerMessage(4014, LogLevel.Error, "Serving a connection from {Client} failed")]
    public static partial void ServingFailed(this ILogger log, IPAddress client, Exception e);

    [LoggerMessage(4015, LogLevel.Information, "Somebody at {Client} signed in at the door for desktop {Desktop}")]
    public static partial void SignedInAtDoor(this ILogger log, IPAddress client, string desktop);

    [LoggerMessage(4016, LogLevel.Warning, "The broker failed a sign-in at the door from {Client} with {Status}: {Problem}")]
    public static partial void DoorSignInFailed(this ILogger log, IPAddress client, string status, string problem);

    [LoggerMessage(4017, LogLevel.Information, "The client at {Client} left while it waited for desktop {Desktop}")]
    public static partial void LeftWhileWaiting(this ILogger log, IPAddress client, string desktop);

    [LoggerMessage(4020, LogLevel.Warning, "Machine {Machine} showed another certificate than its agent reported; session {Session} was not opened")]
    public static partial void MachineCertificateChanged(this ILogger log, string machine, string session);

    [LoggerMessage(4021, LogLevel.Warning, "Machine {Machine} did not answer: {Problem}")]
    public static partial void MachineDidNotAnswer(this ILogger log, string machine, string problem);

    [LoggerMessage(4023, LogLevel.Warning, "Machine {Machine} did not take the sign-in of session {Session}: {Problem}")]
    public static partial void MachineRefusedSignIn(this ILogger log, string machine, string session, string problem);

    [LoggerMessage(4022, LogLevel.Warning, "Machine {Machine} answered {Wanted}, which does not fit what this client and this ticket bring; network level authentication needs a user with a secret")]
    public static partial void MachineWantsOtherSecurity(this ILogger log, string machine, string wanted);

    [LoggerMessage(4030, LogLevel.Information, "Connection {Connection} of session {Session} is open, from {Client} to machine {Machine}")]
    public static partial void ConnectionOpen(this ILogger log, string connection, string session, IPAddress client, string machine);

    [LoggerMessage(4031, LogLevel.Information, "Connection {Connection} of session {Session} ended: {End}, {FromClient} bytes from the client, {FromMachine} from the machine")]
    public static partial void ConnectionEnded(this ILogger log, string connection, string session, RelayEnd end, long fromClient, long fromMachine);

    [LoggerMessage(4032, LogLevel.Error, "The sweep for idle relays failed and is tried again")]
    public static partial void SweepFailed(this ILogger log, Exception e);

    [LoggerMessage(4033, LogLevel.Information, "Connection {Connection} may not go on and is ended: {Code}")]
    public static partial void AccessWithdrawn(this ILogger log, string connection, ReasonCode code);

    [LoggerMessage(4034, LogLevel.Warning, "Whether {Open} connections may stay could not be asked; they stay: {Problem}")]
    public static partial void RecheckFailed(this ILogger log, int open, string problem);

    [LoggerMessage(4035, LogLevel.Information, "The RD Gateway client of connection {Connection} proved itself again")]
    public static partial void ProvedAgain(this ILogger log, string connection);

    [LoggerMessage(4070, LogLevel.Warning, "A browser broke the desktop protocol: {Problem}")]
    public static partial void BrowserSpokeNonsense(this ILogger log, string problem);

    [LoggerMessage(4071, LogLevel.Warning, "A worker broke its protocol and was ended: {Problem}")]
    public static partial void WorkerSpokeNonsense(this ILogger log, string problem);

    [LoggerMessage(4072, LogLevel.Warning, "A worker ended with {ExitCode} (159: stopped by its own sandbox, 137: killed); its desktop was closed for {Code}")]
    public static partial void WorkerEnded(this ILogger log, int exitCode, ReasonCode code);

    [LoggerMessage(4073, LogLevel.Warning, "A worker could not be started, its launcher ended with {ExitCode}: {Code}; its messages are in this service's error output")]
    public static partial void WorkerNotStarted(this ILogger log, int exitCode, ReasonCode code);

    [LoggerMessage(4080, LogLevel.Warning, "The broker's stream of assistances broke with {Status}: {Problem}; nobody can begin to look meanwhile")]
    public static partial void AssistanceStreamBroke(this ILogger log, string status, string problem);

    [LoggerMessage(4081, LogLevel.Warning, "The broker did not take what was said of an assistance, {Status}: {Problem}")]
    public static partial void AssistanceCallFailed(this ILogger log, string status, string problem);

    [LoggerMessage(4095, LogLevel.Warning, "The broker did not judge a certificate, {Status}: {Problem}; nobody was signed in")]
    public static partial void CertificateNotJudged(this ILogger log, string status, string problem);

    [LoggerMessage(4040, LogLevel.Warning, "No certificate is configured (Gateway:CertificateFile); clients will be shown the self-signed one with SHA-256 {Sha256}")]
    public static partial void SelfSigned(this ILogger log, string sha256);

    [LoggerMessage(4041, LogLevel.Information, "{File} was renewed; clients are shown the certificate with SHA-256 {Sha256} from now on, which is good until {NotAfter}")]
    public static partial void CertificateReplaced(this ILogger log, string file, string sha256, DateTime notAfter);

    [LoggerMessage(4042, LogLevel.Warning, "{File} changed and cannot be used: {Problem} Clients are shown the certificate from before")]
    public static partial void CertificateNotReplaced(this ILogger log, string file, string problem);

    [LoggerMessage(4050, LogLevel.Information, "This gateway has joined as {Gateway}; its certificate is good until {NotAfter}")]
    public static partial void Joined(this ILogger log, string gateway, DateTime notAfter);

    [LoggerMessage(4051, LogLevel.Information, "This gateway's certificate was renewed and is good until {NotAfter}")]
    public static partial void Renewed(this ILogger log, DateTime notAfter);

    [LoggerMessage(4052, LogLevel.Error, "This gateway could not {Step} and tries again: {Problem}")]
    public static partial void IdentityFailed(this ILogger log, string step, string problem);

    [LoggerMessage(4053, LogLevel.Warning, "The used join token {File} could not be deleted: {Problem}; delete it by hand")]
    public static partial void TokenFileStays(this ILogger log, string file, string problem);

    [LoggerMessage(4060, LogLevel.Information, "Opening the stream with the broker; {Open} open connections are reported to it")]
    public static partial void StreamOpen(this ILogger log, int open);

    [LoggerMessage(4057, LogLevel.Warning, "A printed document was not turned into PDF; Ghostscript ended with {ExitCode}, -1 is its time-out")]
    public static partial void DocumentNotConverted(this ILogger log, int exitCode);

    [LoggerMessage(4061, LogLevel.Warning, "The stream with the broker broke; relays go on: {Problem}")]
    public static partial void StreamBroke(this ILogger log, string problem);

    [LoggerMessage(4062, LogLevel.Information, "The broker ordered connection {Connection} closed for {Code}; found {Found}")]
    public static partial void CloseOrdered(this ILogger log, string connection, ReasonCode code, bool found);

    [LoggerMessage(4090, LogLevel.Information, "Synthetic log-on {Probe} ended with {Code}; picture after {PictureMs} ms")]
    public static partial void DesktopProbed(this ILogger log, string probe, ReasonCode code, uint pictureMs);

    [LoggerMessage(4063, LogLevel.Warning, "No broker answered a redemption: {Problem}")]
    public static partial void BrokerAway(this ILogger log, string problem);

    [LoggerMessage(4064, LogLevel.Error, "The broker failed a redemption with {Status}: {Problem}")]
    public static partial void RedeemFailed(this ILogger log, string status, string problem);

    [LoggerMessage(4080, LogLevel.Information, "An RD Gateway client at {Client} was refused: {Code} {Reference}, shown to it as {Error}")]
    public static partial void TunnelRefused(this ILogger log, IPAddress client, ReasonCode code, string reference, TsguError error);

    [LoggerMessage(4081, LogLevel.Debug, "An RD Gateway request from {Client} was not taken: {Status} {Problem}")]
    public static partial void RequestNotTaken(this ILogger log, IPAddress client, int status, string problem);

    [LoggerMessage(4082, LogLevel.Information, "The RD Gateway handshake with {Client} broke: {Problem}")]
    public static partial void TunnelBroke(this ILogger log, IPAddress client, string problem);

    [LoggerMessage(4083, LogLevel.Error, "Serving an RD Gateway client at {Client} failed")]
    public static partial void TunnelFailed(this ILogger log, IPAddress client, Exception e);

    [LoggerMessage(4078, LogLevel.Information, "Each browser desktop gets at most {Percent} % of a core, by control groups in {Group}")]
    public static partial void WorkersLimited(this ILogger log, int percent, string group);

    [LoggerMessage(4079, LogLevel.Warning, "Browser desktops have no limit of processor time, only a low priority: {Why}")]
    public static partial void WorkersNotLimited(this ILogger log, string why);
}
