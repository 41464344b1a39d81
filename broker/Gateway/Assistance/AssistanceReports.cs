using System.Threading.Channels;
using Montalegre.Vdi.Contracts.Gateway.V1;

namespace Montalegre.Vdi.Gateway.Assistance;

/// <summary>What the broker is to be told of assistances, in order, kept while it is away up to a bound.</summary>
internal sealed class AssistanceReports
{
    private const int MostWaiting = 1000;

    private readonly Channel<AssistanceNews> _waiting = Channel.CreateBounded<AssistanceNews>(
        new BoundedChannelOptions(MostWaiting) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });

    public ChannelReader<AssistanceNews> Waiting => _waiting.Reader;

    public void Answered(string id, bool granted) => _waiting.Writer.TryWrite(new AssistanceNews.Answered(id, granted));

    public void Over(string id, AssistanceEnd end) => _waiting.Writer.TryWrite(new AssistanceNews.Over(id, end));
}
