using ILGPU;
using ILGPU.Runtime;
using Inferometer.Core.Models;
using Inferometer.Gpu.Devices;
using Inferometer.Gpu.Kernels;

namespace Inferometer.Gpu.Execution;

/// <summary>
/// Keys and values in device memory, a pool of pages of 16 tokens for each layer: in half precision, or rounded to bytes with a scale in
/// half precision for every 32.
/// </summary>
internal sealed class GpuKvCache : IDisposable
{
    private readonly MemoryBuffer1D<ushort, Stride1D.Dense>[] _keys;
    private readonly MemoryBuffer1D<ushort, Stride1D.Dense>[] _values;
    private readonly int[] _numbers; // of a page
    private readonly int[] _lengths;

    /// <summary>Takes the memory.</summary>
    public GpuKvCache(GpuDevice device, ModelArchitecture architecture, int blockCount, bool isRounded)
    {
        (BlockCount, IsRounded) = (blockCount, isRounded);
        _numbers = [.. architecture.Layers.Select(layer => Numbers((AttentionMixer)layer.Mixer!))];
        _lengths = [.. _numbers.Select(numbers => isRounded ? numbers / 2 : numbers)];
        _keys = [.. _numbers.Select(Allocate)];
        _values = [.. _numbers.Select(Allocate)];

        MemoryBuffer1D<ushort, Stride1D.Dense> Allocate(int numbers) => device.Accelerator.Allocate1D<ushort>(
            blockCount * (isRounded ? (numbers / 2L) + (numbers / QuantBlock.Width) : numbers));
    }

    /// <summary>Pages of a layer.</summary>
    public int BlockCount { get; }

    /// <summary>Whether numbers are bytes with scales.</summary>
    public bool IsRounded { get; }

    /// <summary>Bytes held.</summary>
    public long Bytes => _keys.Concat(_values).Sum(buffer => buffer.LengthInBytes);

    /// <summary>Keys of a layer.</summary>
    public ArrayView<ushort> Keys(int layer) => Pages(_keys, layer);

    /// <summary>Values of a layer.</summary>
    public ArrayView<ushort> Values(int layer) => Pages(_values, layer);

    /// <summary>Scales of the keys of a layer; the keys where there are no scales.</summary>
    public ArrayView<ushort> KeyScales(int layer) => IsRounded ? Scales(_keys, layer) : Keys(layer);

    /// <summary>Scales of the values of a layer; the values where there are no scales.</summary>
    public ArrayView<ushort> ValueScales(int layer) => IsRounded ? Scales(_values, layer) : Values(layer);

    /// <summary>Copies a page of every layer.</summary>
    public void CopyBlock(int source, int destination)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)source, (uint)BlockCount, nameof(source));
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)destination, (uint)BlockCount, nameof(destination));
        for (int layer = 0; layer < _keys.Length; layer++)
        {
            Copy(Keys(layer), _lengths[layer], source, destination);
            Copy(Values(layer), _lengths[layer], source, destination);
            if (IsRounded)
            {
                Copy(KeyScales(layer), _numbers[layer] / QuantBlock.Width, source, destination);
                Copy(ValueScales(layer), _numbers[layer] / QuantBlock.Width, source, destination);
            }
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

    private static int Numbers(AttentionMixer mixer) => mixer.KvHeads * AttentionKernels.PageTokens * mixer.HeadDim;

    private static void Copy(ArrayView<ushort> pages, int length, int source, int destination) =>
        pages.SubView((long)source * length, length).CopyTo(pages.SubView((long)destination * length, length));

    private ArrayView<ushort> Pages(MemoryBuffer1D<ushort, Stride1D.Dense>[] buffers, int layer) =>
        buffers[layer].AsContiguous().SubView(0, (long)BlockCount * _lengths[layer]);

    private ArrayView<ushort> Scales(MemoryBuffer1D<ushort, Stride1D.Dense>[] buffers, int layer)
    {
        ArrayView<ushort> all = buffers[layer].AsContiguous();
        long start = (long)BlockCount * _lengths[layer];
        return all.SubView(start, all.Length - start);
    }
}
