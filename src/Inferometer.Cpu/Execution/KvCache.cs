using Inferometer.Core.Models;
using Inferometer.Cpu.Kernels.Attention;
using Inferometer.Cpu.States;
using Inferometer.Cpu.Threading;
using Inferometer.Runners;

namespace Inferometer.Cpu.Execution;

/// <summary>
/// Keys and values of all sequences in blocks of 16 tokens. Which sequence owns which block is the scheduler's business: here a block is a
/// number. How a block is stored is the implementation's: exact (<see cref="PagedKvCache"/>) or compressed once it has aged.
/// </summary>
/// <remarks>
/// A step owns the cache while it runs; <see cref="Store"/> is then called from several threads, everything else from one.
/// </remarks>
public abstract class KvCache : IDisposable
{
    /// <summary>Tokens per block.</summary>
    public const int BlockSize = KvPageLayout.PageTokens;

    private readonly KvPageLayout[] _layouts;

    /// <summary>Settles the shapes of a model's keys and values.</summary>
    /// <param name="architecture">The model; layers are softmax attention, or keep a state.</param>
    /// <param name="blockCount">Blocks, at least 1.</param>
    /// <param name="element">Number format of exact keys and values.</param>
    /// <param name="groupedHeads">True: one copy per key/value head. False: one per query head.</param>
    /// <param name="stateSlots">States at once, of layers that keep one; 0 = one for every block.</param>
    /// <exception cref="Core.InferometerException">There is no way to keep what a layer remembers.</exception>
    protected KvCache(ModelArchitecture architecture, int blockCount, KvElement element, bool groupedHeads, int stateSlots = 0)
    {
        ArgumentNullException.ThrowIfNull(architecture);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(blockCount);
        (BlockCount, Element, GroupedHeads) = (blockCount, element, groupedHeads);
        _layouts = Layouts(architecture, element, groupedHeads);
        States = StateLayout.Of(architecture) is { } states
            ? new StateCache(states, blockCount, stateSlots > 0 ? stateSlots : blockCount, BlockSize)
            : null;
    }

    /// <summary>States of layers without keys and values; null where there are none.</summary>
    internal StateCache? States { get; }

    /// <summary>Blocks in the pool.</summary>
    public int BlockCount { get; }

    /// <summary>Number format of exact keys and values.</summary>
    public KvElement Element { get; }

    /// <summary>Whether query heads of a group share their keys and values.</summary>
    public bool GroupedHeads { get; }

    /// <summary>Layers.</summary>
    public int LayerCount => _layouts.Length;

    /// <summary>Bytes held.</summary>
    public abstract long MemoryBytes { get; }

    /// <summary>Copies one block onto another in every layer: what copy-on-write of a shared block needs.</summary>
    /// <param name="source">Block to read.</param>
    /// <param name="destination">Block to overwrite.</param>
    public abstract void CopyBlock(int source, int destination);

    /// <summary>Layout of a layer's exact pages.</summary>
    public KvPageLayout LayoutOf(int layer) => _layouts[layer];

    /// <summary>Called before the first layer of a step stores anything.</summary>
    public virtual void BeginStep(ForwardBatch batch)
    {
    }

    /// <summary>Stores one token's rotated keys and values of one layer.</summary>
    /// <param name="layer">Layer.</param>
    /// <param name="slot">Block x block size + place in the block.</param>
    /// <param name="keys">[heads of the layout, width].</param>
    /// <param name="values">[heads of the layout, width].</param>
    public abstract void Store(int layer, int slot, ReadOnlySpan<float> keys, ReadOnlySpan<float> values);

    /// <summary>Adds a sequence of the step to an attention batch over one layer, after its new tokens were stored.</summary>
    /// <param name="batch">Batch to add to.</param>
    /// <param name="layer">Layer.</param>
    /// <param name="index">Index of the sequence in the step's batch.</param>
    /// <param name="firstRow">Row of its first query token in the step.</param>
    /// <param name="slice">The sequence.</param>
    public abstract void AddTo(AttentionBatch batch, int layer, int index, int firstRow, SequenceSlice slice);

    /// <summary>Called after the last layer of a step.</summary>
    /// <param name="batch">What the step computed.</param>
    /// <param name="pool">The model's threads, which have nothing else to do meanwhile.</param>
    public virtual void EndStep(ForwardBatch batch, WorkerPool pool)
    {
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        States?.Dispose();
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Pages of each layer of a model.</summary>
    /// <remarks>
    /// A layer that keeps a state, or reads the pages of another, has pages of no heads: so have all layers of an encoder but the first.
    /// </remarks>
    /// <exception cref="Core.InferometerException">There is no way to keep what a layer remembers.</exception>
    internal static KvPageLayout[] Layouts(ModelArchitecture architecture, KvElement element, bool groupedHeads)
    {
        var layouts = new KvPageLayout[architecture.LayerCount];
        for (int layer = 0; layer < layouts.Length; layer++)
        {
            layouts[layer] = architecture.Layers[layer].Mixer switch
            {
                AttentionMixer { ReusesCache: true } => new KvPageLayout(0, 1, 1, element),
                AttentionMixer when architecture.IsEncoder && layer > 0 => new KvPageLayout(0, 1, 1, element),
                AttentionMixer m => new KvPageLayout(groupedHeads ? m.KvHeads : m.Heads, m.HeadDim, m.ValueHeadDim, element),
                LatentAttentionMixer m => new KvPageLayout(1, m.KvRank + m.RopeHeadDim, 0, element),
                GatedDeltaMixer or MambaMixer or RecurrentMixer or null => new KvPageLayout(0, 1, 1, element),
                { } other => throw new Core.InferometerException(
                    $"{architecture.Name}: there is no cache for layer {layer}, a {other.GetType().Name}."),
            };
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

    /// <summary>Releases what the cache holds.</summary>
    protected abstract void Dispose(bool disposing);
}
