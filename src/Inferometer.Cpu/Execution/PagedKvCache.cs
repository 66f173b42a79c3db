using Inferometer.Core.Models;
using Inferometer.Cpu.Kernels;
using Inferometer.Cpu.Kernels.Attention;
using Inferometer.Cpu.States;
using Inferometer.Runners;

namespace Inferometer.Cpu.Execution;

/// <summary>
/// Keys and values as they are, one pool of pages per layer. Keys are stored rotated. Memory is taken once, on construction.
/// </summary>
/// <remarks>Not thread-safe: a step owns the cache while it runs, and blocks are copied between steps.</remarks>
public sealed unsafe class PagedKvCache : KvCache
{
    private readonly NativeBuffer[] _layers;
    private readonly KvCodec?[] _codecs;

    /// <summary>Takes the memory of the pool.</summary>
    /// <param name="architecture">The model whose keys and values are kept; layers are softmax attention, or keep a state.</param>
    /// <param name="blockCount">Blocks, at least 1.</param>
    /// <param name="element">Number format.</param>
    /// <param name="groupedHeads">True: one copy per key/value head. False: one per query head, as multi-head attention without grouping
    /// has.</param>
    /// <param name="stateSlots">States at once, of layers that keep one; 0 = one for every block.</param>
    /// <exception cref="OutOfMemoryException">The system has not that much.</exception>
    public PagedKvCache(ModelArchitecture architecture, int blockCount, KvElement element = KvElement.F16, bool groupedHeads = true,
        int stateSlots = 0)
        : base(architecture, blockCount, element, groupedHeads, stateSlots)
    {
        KvPageLayout[] layouts = [.. Enumerable.Range(0, LayerCount).Select(LayoutOf)];
        _codecs = [.. layouts.Zip(architecture.Layers, Codec)];
        _layers = [.. layouts.Select(layout => new NativeBuffer(blockCount * layout.PageBytes))];
    }

    /// <summary>Bytes of the whole pool.</summary>
    public override long MemoryBytes => _layers.Sum(layer => layer.ByteCount) + (States?.MemoryBytes ?? 0);

    /// <summary>Bytes one block takes over all layers: what the pool's size is divided by.</summary>
    public static long BytesPerBlock(ModelArchitecture architecture, KvElement element = KvElement.F16, bool groupedHeads = true)
    {
        ArgumentNullException.ThrowIfNull(architecture);
        return Layouts(architecture, element, groupedHeads).Sum(layout => layout.PageBytes);
    }

    /// <summary>Bytes of one state over all layers that keep one; 0 where none does.</summary>
    public static long BytesPerState(ModelArchitecture architecture)
    {
        ArgumentNullException.ThrowIfNull(architecture);
        return StateLayout.Of(architecture)?.Bytes ?? 0;
    }

    /// <inheritdoc/>
    public override void CopyBlock(int source, int destination)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)source, (uint)BlockCount, nameof(source));
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)destination, (uint)BlockCount, nameof(destination));
        for (int layer = 0; layer < _layers.Length; layer++)
        {
            long bytes = LayoutOf(layer).PageBytes;
            Buffer.MemoryCopy(Page(layer, source), Page(layer, destination), bytes, bytes);
        }

        States?.CopyBlock(source, destination);
    }

    /// <inheritdoc/>
    public override void Store(int layer, int slot, ReadOnlySpan<float> keys, ReadOnlySpan<float> values)
    {
        (int block, int place) = Math.DivRem(slot, BlockSize);
        LayoutOf(layer).StoreToken(Page(layer, block), place, keys, values);
    }

    /// <inheritdoc/>
    public override void AddTo(AttentionBatch batch, int layer, int index, int firstRow, SequenceSlice slice)
    {
        ArgumentNullException.ThrowIfNull(batch);
        ArgumentNullException.ThrowIfNull(slice);
        batch.AddSequence(
            firstRow, slice.Tokens.Length, slice.PastTokens, _codecs[layer]!, _layers[layer].Address, LayoutOf(layer).PageBytes,
                slice.BlockTable);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        foreach (NativeBuffer layer in _layers)
        {
            layer.Dispose();
        }
    }

    private static KvCodec? Codec(KvPageLayout layout, LayerArchitecture layer) => layer.Mixer switch
    {
        AttentionMixer when layout.KvHeads == 0 => null,
        LatentAttentionMixer latent => new LatentKvCodec(layout, latent.KvRank),
        AttentionMixer { ReusesCache: false } => new ExactKvCodec(layout),
        _ => null,
    };

    private byte* Page(int layer, int block) => _layers[layer].Address + (block * LayoutOf(layer).PageBytes);
}
