using ILGPU;
using ILGPU.Runtime;
using Inferometer.Gpu.Devices;

namespace Inferometer.Gpu.Tests.Execution;

/// <summary>Arrays of the host arrive whole on the device and back.</summary>
public sealed class HostCopyTests
{
    // Young arrays with garbage between them move at every collection; a copy of a megabyte takes long enough to meet some.
    [Fact]
    public void What_the_collector_moves_meanwhile_arrives()
    {
        const int length = 20_000, rounds = 300;
        using GpuDevice device = GpuDevice.OpenEmulated();
        using MemoryBuffer1D<int, Stride1D.Dense> buffer = device.Accelerator.Allocate1D<int>(length);
        ArrayView<int> view = buffer.AsContiguous();
        using CancellationTokenSource end = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        Thread collector = new(() =>
        {
            while (!end.IsCancellationRequested)
            {
                GC.Collect(0, GCCollectionMode.Forced, blocking: true, compacting: true);
                Thread.Yield();
            }
        });
        collector.Start();
        int lost = 0;
        try
        {
            for (int round = 1; round <= rounds; round++)
            {
                _ = new byte[1_000 + (round % 7 * 300)];
                int[] source = new int[length], target = new int[length];
                Array.Fill(source, round);
                view.Fill<int>(source);
                view.Fetch(target);
                lost += target.AsSpan().IndexOfAnyExcept(round) < 0 ? 0 : 1;
            }
        }
        finally
        {
            end.Cancel();
            collector.Join();
        }

        Assert.Equal(0, lost);
    }

    [Fact]
    public void Nothing_is_copied_of_nothing()
    {
        using GpuDevice device = GpuDevice.OpenEmulated();
        using MemoryBuffer1D<int, Stride1D.Dense> buffer = device.Accelerator.Allocate1D([7]);
        ArrayView<int> view = buffer.AsContiguous();
        view.Fill<int>([]);
        view.Fetch([]);
        int[] found = new int[1];
        view.Fetch(found);
        Assert.Equal([7], found);
    }
}
