using System.Runtime.InteropServices;
using Inferometer.Compression.Codecs;
using Inferometer.Core.Models;
using Inferometer.Cpu.Execution;
using Inferometer.Cpu.Kernels;
using Inferometer.Cpu.Kernels.Attention;
using Inferometer.Cpu.Threading;
using Inferometer.Runners;

namespace Inferometer.Compression.Cache;

/// <summary>
/// A cache whose blocks are exact while they are new and stored compressed once they have aged: every block has a compressed page, and few
/// exact pages are shared by the blocks that are written to, hold sink tokens, or lie within the recent window of a sequence. Attention
/// runs one softmax over both kinds. </summary> <remarks> A block shared by several sequences is compressed as soon as it is old for one of
/// them. When exact pages run short, blocks that no sequence of the step uses are compressed first, then the oldest of those in use. A
/// compressed block that is written to again becomes exact with what was kept of it. Not thread-safe. </remarks>
public sealed unsafe class CompressedKvCache : KvCache
{
    private readonly CompressedKvCodec[] _codecs;
    private readonly ExactKvCodec[] _exactCodecs;
    private readonly NativeBuffer[] _compressed;
    private readonly ExactPagePool _exact;
    private readonly PageConversion[] _conversions;
    private readonly BlockState[] _blocks;
    private readonly StepStretches _stretches = new();
    private readonly List<int> _aging;
    private readonly AgingWork _agingWork;
    private long _step;

    /// <summary>Takes the memory of both pools.</summary>
    /// <param name="architecture">The model.</param>
    /// <param name="codecs">How each layer is stored compressed.</param>
    /// <param name="blockCount">Blocks, at least 1.</param>
    /// <param name="exactPages">Exact pages, see <see cref="ExactWindow.PagesFor"/>; no more than <paramref name="blockCount"/> are
    /// taken.</param>
    /// <param name="window">Tokens that stay exact.</param>
    /// <param name="element">Number format of exact pages.</param>
    /// <exception cref="ArgumentException">The codecs do not fit the model's layers.</exception>
    public CompressedKvCache(
        ModelArchitecture architecture, IReadOnlyList<CompressedKvCodec> codecs, int blockCount, int exactPages, ExactWindow window,
        KvElement element = KvElement.F16)
        : base(architecture, blockCount, element, groupedHeads: true)
    {
        ArgumentNullException.ThrowIfNull(codecs);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(exactPages);
        window.Validate();
        Window = window;
        KvPageLayout[] layouts = [.. Enumerable.Range(0, LayerCount).Select(LayoutOf)];
        if (codecs.Count != LayerCount || codecs.Zip(layouts).Any(pair => !SameShape(pair.First.Exact, pair.Second)))
        {
            throw new ArgumentException($"{codecs.Count} codecs do not fit the {LayerCount} layers of {architecture.Name}", nameof(codecs));
        }

        _codecs = [.. codecs];
        _exactCodecs = [.. layouts.Select(layout => new ExactKvCodec(layout))];
        _compressed = [.. _codecs.Select(codec => new NativeBuffer(blockCount * codec.PageBytes))];
        _exact = new ExactPagePool(layouts, Math.Min(exactPages, blockCount));
        _conversions = [.. layouts.Select((layout, layer) => new PageConversion(layout, _codecs[layer]))];
        _blocks = new BlockState[blockCount];
        Array.Fill(_blocks, new BlockState { ExactPage = -1 });
        _aging = new List<int>(blockCount);
        _agingWork = new AgingWork(this);
    }

    /// <summary>Tokens that stay exact.</summary>
    public ExactWindow Window { get; }

    /// <inheritdoc/>
    public override long MemoryBytes => _exact.MemoryBytes + _compressed.Sum(layer => layer.ByteCount);

    /// <summary>Blocks stored compressed now.</summary>
    public int CompressedBlocks => _blocks.Count(block => block.IsCompressed);

    /// <summary>Blocks stored exact now.</summary>
    public int ExactBlocks => _exact.PageCount - _exact.FreeCount;

    /// <summary>Blocks that were compressed before their time because exact pages ran short.</summary>
    public long EarlyCompressions { get; private set; }

    /// <summary>Whether a block is stored compressed.</summary>
    public bool IsCompressed(int block) => _blocks[block].IsCompressed;

