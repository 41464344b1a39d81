using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Montalegre.Vdi.Contracts.Common.V1;
using Montalegre.Vdi.Contracts.Gateway.V1;
using Montalegre.Vdi.Gateway.Tickets;
using Montalegre.Vdi.Protocol.Channels;
using Montalegre.Vdi.Protocol.SignIns;

namespace Montalegre.Vdi.Gateway.Tests.Fakes;

/// <summary>A broker's answer without a broker: each ticket is granted once.</summary>
internal sealed class FakeRedeemer : ITicketRedeemer
{
    private readonly ConcurrentDictionary<string, MachineTarget> _fresh = new();
    private readonly ConcurrentDictionary<string, bool> _used = new();

    /// <summary>What an RD Gateway client has to ask for with any of these tickets.</summary>
    public const string MachineName = "desk-1";

    public ConcurrentQueue<TicketPresented> Presented { get; } = new();

    /// <summary>Connections whose person may not stay.</summary>
    public ConcurrentDictionary<string, ReasonCode> Withdrawn { get; } = new();

    /// <summary>Nobody can be asked who may stay.</summary>
    public bool IsAway { get; set; }

    /// <summary>What the targets of tickets made from now on let pass.</summary>
    public ChannelPolicy Policy { get; set; } = ChannelPolicy.Everything;

    /// <summary>Grants used tickets too, as the broker does for a client whose connection broke a moment ago.</summary>
    public bool LetsComeBack { get; init; }

    public string NewTicket(IPEndPoint machine, byte[] certificateSha256, string userName = "somebody", string secret = "one-time-secret", bool endToEnd = false, string program = "")
    {
        var ticket = Unknown();
        _fresh[ticket] = new MachineTarget(
            Guid.NewGuid().ToString(), Guid.NewGuid().ToString(), Guid.NewGuid().ToString(), machine.Address.ToString(), machine.Port,
            certificateSha256, new SignIn("", userName, Encoding.UTF8.GetBytes(secret)) { Program = program })
        {
            MachineName = MachineName, Policy = program.Length == 0 ? Policy : Policy with { ProgramsByClient = false }, EndToEnd = endToEnd,
        };
        return ticket;
    }

    public static string Unknown() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));

    public Task<IReadOnlyList<WithdrawnConnection>> WithdrawnAsync(IReadOnlyCollection<string> connectionIds, CancellationToken ct) =>
        IsAway ? throw new IOException("The broker is away.")
        : Task.FromResult<IReadOnlyList<WithdrawnConnection>>([.. connectionIds.Where(Withdrawn.ContainsKey).Select(id => new WithdrawnConnection { ConnectionId = id, Code = Withdrawn[id] })]);

    public Task<Redemption> RedeemAsync(TicketPresented presented, CancellationToken ct)
    {
        Presented.Enqueue(presented);
        if (LetsComeBack && _fresh.TryGetValue(presented.Ticket, out var known))
            return Task.FromResult<Redemption>(new Redemption.Granted(known with { ConnectionId = Guid.NewGuid().ToString(), SignIn = new("", known.SignIn!.UserName, known.SignIn.Utf8Secret) }));
        Redemption answer = _fresh.TryRemove(presented.Ticket, out var target) && _used.TryAdd(presented.Ticket, true)
            ? new Redemption.Granted(target)
            : new Redemption.Refused(_used.ContainsKey(presented.Ticket) ? ReasonCode.TicketUsed : ReasonCode.TicketUnknown, "ref-1");
        return Task.FromResult(answer);
    }
}
