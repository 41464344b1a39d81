using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace Montalegre.Vdi.Broker.Storage;

/// <summary>One subscriber's own bounded queue. When it is slow its queue is thrown away and it is told so.</summary>
internal sealed class ChangeSubscription
{
    private const int LongestQueue = 64;   // batches: some seconds of a busy morning
    private readonly Channel<ChangeBatch> _queue = Channel.CreateBounded<ChangeBatch>(new BoundedChannelOptions(LongestQueue) { SingleReader = true });
    private int _lost;

    public void Offer(ChangeBatch batch)
    {
        if (batch.Lost || !_queue.Writer.TryWrite(batch))
        {
            Volatile.Write(ref _lost, 1);
            _queue.Writer.TryWrite(ChangeBatch.SomeWereLost);   // wakes a reader whose queue is empty
        }
    }

    public async IAsyncEnumerable<ChangeBatch> ReadAsync([EnumeratorCancellation] CancellationToken ct)
    {
        while (await _queue.Reader.WaitToReadAsync(ct))
        {
            if (Interlocked.Exchange(ref _lost, 0) == 1)
            {
                // The flag is cleared first: what arrives from now on is kept, what is thrown away is covered by the snapshot.
                while (_queue.Reader.TryRead(out _)) { }
                yield return ChangeBatch.SomeWereLost;
            }
            else if (_queue.Reader.TryRead(out var batch))
            {
                yield return batch;
            }
        }
    }
}
