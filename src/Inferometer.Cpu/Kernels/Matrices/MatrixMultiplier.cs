using System.Runtime.InteropServices;
using Inferometer.Cpu.Threading;

namespace Inferometer.Cpu.Kernels.Matrices;

/// <summary>
/// Multiplies activations by one to three matrices that share them (query, key and value; gate and up) in one dispatch to the workers: y =
/// x W^T. Holds the scratch memory, which grows to the largest step seen and is then reused, so a warm multiplication allocates nothing.
/// </summary>
/// <remarks>Not thread-safe: one per pool. The result does not depend on the number of threads.</remarks>
public sealed unsafe class MatrixMultiplier : IDisposable
{
    private const int MaxMatrices = 3;
    private static readonly int s_layouts = Enum.GetValues<ActivationLayout>().Length;

    private readonly WorkerPool _pool;
    private readonly PackWork _packWork = new();
    private readonly MultiplyWork _multiplyWork;
    private readonly NativeBuffer?[] _activations = new NativeBuffer?[s_layouts];
    private readonly NativeBuffer?[] _scratch;

    /// <summary>A multiplier on the threads of <paramref name="pool"/>, which is not disposed with it.</summary>
    public MatrixMultiplier(WorkerPool pool)
    {
        ArgumentNullException.ThrowIfNull(pool);
        _pool = pool;
        _multiplyWork = new MultiplyWork(pool.ThreadCount);
        _scratch = new NativeBuffer?[pool.ThreadCount];
    }

    /// <summary>y = x W^T.</summary>
    /// <param name="x">[tokens][columns].</param>
    /// <param name="tokens">0 or more.</param>
    /// <param name="w">The weights.</param>
    /// <param name="y">[tokens][rows]; must not overlap x.</param>
    public void Multiply(ReadOnlySpan<float> x, int tokens, WeightMatrix w, Span<float> y)
    {
        fixed (float* py = y)
        {
            SetTarget(0, w, tokens, y.Length, py);
            Run(x, tokens, 1);
        }
    }

    /// <summary>Two matrices with the same input, for example gate and up projections.</summary>
    public void Multiply(ReadOnlySpan<float> x, int tokens, WeightMatrix w0, Span<float> y0, WeightMatrix w1, Span<float> y1)
    {
        fixed (float* p0 = y0, p1 = y1)
        {
            SetTarget(0, w0, tokens, y0.Length, p0);
            SetTarget(1, w1, tokens, y1.Length, p1);
            Run(x, tokens, 2);
        }
    }

    /// <summary>Three matrices with the same input, for example query, key and value projections.</summary>
    public void Multiply(
        ReadOnlySpan<float> x, int tokens, WeightMatrix w0, Span<float> y0, WeightMatrix w1, Span<float> y1, WeightMatrix w2,
        Span<float> y2)
    {
        fixed (float* p0 = y0, p1 = y1, p2 = y2)
        {
            SetTarget(0, w0, tokens, y0.Length, p0);
            SetTarget(1, w1, tokens, y1.Length, p1);
            SetTarget(2, w2, tokens, y2.Length, p2);
            Run(x, tokens, 3);
        }
    }

    /// <summary>Releases the scratch memory.</summary>
    public void Dispose()
    {
        foreach (NativeBuffer? buffer in _activations.Concat(_scratch))
        {
            buffer?.Dispose();
        }
    }

    private static NativeBuffer Reserve(ref NativeBuffer? buffer, long bytes)
    {
        if (buffer is null || buffer.ByteCount < bytes)
        {
            buffer?.Dispose();
            buffer = new NativeBuffer(bytes);
        }

        return buffer;
    }

    private void SetTarget(int index, WeightMatrix matrix, int tokens, int length, float* output)
    {
        ArgumentNullException.ThrowIfNull(matrix);
        ArgumentOutOfRangeException.ThrowIfNegative(tokens);
        if (length < (long)tokens * matrix.Rows)
        {
            throw new ArgumentException(
                $"The output holds {length} floats; {tokens} tokens of {matrix.Rows} are to be written.", nameof(length));
        }

        ref Target target = ref _multiplyWork.Targets[index];
        target.Matrix = matrix;
        target.Operand = new MatrixOperand { Output = output, OutputStride = matrix.Rows, Tokens = tokens };
    }

