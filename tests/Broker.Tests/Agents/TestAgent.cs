using System.Collections.Concurrent;
using Grpc.Core;
using Montalegre.Vdi.Broker.Agents;
using Montalegre.Vdi.Contracts.Agent.V1;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Tests.Agents;

/// <summary>An agent in the directory that answers every command at once; the real stream is tested over TLS.</summary>
internal sealed class TestAgent : IServerStreamWriter<BrokerMessage>, IDisposable
{
    private readonly ConcurrentQueue<Command> _commands = new();
    private readonly bool _ok;
    private AgentStream? _stream;
    private AgentDirectory? _directory;

    private TestAgent(bool ok) => _ok = ok;

    public IReadOnlyCollection<Command> Commands => _commands;

    public WriteOptions? WriteOptions { get; set; }

    public static TestAgent Connect(AgentDirectory directory, MachineId machine, bool ok = true)
    {
        var agent = new TestAgent(ok) { _directory = directory };
        agent._stream = new AgentStream(machine, "boot", "127.0.0.1", agent, TimeProvider.System);
        directory.Admit(agent._stream);
        return agent;
    }

    public Task WriteAsync(BrokerMessage message)
    {
        _commands.Enqueue(message.Command);
        _stream!.Answer(new CommandResult { CommandId = message.Command.CommandId, Ok = _ok, Error = _ok ? "" : "no such account" });
        return Task.CompletedTask;
    }

    public Task WriteAsync(BrokerMessage message, CancellationToken cancellationToken) => WriteAsync(message);

    public void Dispose()
    {
        _directory!.Leave(_stream!);
        _stream!.Dispose();
    }
}
