using System.Diagnostics;
using System.Globalization;
using Inferometer.Core.Gguf;
using Inferometer.Cpu.Kernels;
using Inferometer.Cpu.Kernels.Matrices;

namespace Inferometer.Benchmarks.Kernels;

/// <summary>
/// The kernels of panels and of float rows alone, on one thread, with weights and activations in the cache: what arithmetic allows before
/// memory, threads and packing take their share. <c>kernels-cached</c>.
/// </summary>
internal static unsafe class CachedReport
{
    private const int Columns = 2048;
    private const int Passes = 300;
    private static readonly int[] s_tokens = [1, 2, 4, 8, 32, 64];

    /// <summary>Prints the report.</summary>
    public static void Run()
    {
        Console.WriteLine($"one thread, a panel of {PanelRows.Count} x {Columns}; bytes of weights and operations per second");
        Report<SmallBlockPanel<Q4_0Format>>();
        Report<SmallBlockPanel<Q4_1Format>>();
        Report<SmallBlockPanel<Q5_0Format>>();
        Report<SmallBlockPanel<Q5_1Format>>();
        Report<Q8_0Panel>();
        if (Q8_0BytePanel.IsFaster)
        {
            Report<Q8_0BytePanel>();
        }

        Report<SixBitScalePanel<Q4_KFormat>>();
        Report<SixBitScalePanel<Q5_KFormat>>();
        Report<Q6_KPanel>();
        Report<LowBitPanel<Q2_KFormat>>();
        Report<LowBitPanel<Q3_KFormat>>();
        Report<TablePanel<IQ4_NLFormat>>();
        Report<TablePanel<IQ4_XSFormat>>();
        Report<TablePanel<MXFP4Format>>();
        Report<NVFP4Panel>();
        ReportRows<StoredHalf>("F16");
        ReportRows<StoredBrain>("BF16");
    }

    /// <summary>As many rows as tiles of dot products pass over together.</summary>
    private static void ReportRows<TStored>(string name)
        where TStored : struct, IStoredFloat
    {
        long rowBytes = (long)Columns * TStored.Bytes;
        using NativeBuffer rows = new(RowDots.BlockRows * rowBytes);
        using NativeBuffer x = new((long)Columns * s_tokens[^1] * sizeof(float));
        using NativeBuffer sums = new((long)RowDots.BlockRows * s_tokens[^1] * sizeof(float));
        new Span<byte>(rows.Address, (int)rows.ByteCount).Fill(0x3C);
        x.Floats.Fill(1);
        Report(name, RowDots.BlockRows, rows.ByteCount, tokens =>
        {
            MatrixOperand operand = new()
            {
                Activations = x.Address,
                Output = (float*)sums.Address,
                OutputStride = RowDots.BlockRows,
                Tokens = tokens,
            };
            RowDots.Multiply<TStored>(rows.Address, rowBytes, RowDots.BlockRows, Columns, operand, 0);
        });
    }

    private static void Report<TKernel>()
        where TKernel : struct, IPanelKernel
    {
        int blocks = Columns / TKernel.Type.BlockSize(), activationBlocks = Columns / Int8Activations.BlockSize(TKernel.Layout);
        long panelBytes = (long)blocks * TKernel.PanelBlockBytes;
        using NativeBuffer panel = new(panelBytes);
        using NativeBuffer x = new((long)activationBlocks * Int8Activations.BlockBytes(TKernel.Layout) * Int8Activations.SlabTokens);
        using NativeBuffer sums = new(PanelRows.Count * Int8Activations.SlabTokens * sizeof(float));

        // 0x3C3C is about 1 as an f16 and no special number as an f32.
        new Span<byte>(panel.Address, (int)panel.ByteCount).Fill(0x3C);
        new Span<byte>(x.Address, (int)x.ByteCount).Fill(0x3C);
        Report(TKernel.Type.ToString(), PanelRows.Count, panelBytes, tokens =>
        {
            TKernel.Multiply(panel.Address, blocks, x.Address, tokens, (float*)sums.Address);
        });
    }

    private static void Report(string name, int rows, long bytes, Action<int> multiply)
    {
        Console.Write($"{name,-6}");
        foreach (int tokens in s_tokens)
        {
            double seconds = Best(tokens, multiply);
            double operations = 2.0 * Columns * rows * tokens;
            Console.Write(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"   {tokens,2} tokens {bytes / seconds / 1e9,3:F0} GB/s {operations / seconds / 1e9,4:F0} GOP/s"));
        }

        Console.WriteLine();
    }

    private static double Best(int tokens, Action<int> multiply)
    {
        int repeats = Math.Max(1, 32 / tokens);
        double best = double.MaxValue;
        for (int pass = 0; pass < Passes; pass++)
        {
            long start = Stopwatch.GetTimestamp();
            for (int i = 0; i < repeats; i++)
            {
                multiply(tokens);
            }

            best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalSeconds / repeats);
        }

        return best;
    }
}
