using System.Diagnostics;
using System.Globalization;
using Inferometer.Cpu.Kernels;
using Inferometer.Cpu.Kernels.Matrices;

namespace Inferometer.Benchmarks.Kernels;

/// <summary>
/// The panel kernels alone, on one thread, with weights and activations in the cache: what arithmetic allows before memory, threads and
/// packing take their share. <c>kernels-cached</c>.
/// </summary>
internal static unsafe class CachedReport
{
    private const int Columns = 2048;
    private const int Passes = 300;
    private static readonly int[] s_tokens = [1, 2, 8, 32, 64];

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
    }

    private static void Report<TKernel>()
        where TKernel : struct, IPanelKernel
    {
        int blocks = Columns / Int8Activations.BlockSize(TKernel.Layout);
        long panelBytes = (long)blocks * TKernel.PanelBlockBytes;
        using NativeBuffer panel = new(panelBytes);
        using NativeBuffer x = new((long)blocks * Int8Activations.BlockBytes(TKernel.Layout) * Int8Activations.SlabTokens);
        using NativeBuffer sums = new(PanelRows.Count * Int8Activations.SlabTokens * sizeof(float));

        // 0x3C3C is about 1 as an f16 and no special number as an f32.
        new Span<byte>(panel.Address, (int)panel.ByteCount).Fill(0x3C);
        new Span<byte>(x.Address, (int)x.ByteCount).Fill(0x3C);
        Console.Write($"{TKernel.Type,-5}");
        foreach (int tokens in s_tokens)
        {
            double seconds = Best<TKernel>(panel, blocks, x, tokens, sums);
            double operations = 2.0 * Columns * PanelRows.Count * tokens;
            Console.Write(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"   {tokens,2} tokens {panelBytes / seconds / 1e9,3:F0} GB/s {operations / seconds / 1e9,4:F0} GOP/s"));
        }

        Console.WriteLine();
    }

    private static double Best<TKernel>(NativeBuffer panel, int blocks, NativeBuffer x, int tokens, NativeBuffer sums)
        where TKernel : struct, IPanelKernel
    {
        int repeats = Math.Max(1, 32 / tokens);
        double best = double.MaxValue;
        for (int pass = 0; pass < Passes; pass++)
        {
            sums.Floats.Clear();
            long start = Stopwatch.GetTimestamp();
            for (int i = 0; i < repeats; i++)
            {
                TKernel.Multiply(panel.Address, blocks, x.Address, tokens, (float*)sums.Address);
            }

            best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalSeconds / repeats);
        }

        return best;
    }
}
