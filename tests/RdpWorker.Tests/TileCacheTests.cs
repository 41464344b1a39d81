using Montalegre.Vdi.RdpWorker.Pictures;

namespace Montalegre.Vdi.RdpWorker.Tests;

public sealed class TileCacheTests
{
    [Fact]
    public void The_least_recently_used_tile_makes_room()
    {
        var cache = new TileCache(3);
        foreach (var key in new ulong[] { 10, 11, 12 }) Assert.NotNull(cache.Store(key));
        Assert.True(cache.TryFind(10, out var slot));
        Assert.Equal(0, slot);
        Assert.Equal((ushort)1, cache.Store(13));       // in the place of 11
        Assert.False(cache.TryFind(11, out _));
        Assert.True(cache.TryFind(10, out _));
        Assert.True(cache.TryFind(12, out _));
        Assert.Equal((ushort)1, cache.Store(14));       // 13 was used least recently now
        Assert.False(cache.TryFind(13, out _));
    }

    [Fact]
    public void A_browser_without_a_cache_gets_none() => Assert.Null(new TileCache(0).Store(1));
}
