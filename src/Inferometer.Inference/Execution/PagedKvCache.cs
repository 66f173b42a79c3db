using Inferometer.Core.Models;
using Inferometer.Inference.Kernels;
using Inferometer.Inference.Kernels.Attention;

namespace Inferometer.Inference.Execution;

/// <summary>
/// Keys and values of all sequences in blocks of 16 tokens from one pool, per layer. Keys are stored rotated. Which sequence owns which
/// block is the scheduler's business: here a block is a number. Memory is taken once, on construction.
/// </summary>
/// <remarks>Not thread-safe: a step owns the cache while it runs, and blocks are copied between steps.</remarks>
public sealed unsafe class PagedKvCache : IDisposable
{
    /// <summary>Tokens per block.</summary>
    public const int BlockSize = KvPageLayout.PageTokens;

    private readonly NativeBuffer[] _layers;
    private readonly KvPageLayout[] _layouts;
    private readonly ExactKvCodec[] _codecs;

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
        _layouts = Layouts(architecture, element, groupedHeads);
        _codecs = [.. _layouts.Select(layout => new ExactKvCodec(layout))];
        _layers = [.. _layouts.Select(layout => new NativeBuffer(blockCount * layout.PageBytes))];
    }

    /// <summary>Blocks in the pool.</summary>
    public int BlockCount { get; }

    /// <summary>Number format.</summary>
    public KvElement Element { get; }

    /// <summary>Whether query heads of a group share their keys and values.</summary>
    public bool GroupedHeads { get; }

    /// <summary>Bytes of the whole pool.</summary>
    public long MemoryBytes => _layers.Sum(layer => layer.ByteCount);

    /// <summary>Bytes one block takes over all layers: what the pool's size is divided by.</summary>
    public static long BytesPerBlock(ModelArchitecture architecture, KvElement element = KvElement.F16, bool groupedHeads = true)
    {
        ArgumentNullException.ThrowIfNull(architecture);
        return Layouts(architecture, element, groupedHeads).Sum(layout => layout.PageBytes);
    }

    /// <summary>Copies one block onto another in every layer: what copy-on-write of a shared block needs.</summary>
    /// <param name="source">Block to read.</param>
    /// <param name="destination">Block to overwrite.</param>
    public void CopyBlock(int source, int destination)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)source, (uint)BlockCount, nameof(source));
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)destination, (uint)BlockCount, nameof(destination));
        for (int layer = 0; layer < _layers.Length; layer++)
        {
            long bytes = _layouts[layer].PageBytes;
            Buffer.MemoryCopy(Page(layer, source), Page(layer, destination), bytes, bytes);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (NativeBuffer layer in _layers)
        {
            layer.Dispose();
        }
    }

    /// <summary>Pages of each layer of a model.</summary>
    /// <exception cref="ArgumentException">A layer is not softmax attention.</exception>
    internal static KvPageLayout[] Layouts(ModelArchitecture architecture, KvElement element, bool groupedHeads)
    {
        var layouts = new KvPageLayout[architecture.LayerCount];
        for (int layer = 0; layer < layouts.Length; layer++)
        {
            if (architecture.Layers[layer].Mixer is not AttentionMixer mixer)
            {
                throw new ArgumentException($"layer {layer} of {architecture.Name} keeps no keys and values of softmax attention", nameof(architecture));
            }

            layouts[layer] = new KvPageLayout(groupedHeads ? mixer.KvHeads : mixer.Heads, mixer.HeadDim, mixer.ValueHeadDim, element);
        }

        return layouts;
    }

    /// <summary>Whether this cache holds the heads that a model's layers write.</summary>
    internal bool Holds(ReadOnlySpan<KvPageLayout> layouts)
    {
        if (layouts.Length != _layouts.Length)
        {
            return false;
        }

        for (int layer = 0; layer < layouts.Length; layer++)
        {
            KvPageLayout mine = _layouts[layer], other = layouts[layer];
            if ((mine.KvHeads, mine.KeyDim, mine.ValueDim) != (other.KvHeads, other.KeyDim, other.ValueDim))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Layout of a layer's pages.</summary>
    internal KvPageLayout LayoutOf(int layer) => _layouts[layer];

    /// <summary>Adds a sequence to an attention batch over one layer.</summary>
    internal void AddTo(AttentionBatch batch, int layer, int firstRow, SequenceSlice slice) => batch.AddSequence(
        firstRow, slice.Tokens.Length, slice.PastTokens, _codecs[layer], _layers[layer].Address, _layouts[layer].PageBytes, slice.BlockTable);

    /// <summary>Stores one token's rotated keys and values of one layer.</summary>
    /// <param name="layer">Layer.</param>
    /// <param name="slot">Block x block size + place in the block.</param>
    /// <param name="keys">[heads of the layout, width].</param>
    /// <param name="values">[heads of the layout, width].</param>
    internal void Store(int layer, int slot, ReadOnlySpan<float> keys, ReadOnlySpan<float> values)
    {
        (int block, int place) = Math.DivRem(slot, BlockSize);
        _layouts[layer].StoreToken(Page(layer, block), place, keys, values);
    }

    private byte* Page(int layer, int block) => _layers[layer].Address + (block * _layouts[layer].PageBytes);
}
