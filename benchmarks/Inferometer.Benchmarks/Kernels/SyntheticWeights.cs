using System.Runtime.InteropServices;
using Inferometer.Core.Gguf;
using Inferometer.Cpu.Kernels;
using Inferometer.Cpu.Kernels.Matrices;
using Inferometer.Cpu.Threading;
using Inferometer.ModelFiles.Quantization;

namespace Inferometer.Benchmarks.Kernels;

/// <summary>Matrices of random weights for timing. The stored bytes live as long as the matrices.</summary>
internal sealed unsafe class SyntheticWeights : IDisposable
{
    private readonly List<NativeBuffer> _sources = [];

    /// <summary>Makes <paramref name="count"/> matrices of one format, each with memory of its own.</summary>
    public SyntheticWeights(GgmlType type, int rows, int columns, int count, WorkerPool pool)
    {
        Matrices = new WeightMatrix[count];
        for (int i = 0; i < count; i++)
        {
            NativeBuffer source = new(type.ByteCount((long)rows * columns));
            Fill(type, rows, columns, source, i);
            Matrices[i] = WeightMatrix.Create(type, rows, columns, source.Address, source.ByteCount, pool);
            if (Matrices[i].ReadsSource)
            {
                _sources.Add(source);
            }
            else
            {
                source.Dispose();
            }
        }
    }

    public WeightMatrix[] Matrices { get; }

    public void Dispose()
    {
        Array.ForEach(Matrices, m => m.Dispose());
        _sources.ForEach(s => s.Dispose());
    }

    private static void Fill(GgmlType type, int rows, int columns, NativeBuffer target, int seed)
    {
        // One encoded row, repeated: what values weights have does not change how long multiplying takes.
        float[] values = new float[columns];
        Random random = new(seed);
        for (int i = 0; i < columns; i++)
        {
            values[i] = random.NextSingle() - 0.5f;
        }

        byte[] row = new byte[type.ByteCount(columns)];
        if (BlockCodec.IsWritten(type))
        {
            BlockCodec.Encode(type, values, row);
        }
        else
        {
            row.AsSpan().Fill(0x35); // numbers of middling size in the formats here that are only read
        }

        for (int i = 0; i < rows; i++)
        {
            Marshal.Copy(row, 0, (nint)(target.Address + (long)i * row.Length), row.Length);
        }
    }
}