    private void Run(ReadOnlySpan<float> x, int tokens, int matrices)
    {
        int columns = _multiplyWork.Targets[0].Matrix!.Columns;
        if (x.Length < (long)tokens * columns)
        {
            throw new ArgumentException($"The input holds {x.Length} floats; {tokens} tokens of {columns} are needed.", nameof(x));
        }

        if (tokens == 0)
        {
            return;
        }

        fixed (float* input = x)
        {
            int chunks = 0;
            int scratchBytes = 0;
            Span<bool> packed = stackalloc bool[s_layouts];
            for (int i = 0; i < matrices; i++)
            {
                ref Target target = ref _multiplyWork.Targets[i];
                WeightMatrix matrix = target.Matrix!;
                if (matrix.Columns != columns)
                {
                    throw new ArgumentException(
                        $"Matrices that share an input must have as many columns: {columns} and {matrix.Columns}.", nameof(matrices));
                }

                target.Operand.Repacks = matrix.BeginUse();
                target.FirstChunk = chunks;
                target.ChunkCount = matrix.ChunkCount(tokens, _pool.ThreadCount);
                chunks += target.ChunkCount;
                scratchBytes = Math.Max(scratchBytes, matrix.ScratchBytes(tokens));
                target.Operand.Activations = Pack(matrix.LayoutFor(tokens), input, tokens, columns, packed);
            }

            for (int i = 0; i < _scratch.Length; i++)
            {
                _multiplyWork.Scratch[i] = (nint)Reserve(ref _scratch[i], scratchBytes).Address;
            }

            _multiplyWork.MatrixCount = matrices;
            _pool.Run(_multiplyWork, chunks);
            for (int i = 0; i < matrices; i++)
            {
                ref Target target = ref _multiplyWork.Targets[i];
                target.Matrix!.EndUse(target.Operand.Repacks);
            }
        }
    }

    private byte* Pack(ActivationLayout layout, float* input, int tokens, int columns, Span<bool> packed)
    {
        if (layout == ActivationLayout.Rows)
        {
            return (byte*)input;
        }

        NativeBuffer buffer = Reserve(ref _activations[(int)layout], ActivationPacking.ByteCount(layout, tokens, columns));
        if (!packed[(int)layout])
        {
            packed[(int)layout] = true;
            _packWork.Set(layout, input, tokens, columns, buffer.Address);
            _pool.Run(_packWork, ActivationPacking.TileCount(tokens));
        }

        return buffer.Address;
    }

    [StructLayout(LayoutKind.Auto)]
    private struct Target
    {
        public WeightMatrix? Matrix;
        public MatrixOperand Operand;
        public int FirstChunk;
        public int ChunkCount;
    }

    private sealed class PackWork : ParallelWork
    {
        private ActivationLayout _layout;
        private float* _input;
        private int _tokens;
        private int _columns;
        private byte* _destination;

        public void Set(ActivationLayout layout, float* input, int tokens, int columns, byte* destination)
        {
            _layout = layout;
            _input = input;
            _tokens = tokens;
            _columns = columns;
            _destination = destination;
        }

        public override void Execute(int chunk, int worker) =>
            ActivationPacking.PackTile(_layout, _input, _tokens, _columns, chunk, _destination);
    }

    private sealed class MultiplyWork(int threads) : ParallelWork
    {
        public Target[] Targets { get; } = new Target[MaxMatrices];

        public nint[] Scratch { get; } = new nint[threads];

        public int MatrixCount { get; set; }

        public override void Execute(int chunk, int worker)
        {
            int i = 0;
            while (i < MatrixCount - 1 && chunk >= Targets[i + 1].FirstChunk)
            {
                i++;
            }

            ref Target target = ref Targets[i];
            target.Matrix!.MultiplyChunk(target.Operand, chunk - target.FirstChunk, target.ChunkCount, (byte*)Scratch[worker]);
        }
    }
}
