using Inferometer.Core.Models;
using Inferometer.Inference.Kernels;
using Inferometer.Inference.Kernels.Attention;

namespace Inferometer.Inference.Execution;

/// <summary>
/// Keys and values of all sequences in blocks of 16 tokens from one pool, per layer. Keys are stored rotated. Which sequence owns which
/// block is the scheduler's business: here a block is a number. Memory is taken once, on construction.
/// </summary>
/// <remarks>
/// Layout per layer, keys and values apart: [block][head][slot][channel], so that the tokens of one head lie together.
/// Not thread-safe: a step owns the cache while it runs, and blocks are copied between steps.
/// </remarks>
public sealed unsafe class PagedKvCache : IDisposable
{
    /// <summary>Tokens per block.</summary>
    public const int BlockSize = 16;

    private readonly NativeBuffer[] _keys;
    private readonly NativeBuffer[] _values;
    private readonly KvLayerShape[] _shapes;

    /// <summary>Takes the memory of the pool.</summary>
    /// <param name="architecture">The model whose keys and values are kept; every layer must be softmax attention.</param>
    /// <param name="blockCount">Blocks, at least 1.</param>
    /// <param name="element">Number format.</param>
    /// <param name="groupedHeads">True: one copy per key/value head. False: one per query head, as multi-head attention without grouping has.</param>
    /// <exception cref="OutOfMemoryException">The system has not that much.</exception>
    public PagedKvCache(ModelArchitecture architecture, int blockCount, KvElement element = KvElement.F16, bool groupedHeads = true)
    {
        ArgumentNullException.ThrowIfNull(architecture);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(blockCount);
        (BlockCount, Element, GroupedHeads) = (blockCount, element, groupedHeads);
        _shapes = KvLayerShape.Of(architecture, groupedHeads);
        _keys = [.. _shapes.Select(shape => new NativeBuffer(blockCount * BlockBytes(shape.Heads * shape.KeyWidth)))];
        _values = [.. _shapes.Select(shape => new NativeBuffer(blockCount * BlockBytes(shape.Heads * shape.ValueWidth)))];
    }

    /// <summary>Blocks in the pool.</summary>
    public int BlockCount { get; }

    /// <summary>Number format.</summary>
    public KvElement Element { get; }

    /// <summary>Whether query heads of a group share their keys and values.</summary>
    public bool GroupedHeads { get; }

    /// <summary>Bytes of the whole pool.</summary>
    public long MemoryBytes => _keys.Sum(buffer => buffer.ByteCount) + _values.Sum(buffer => buffer.ByteCount);

    /// <summary>Bytes one block takes over all layers: what the pool's size is divided by.</summary>
    public static long BytesPerBlock(ModelArchitecture architecture, KvElement element = KvElement.F16, bool groupedHeads = true)
    {
        ArgumentNullException.ThrowIfNull(architecture);
        return KvLayerShape.Of(architecture, groupedHeads).Sum(shape => (long)shape.Heads * (shape.KeyWidth + shape.ValueWidth))
            * BlockSize * ElementBytes(element);
    }

    /// <summary>Copies one block onto another in every layer: what copy-on-write of a shared block needs.</summary>
    /// <param name="source">Block to read.</param>
    /// <param name="destination">Block to overwrite.</param>
    public void CopyBlock(int source, int destination)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)source, (uint)BlockCount, nameof(source));
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)destination, (uint)BlockCount, nameof(destination));
        for (int layer = 0; layer < _shapes.Length; layer++)
        {
            CopyBlock(_keys[layer], source, destination);
            CopyBlock(_values[layer], source, destination);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (NativeBuffer buffer in _keys.Concat(_values))
        {
            buffer.Dispose();
        }
    }

    /// <summary>Heads and widths of a layer as stored.</summary>
    internal KvLayerShape ShapeOf(int layer) => _shapes[layer];

    /// <summary>First key of a layer.</summary>
    internal byte* Keys(int layer) => _keys[layer].Address;

    /// <summary>First value of a layer.</summary>
    internal byte* Values(int layer) => _values[layer].Address;

    /// <summary>Whether this cache is laid out as a model's layers need it.</summary>
    internal bool HasLayout(ReadOnlySpan<KvLayerShape> shapes) => shapes.SequenceEqual(_shapes);

    /// <summary>Stores one token's keys and values of one layer.</summary>
    /// <param name="layer">Layer.</param>
    /// <param name="slot">Block x block size + place in the block.</param>
    /// <param name="keys">Rotated keys, [KV heads, width].</param>
    /// <param name="values">Values, [KV heads, width].</param>
    internal void Store(int layer, int slot, ReadOnlySpan<float> keys, ReadOnlySpan<float> values)
    {
        KvLayerShape shape = _shapes[layer];
        Store(_keys[layer].Address, slot, keys, shape.Heads, shape.KeyWidth, shape.CopiesPerHead);
        Store(_values[layer].Address, slot, values, shape.Heads, shape.ValueWidth, shape.CopiesPerHead);
    }

    private void CopyBlock(NativeBuffer buffer, int source, int destination)
    {
        long bytes = buffer.ByteCount / BlockCount;
        Buffer.MemoryCopy(buffer.Address + (source * bytes), buffer.Address + (destination * bytes), bytes, bytes);
    }

    private void Store(byte* layer, int slot, ReadOnlySpan<float> rows, int heads, int width, int copies)
    {
        (int block, int place) = Math.DivRem(slot, BlockSize);
        for (int head = 0; head < heads; head++)
        {
            ReadOnlySpan<float> row = rows.Slice(head / copies * width, width);
            long offset = ((((long)block * heads) + head) * BlockSize + place) * width;
            if (Element == KvElement.F32)
            {
                row.CopyTo(new Span<float>((float*)layer + offset, width));
            }
            else
            {
                Half* target = (Half*)layer + offset;
                for (int i = 0; i < row.Length; i++)
                {
                    target[i] = (Half)row[i];
                }
            }
        }
    }

    private long BlockBytes(int width) => (long)width * BlockSize * ElementBytes(Element);

    private static int ElementBytes(KvElement element) => element == KvElement.F32 ? sizeof(float) : 2;
}
