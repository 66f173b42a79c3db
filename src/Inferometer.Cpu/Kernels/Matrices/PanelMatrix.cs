using System.Runtime.CompilerServices;
using Inferometer.Core.Gguf;
using Inferometer.Cpu.Threading;
using Inferometer.ModelFiles.Quantization;

namespace Inferometer.Cpu.Kernels.Matrices;

/// <summary>Quantised weights repacked into panels of 16 rows and multiplied by activations of 8 bits.</summary>
internal sealed unsafe class PanelMatrix<TKernel> : WeightMatrix
    where TKernel : struct, IPanelKernel
{
    /// <summary>
    /// Panels of one piece of work for more than one token: enough that the slab of activations in the cache is used several times.
    /// </summary>
    private const int PanelsPerChunk = 4;

    private readonly byte* _panels;
    private readonly NativeBuffer? _owned;
    private readonly int _blocks;
    private readonly long _activationBytes; // of a token
    private readonly long _panelBytes;

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
        Pack(origin);
    }

    public override long SizeBytes => PanelCount * _panelBytes;

    public override bool ReadsSource => false;

    private int PanelCount => (Rows + PanelRows.Count - 1) / PanelRows.Count;

    internal override byte* Repacked => _panels;

    internal override ActivationLayout LayoutFor(int tokens) => TKernel.Layout;

    internal override int ChunkCount(int tokens, int threads) => tokens == 1
        ? Math.Min(PanelCount, StreamChunks.Count(threads))
        : (PanelCount + PanelsPerChunk - 1) / PanelsPerChunk;

    internal override int ScratchBytes(int tokens) => Int8Activations.SlabTokens * PanelRows.Count * sizeof(float);

    internal override void MultiplyChunk(in MatrixOperand operand, int chunk, int chunkCount, byte* scratch)
    {
        int first = StreamChunks.Start(PanelCount, chunk, chunkCount, operand.Tokens);
        int end = StreamChunks.Start(PanelCount, chunk + 1, chunkCount, operand.Tokens);
        float* sums = (float*)scratch;
        for (int slab = 0; slab < operand.Tokens; slab += Int8Activations.SlabTokens)
        {
            int tokens = Math.Min(Int8Activations.SlabTokens, operand.Tokens - slab);
            byte* x = operand.Activations + slab * _activationBytes;
            for (int panel = first; panel < end; panel++)
            {
                new Span<float>(sums, tokens * PanelRows.Count).Clear();
                TKernel.Multiply(_panels + panel * _panelBytes, _blocks, x, tokens, sums);
                PanelRows.Store(operand, sums, panel * PanelRows.Count, Rows, slab, tokens);
            }
        }
    }

    private protected override void DecodeRowCore(int row, Span<float> destination)
    {
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

    private sealed class PackWork(PanelMatrix<TKernel> matrix, byte* source) : ParallelWork
    {
        // Block by block over the rows, so that the place written to stays in the nearest cache.
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public override void Execute(int chunk, int worker)
        {
            int blockBytes = TKernel.Type.BlockBytes();
            long rowBytes = (long)matrix._blocks * blockBytes;
            byte* panel = matrix._panels + chunk * matrix._panelBytes;
            byte* blocks = source + chunk * PanelRows.Count * rowBytes;
            int rows = Math.Min(PanelRows.Count, matrix.Rows - chunk * PanelRows.Count);
            new Span<byte>(panel, checked((int)matrix._panelBytes)).Clear();
            for (int i = 0; i < matrix._blocks; i++)
            {
                for (int row = 0; row < rows; row++)
                {
                    TKernel.Insert(new ReadOnlySpan<byte>(blocks + row * rowBytes, blockBytes), panel, row);
                }

                blocks += blockBytes;
                panel += TKernel.PanelBlockBytes;
            }
        }
    }
}
