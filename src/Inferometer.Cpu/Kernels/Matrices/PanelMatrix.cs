using System.Runtime.CompilerServices;
using Inferometer.Core.Gguf;
using Inferometer.Cpu.Threading;
using Inferometer.ModelFiles.Quantization;

namespace Inferometer.Cpu.Kernels.Matrices;

/// <summary>Quantised weights repacked into panels of 16 rows and multiplied by activations of 8 bits.</summary>
/// <remarks>
/// With a <see cref="RepackingDelay"/> the first multiplications repack each panel into their scratch memory and forget it, so that a step
/// can run before memory for the panels was touched; results are the same to the bit. One later multiplication keeps what it repacks.
/// </remarks>
internal sealed unsafe class PanelMatrix<TKernel> : WeightMatrix
    where TKernel : struct, IPanelKernel
{
    /// <summary>
    /// Panels of one piece of work for several slabs of tokens: so few that they stay in the cache while the slabs go by, and enough that
    /// a slab is used several times.
    /// </summary>
    private const int PanelsPerChunk = 4;

    /// <summary>
    /// Stored rows are given back while the others are repacked, so that a large matrix is never in memory twice; smaller pieces would be
    /// pages that lie in two of them for the most part.
    /// </summary>
    private const int LeastReleasedBytes = 1 << 20;

    private const int SumBytes = Int8Activations.SlabTokens * PanelRows.Count * sizeof(float);

    private readonly byte* _panels;
    private readonly NativeBuffer? _owned;
    private readonly int _blocks;
    private readonly long _activationBytes; // of a token
    private readonly long _panelBytes;
    private readonly RepackingDelay? _delay;
    private nint _stored; // rows that are not repacked yet; 0 where all are
    private int _usesLeft; // until they are

    public PanelMatrix(int rows, int columns, in PanelOrigin origin)
        : base(TKernel.Type, rows, columns)
    {
        _blocks = columns / TKernel.Type.BlockSize();
        _activationBytes = (long)(columns / Int8Activations.BlockSize(TKernel.Layout)) * Int8Activations.BlockBytes(TKernel.Layout);
        _panelBytes = (long)_blocks * TKernel.PanelBlockBytes;
        if (origin.Panels is not null)
        {
            _panels = origin.Panels;
            return;
        }

        _owned = origin.Memory is null ? NativeBuffer.Uninitialized(SizeBytes) : null;
        _panels = origin.Memory is null ? _owned!.Address : origin.Memory.Take(SizeBytes);
        if (origin.Delay is { } delay)
        {
            _delay = delay;
            _usesLeft = delay.Uses;
            _stored = (nint)origin.Source;
            return;
        }

        Pack(origin);
    }

    public override long SizeBytes => PanelCount * _panelBytes;

    public override bool ReadsSource => Volatile.Read(ref _stored) != 0;

    private int PanelCount => (Rows + PanelRows.Count - 1) / PanelRows.Count;

    internal override byte* Repacked => ReadsSource ? null : _panels;

    internal override byte* Stored => (byte*)Volatile.Read(ref _stored);

    // One multiplication alone keeps what it repacks: two that wrote a panel at the same time would read each other's halves.
    internal override bool BeginUse() => ReadsSource && Interlocked.Decrement(ref _usesLeft) == -1;

    internal override void EndUse(bool repacks)
    {
        if (repacks && Interlocked.Exchange(ref _stored, 0) != 0)
        {
            _delay!.Release(0, Rows);
        }
    }

    internal override ActivationLayout LayoutFor(int tokens) => TKernel.Layout;

    internal override int ChunkCount(int tokens, int threads) => IsReadOnce(tokens)
        ? Math.Min(PanelCount, StreamChunks.Count(threads))
        : (PanelCount + PanelsPerChunk - 1) / PanelsPerChunk;

    internal override int ScratchBytes(int tokens) => SumBytes + (ReadsSource ? checked((int)_panelBytes) : 0);

    internal override void MultiplyChunk(in MatrixOperand operand, int chunk, int chunkCount, byte* scratch)
    {
        int first = StreamChunks.Start(PanelCount, chunk, chunkCount, IsReadOnce(operand.Tokens));
        int end = StreamChunks.Start(PanelCount, chunk + 1, chunkCount, IsReadOnce(operand.Tokens));
        float* sums = (float*)scratch;
        byte* stored = Stored;
        if (stored is not null)
        {
            MultiplyStored(operand, first, end, stored, scratch);
            return;
        }

        for (int slab = 0; slab < operand.Tokens; slab += Int8Activations.SlabTokens)
        {
            int tokens = Math.Min(Int8Activations.SlabTokens, operand.Tokens - slab);
            byte* x = operand.Activations + slab * _activationBytes;
            for (int panel = first; panel < end; panel++)
            {
                PanelRows.Clear(sums, tokens);
                TKernel.Multiply(_panels + panel * _panelBytes, _blocks, x, tokens, sums);
                PanelRows.Store(operand, sums, panel * PanelRows.Count, Rows, slab, tokens);
            }
        }
    }

    // Then it streams from memory as it does for one token: pieces of four panels gave 32 sequences a seventh less
    // (docs/benchmarks.md, "Products and what they become").
    private static bool IsReadOnce(int tokens) => tokens <= Int8Activations.SlabTokens;

    private void MultiplyStored(in MatrixOperand operand, int first, int end, byte* stored, byte* scratch)
    {
        float* sums = (float*)scratch;
        for (int panel = first; panel < end; panel++)
        {
            byte* weights = operand.Repacks ? _panels + panel * _panelBytes : scratch + SumBytes;
            PackPanel(stored, panel, weights);
            for (int slab = 0; slab < operand.Tokens; slab += Int8Activations.SlabTokens)
            {
                int tokens = Math.Min(Int8Activations.SlabTokens, operand.Tokens - slab);
                PanelRows.Clear(sums, tokens);
                TKernel.Multiply(weights, _blocks, operand.Activations + slab * _activationBytes, tokens, sums);
                PanelRows.Store(operand, sums, panel * PanelRows.Count, Rows, slab, tokens);
            }
        }

        int firstRow = first * PanelRows.Count, rows = Math.Min(end * PanelRows.Count, Rows) - firstRow;
        if (operand.Repacks && rows * Type.ByteCount(Columns) >= LeastReleasedBytes)
        {
            _delay!.Release(firstRow, rows);
        }
    }

    private protected override void DecodeRowCore(int row, Span<float> destination)
    {
        byte* stored = Stored;
        if (stored is not null)
        {
            long rowBytes = Type.ByteCount(Columns);
            BlockCodec.Decode(Type, new ReadOnlySpan<byte>(stored + row * rowBytes, checked((int)rowBytes)), destination);
            return;
        }

        Span<byte> block = stackalloc byte[Type.BlockBytes()];
        byte* panel = _panels + row / PanelRows.Count * _panelBytes;
        int blockSize = Type.BlockSize();
        for (int i = 0; i < _blocks; i++)
        {
            TKernel.Extract(panel + (long)i * TKernel.PanelBlockBytes, row % PanelRows.Count, block);
            BlockCodec.Decode(Type, block, destination.Slice(i * blockSize, blockSize));
        }
    }

    private protected override void Dispose(bool disposing) => _owned?.Dispose();

    private void Pack(in PanelOrigin origin)
    {
        PackWork work = new(this, origin.Source);
        if (origin.Pool is { } pool)
        {
            pool.Run(work, PanelCount);
            return;
        }

        for (int panel = 0; panel < PanelCount; panel++)
        {
            work.Execute(panel, 0);
        }
    }

    // Block by block over the rows, so that the place written to stays in the nearest cache.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void PackPanel(byte* source, int panel, byte* target)
    {
        int blockBytes = TKernel.Type.BlockBytes();
        long rowBytes = (long)_blocks * blockBytes;
        byte* blocks = source + panel * PanelRows.Count * rowBytes;
        int rows = Math.Min(PanelRows.Count, Rows - panel * PanelRows.Count);
        if (rows == PanelRows.Count)
        {
            for (int i = 0; i < _blocks; i++, blocks += blockBytes, target += TKernel.PanelBlockBytes)
            {
                TKernel.InsertRows(blocks, rowBytes, target);
            }

            return;
        }

        new Span<byte>(target, checked((int)_panelBytes)).Clear();
        for (int i = 0; i < _blocks; i++, blocks += blockBytes, target += TKernel.PanelBlockBytes)
        {
            for (int row = 0; row < rows; row++)
            {
                TKernel.Insert(new ReadOnlySpan<byte>(blocks + row * rowBytes, blockBytes), target, row);
            }
        }
    }

    private sealed class PackWork(PanelMatrix<TKernel> matrix, byte* source) : ParallelWork
    {
        public override void Execute(int chunk, int worker) =>
            matrix.PackPanel(source, chunk, matrix._panels + chunk * matrix._panelBytes);
    }
}