    /// <inheritdoc/>
    public override void CopyBlock(int source, int destination)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)source, (uint)BlockCount, nameof(source));
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)destination, (uint)BlockCount, nameof(destination));
        if (source == destination)
        {
            return;
        }

        Release(destination);
        if (_blocks[source].IsCompressed)
        {
            for (int layer = 0; layer < LayerCount; layer++)
            {
                long bytes = _codecs[layer].PageBytes;
                Buffer.MemoryCopy(CompressedPage(layer, source), CompressedPage(layer, destination), bytes, bytes);
            }
        }
        else if (_blocks[source].ExactPage >= 0)
        {
            // Counts as written to, so that it is not compressed to make room for its own copy.
            (_blocks[source].LastStep, _blocks[source].IsWritten) = (++_step, true);
            int page = TakePage();
            _exact.Copy(_blocks[source].ExactPage, page);
            _blocks[destination] = _blocks[source] with { ExactPage = page };
            return;
        }

        _blocks[destination] = _blocks[source];
    }

    /// <inheritdoc/>
    public override void BeginStep(ForwardBatch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        _step++;
        MarkUse(batch);
        for (int i = 0; i < batch.Count; i++)
        {
            MakeWritable(batch[i]);
        }

        FindStretches(batch);
    }

    /// <inheritdoc/>
    public override void Store(int layer, int slot, ReadOnlySpan<float> keys, ReadOnlySpan<float> values)
    {
        (int block, int place) = Math.DivRem(slot, BlockSize);
        LayoutOf(layer).StoreToken(_exact.Page(layer, _blocks[block].ExactPage), place, keys, values);
    }

    /// <inheritdoc/>
    public override void AddTo(AttentionBatch batch, int layer, int index, int firstRow, SequenceSlice slice)
    {
        ArgumentNullException.ThrowIfNull(batch);
        ArgumentNullException.ThrowIfNull(slice);
        batch.BeginSequence(firstRow, slice.Tokens.Length, slice.PastTokens);
        foreach (StepStretches.Stretch stretch in _stretches.Of(index))
        {
            ReadOnlyMemory<int> pages = _stretches.PagesOf(stretch);
            if (stretch.IsCompressed)
            {
                batch.AddSegment(_codecs[layer], _compressed[layer].Address, _codecs[layer].PageBytes, pages, stretch.Tokens);
            }
            else
            {
                batch.AddSegment(_exactCodecs[layer], _exact.Base(layer), LayoutOf(layer).PageBytes, pages, stretch.Tokens);
            }
        }
    }

    /// <inheritdoc/>
    public override void EndStep(ForwardBatch batch, WorkerPool pool)
    {
        ArgumentNullException.ThrowIfNull(batch);
        ArgumentNullException.ThrowIfNull(pool);
        _aging.Clear();
        int sinks = ExactWindow.Blocks(Window.SinkTokens);
        for (int i = 0; i < batch.Count; i++)
        {
            ReadOnlySpan<int> blocks = batch[i].BlockTable.Span;
            int aged = (batch[i].PastTokens + batch[i].Tokens.Length - Window.RecentTokens) / BlockSize;
            for (int index = sinks; index < aged; index++)
            {
                if (!_blocks[blocks[index]].IsCompressed)
                {
                    _aging.Add(blocks[index]);
                }
            }
        }

        if (_aging.Count > 0)
        {
            pool.Run(_agingWork, LayerCount);
            foreach (int block in _aging)
            {
                // Named twice where sequences share it; only now, so that a codec that fails leaves all blocks as they were.
                if (!_blocks[block].IsCompressed)
                {
                    MarkCompressed(block);
                }
            }
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        _exact.Dispose();
        foreach (NativeBuffer layer in _compressed)
        {
            layer.Dispose();
        }
    }

    private static bool SameShape(KvPageLayout left, KvPageLayout right) =>
        (left.KvHeads, left.KeyDim, left.ValueDim) == (right.KvHeads, right.KeyDim, right.ValueDim);

    private byte* CompressedPage(int layer, int block) => _compressed[layer].Address + block * _codecs[layer].PageBytes;

    private void MarkUse(ForwardBatch batch)
    {
        for (int i = 0; i < batch.Count; i++)
        {
            int tokens = batch[i].PastTokens + batch[i].Tokens.Length;
            int index = 0;
            foreach (int block in batch[i].BlockTable.Span[..ExactWindow.Blocks(tokens)])
            {
                ref BlockState state = ref _blocks[block];
                state.LastStep = _step;
                state.IsWritten = (index + 1) * BlockSize > batch[i].PastTokens;
                state.FirstPosition = index++ * BlockSize;
            }
        }
    }

    private void MakeWritable(SequenceSlice slice)
    {
        int last = (slice.PastTokens + slice.Tokens.Length - 1) / BlockSize;
        for (int index = slice.PastTokens / BlockSize; index <= last; index++)
        {
            int block = slice.BlockTable.Span[index];
            if (_blocks[block].ExactPage >= 0)
            {
                continue;
            }

            int page = TakePage();
            if (_blocks[block].IsCompressed && slice.PastTokens > index * BlockSize)
            {
                Restore(block, page);
            }

            _blocks[block].ExactPage = page;
            _blocks[block].IsCompressed = false;
        }
    }

    private void FindStretches(ForwardBatch batch)
    {
        _stretches.Clear();
        for (int i = 0; i < batch.Count; i++)
        {
            int tokens = batch[i].PastTokens + batch[i].Tokens.Length;
            ReadOnlySpan<int> blocks = batch[i].BlockTable.Span[..ExactWindow.Blocks(tokens)];
            _stretches.BeginSequence(blocks.Length);
            for (int index = 0; index < blocks.Length; index++)
            {
                ref readonly BlockState state = ref _blocks[blocks[index]];
                if (!state.IsCompressed && state.ExactPage < 0)
                {
                    throw new InvalidOperationException($"block {blocks[index]} of sequence {i} was never written");
                }

                _stretches.Add(
                    state.IsCompressed, state.IsCompressed ? blocks[index] : state.ExactPage,
                    Math.Min(BlockSize, tokens - index * BlockSize));
            }
        }
    }

    private int TakePage()
    {
        if (_exact.TryTake(out int page))
        {
            return page;
        }

        int oldest = -1;
        for (int block = 0; block < _blocks.Length; block++)
        {
            if (_blocks[block].ExactPage >= 0 && !(_blocks[block].LastStep == _step && _blocks[block].IsWritten)
                && (oldest < 0 || IsBetter(_blocks[block], _blocks[oldest])))
            {
                oldest = block;
            }
        }

        if (oldest < 0)
        {
            throw new InvalidOperationException(
                $"a step writes to more than the {_exact.PageCount} exact pages of the compressed cache; "
                + "smaller steps or more exact pages are needed");
        }

        EarlyCompressions++;
        Compress(oldest);
        return _exact.TryTake(out page) ? page : throw new InvalidOperationException("a page that was just freed is gone");
    }

    // Least recently used first; within a step the lowest position that is no sink.
    private bool IsBetter(in BlockState candidate, in BlockState than)
    {
        if (candidate.LastStep != than.LastStep)
        {
            return candidate.LastStep < than.LastStep;
        }

        bool sink = candidate.FirstPosition < Window.SinkTokens, otherSink = than.FirstPosition < Window.SinkTokens;
        return sink != otherSink ? otherSink : candidate.FirstPosition < than.FirstPosition;
    }

    private void Compress(int block)
    {
        for (int layer = 0; layer < LayerCount; layer++)
        {
            Compress(block, layer);
        }

        MarkCompressed(block);
    }

    private void Compress(int block, int layer) =>
        _conversions[layer].Compress(
            _exact.Page(layer, _blocks[block].ExactPage), _blocks[block].FirstPosition, CompressedPage(layer, block));

    private void MarkCompressed(int block)
    {
        ref BlockState state = ref _blocks[block];
        _exact.Return(state.ExactPage);
        state.ExactPage = -1;
        state.IsCompressed = true;
    }

    private void Restore(int block, int page)
    {
        for (int layer = 0; layer < LayerCount; layer++)
        {
            _conversions[layer].Restore(CompressedPage(layer, block), _blocks[block].FirstPosition, _exact.Page(layer, page));
        }
    }

    private void Release(int block)
    {
        if (_blocks[block].ExactPage >= 0)
        {
            _exact.Return(_blocks[block].ExactPage);
        }

        _blocks[block] = new BlockState { ExactPage = -1 };
    }

    /// <summary>Compresses the blocks that a step made old, a layer at a time: layers share nothing.</summary>
    private sealed class AgingWork(CompressedKvCache cache) : ParallelWork
    {
        public override void Execute(int chunk, int worker)
        {
            foreach (int block in cache._aging)
            {
                cache.Compress(block, chunk);
            }
        }
    }

    [StructLayout(LayoutKind.Auto)]
    private struct BlockState
    {
        public int ExactPage;
        public int FirstPosition;
        public long LastStep;
        public bool IsWritten;
        public bool IsCompressed;
    }
}
