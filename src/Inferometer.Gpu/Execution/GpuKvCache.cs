using ILGPU;
using ILGPU.Runtime;
using Inferometer.Core.Models;
using Inferometer.Gpu.Devices;
using Inferometer.Gpu.Kernels;

namespace Inferometer.Gpu.Execution;

/// <summary>Keys and values in half precision in device memory, a pool of pages of 16 tokens for each layer.</summary>
internal sealed class GpuKvCache : IDisposable
{
    private readonly MemoryBuffer1D<ushort, Stride1D.Dense>[] _keys;
    private readonly MemoryBuffer1D<ushort, Stride1D.Dense>[] _values;
    private readonly int[] _pageLengths;

    /// <summary>Takes the memory.</summary>
    public GpuKvCache(GpuDevice device, ModelArchitecture architecture, int blockCount)
    {
        BlockCount = blockCount;
        _pageLengths = [.. architecture.Layers.Select(layer => PageLength((AttentionMixer)layer.Mixer!))];
        _keys = [.. _pageLengths.Select(length => device.Accelerator.Allocate1D<ushort>((long)length * blockCount))];
        _values = [.. _pageLengths.Select(length => device.Accelerator.Allocate1D<ushort>((long)length * blockCount))];
    }

    /// <summary>Pages of a layer.</summary>
    public int BlockCount { get; }

    /// <summary>Bytes held.</summary>
    public long Bytes => _keys.Concat(_values).Sum(buffer => buffer.LengthInBytes);

    /// <summary>Bytes of a block over all layers.</summary>
    public static long BytesPerBlock(ModelArchitecture architecture) =>
        architecture.Layers.Sum(layer => 2L * sizeof(ushort) * PageLength((AttentionMixer)layer.Mixer!));

    /// <summary>Keys of a layer.</summary>
    public ArrayView<ushort> Keys(int layer) => _keys[layer].AsContiguous();

    /// <summary>Values of a layer.</summary>
    public ArrayView<ushort> Values(int layer) => _values[layer].AsContiguous();

    /// <summary>Copies a page of every layer.</summary>
    public void CopyBlock(int source, int destination)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)source, (uint)BlockCount, nameof(source));
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)destination, (uint)BlockCount, nameof(destination));
        for (int layer = 0; layer < _keys.Length; layer++)
        {
            Copy(Keys(layer), _pageLengths[layer], source, destination);
            Copy(Values(layer), _pageLengths[layer], source, destination);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (MemoryBuffer1D<ushort, Stride1D.Dense> buffer in _keys.Concat(_values))
        {
            buffer.Dispose();
        }
    }

    private static int PageLength(AttentionMixer mixer) => mixer.KvHeads * AttentionKernels.PageTokens * mixer.HeadDim;

    private static void Copy(ArrayView<ushort> pages, int length, int source, int destination) =>
        pages.SubView((long)source * length, length).CopyTo(pages.SubView((long)destination * length, length));
}
