using Inferometer.Core.Hardware;

namespace Inferometer.Core.Tests.Hardware;

public sealed class DeviceCacheTests
{
    private const double Memory = 50e9;

    [Fact]
    public void What_fits_comes_from_the_cache_and_what_is_far_too_large_from_memory()
    {
        DeviceCache cache = new(32e6, 200e9);
        Assert.Equal(200e9, cache.BandwidthOf(4e6, Memory), 0.01 * 200e9);
        Assert.Equal(Memory, cache.BandwidthOf(1e9, Memory), 0.01 * Memory);
    }

    [Fact]
    public void At_its_size_the_time_of_a_byte_is_halfway_between_both()
    {
        DeviceCache cache = new(32e6, 200e9);
        Assert.Equal(2 / ((1 / 200e9) + (1 / Memory)), cache.BandwidthOf(32e6, Memory), 1);
    }
}
