using Inferometer.Compression.Memory;
using Inferometer.Core;

namespace Inferometer.Compression.Tests.Memory;

public sealed class MemoryManagerTests
{
    private long _used = 100;
    private int _collections;

    [Fact]
    public void A_computation_that_cannot_fit_is_refused_before_it_starts()
    {
        MemoryManager manager = Manager();
        using (manager.ManagedComputation("first", 500))
        {
            string message = Assert.Throws<InferometerException>(() => manager.ManagedComputation("second", 401)).Message;
            Assert.Contains("second needs 401 bytes", message, StringComparison.Ordinal);
            using IDisposable fitting = manager.ManagedComputation("third", 400);
            Assert.Equal((900, 2, 1), (manager.Usage.ReservedBytes, manager.Usage.ActiveComputations, manager.Usage.Refusals));
        }

        Assert.Equal((0, 0), (manager.Usage.ReservedBytes, manager.Usage.ActiveComputations));
        using IDisposable later = manager.ManagedComputation("later", 900);
    }

    [Fact]
    public void Memory_is_cleaned_up_when_a_computation_leaves_more_than_the_threshold_in_use()
    {
        MemoryManager manager = Manager();
        using (manager.ManagedComputation())
        {
            _used = 800;
        }

        Assert.Equal(0, _collections);
        using (manager.ManagedComputation())
        {
            _used = 801;
        }

        Assert.Equal((1, 1), (_collections, manager.Usage.Cleanups));
        Assert.Equal(801, manager.Usage.PeakBytes);
    }

    [Fact]
    public void Disposing_twice_releases_once()
    {
        MemoryManager manager = Manager();
        IDisposable computation = manager.ManagedComputation("one", 300);
        computation.Dispose();
        computation.Dispose();
        Assert.Equal((0, 0), (manager.Usage.ReservedBytes, manager.Usage.ActiveComputations));
    }

    [Theory]
    [InlineData(0, 1000)]
    [InlineData(1.01, 1000)]
    [InlineData(0.5, 0)]
    public void A_threshold_or_limit_out_of_range_is_refused(double threshold, long limit) =>
        Assert.Throws<InferometerException>(() => new MemoryManager(threshold, limit));

    private MemoryManager Manager() => new(0.8, 1000, () => _used, () => _collections++);
}
