using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Inferometer.Core.Gguf;
using Inferometer.Cpu.Kernels.Attention;
using Inferometer.Cpu.Kernels.Matrices;
using Inferometer.Cpu.Threading;
using Inferometer.Measurement.Diagnostics;

namespace Inferometer.Benchmarks.Kernels;

/// <summary>
/// A quick look at every kernel beside the machine's limits of the same minute: <c>kernels-quick [threads] [types] [ROWSxCOLUMNS]</c>.
/// Decoding streams matrices that together exceed the caches; batches and prompts go through the same matrices. Best of several passes.
/// </summary>
internal static class QuickReport
{
    private const long WorkingSetBytes = 384L << 20;

    private static readonly GgmlType[] s_types =
    [
        GgmlType.Q4_0, GgmlType.Q8_0, GgmlType.Q4_K, GgmlType.Q6_K, GgmlType.F16, GgmlType.BF16, GgmlType.F32, GgmlType.Q4_1, GgmlType.Q5_0,
            GgmlType.Q5_1, GgmlType.Q5_K, GgmlType.Q2_K, GgmlType.Q3_K, GgmlType.IQ4_NL, GgmlType.IQ4_XS, GgmlType.MXFP4,
        GgmlType.NVFP4,
    ];

    /// <summary>Prints the report.</summary>
    public static void Run(string[] args)
    {
        int threads = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : Environment.ProcessorCount;
        GgmlType[] types = args.Length > 1 ? [.. args[1].Split(',').Select(name => Enum.Parse<GgmlType>(name, ignoreCase: true))] : s_types;
        int[] shape = args.Length > 2 ? [.. args[2].Split('x').Select(n => int.Parse(n, CultureInfo.InvariantCulture))] : [5632, 2048];
        using WorkerPool pool = new(threads, new WorkerPoolOptions { Pin = true });
        CpuAffinity.TryBindCurrentThread(CpuAffinity.AllowedProcessors()[0]);
        Console.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"{RuntimeInformation.FrameworkDescription}, {threads} threads, matrices {shape[0]} x {shape[1]}"));
        Console.WriteLine(
            $"{"type",-6} {"decode",12} {"of read",8}   {"8 tokens",12} {"of read",8}   {"32 tokens",13} {"512 tokens",13} {"of peak",8}");
        foreach (GgmlType type in types)
        {
            Report(type, shape[0], shape[1], pool);
        }

        Attention(pool);
    }

    private static void Report(GgmlType type, int rows, int columns, WorkerPool pool)
    {
        MachineLimits limits = MachineProbe.Measure(pool, 1);
        int count = (int)(WorkingSetBytes / type.ByteCount((long)rows * columns)) + 1;
        using SyntheticWeights weights = new(type, rows, columns, count, pool);
        double bytes = weights.Matrices.Sum(m => (double)m.SizeBytes);
        double decode = bytes / Time(weights, rows, columns, pool, 1, count) / 1e9;
        double eight = bytes / Time(weights, rows, columns, pool, 8, count) / 1e9;
        double batch = Operations(rows, columns, 32, count) / Time(weights, rows, columns, pool, 32, count) / 1e9;
        int few = Math.Min(count, 4);
        double prompt = Operations(rows, columns, 512, few) / Time(weights, rows, columns, pool, 512, few) / 1e9;
        double peak = weights.Matrices[0].ReadsSource ? limits.FloatGops : limits.Int8Gops;
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{type,-6} {decode,7:F1} GB/s {decode / limits.ReadGBps,8:P0}   {eight,7:F1} GB/s {eight / limits.ReadGBps,8:P0}   "
                + $"{batch,7:F0} GOP/s {prompt,7:F0} GOP/s {prompt / peak,8:P0}   (read {limits.ReadGBps:F1} GB/s, peak {peak:F0} GOP/s)"));
    }

    private static void Attention(WorkerPool pool)
    {
        foreach (KvElement element in Enum.GetValues<KvElement>())
        {
            foreach (int tokens in (int[])[512, 4096])
            {
                using AttentionFixture decode = new(pool, tokens, 1, element);
                using AttentionFixture prompt = new(pool, tokens, 512, element);
                double decodeSeconds = Best(decode.Flash);
                double promptSeconds = Best(prompt.Flash);
                AttentionParameters p = AttentionFixture.Parameters;
                double visible = 512.0 * (tokens - 512) + 512.0 * 513 / 2;
                double gops = 2.0 * p.Heads * (p.KeyDim + p.ValueDim) * visible / promptSeconds / 1e9;
                Console.WriteLine(string.Create(
                    CultureInfo.InvariantCulture,
                    $"attention {element} over {tokens}: decode {decodeSeconds * 1e6:F0} us ({decode.KvBytes / decodeSeconds / 1e9:F1} "
                        + $"GB/s), stored scores {Best(decode.Standard) * 1e6:F0} us; 512 tokens {promptSeconds * 1e3:F2} ms ({gops:F0} "
                        + $"GFLOP/s)"));
            }
        }
    }

    private static double Operations(int rows, int columns, int tokens, int count) => 2.0 * rows * columns * tokens * count;

    private static double Time(SyntheticWeights weights, int rows, int columns, WorkerPool pool, int tokens, int count)
    {
        using MatrixMultiplier multiplier = new(pool);
        float[] x = new float[tokens * columns], y = new float[tokens * rows];
        Array.Fill(x, 0.25f);
        return Best(() =>
        {
            for (int i = 0; i < count; i++)
            {
                multiplier.Multiply(x, tokens, weights.Matrices[i], y);
            }
        });
    }

    private static double Best(Action action)
    {
        action();
        double best = double.MaxValue;
        long start = Stopwatch.GetTimestamp();
        do
        {
            long pass = Stopwatch.GetTimestamp();
            action();
            best = Math.Min(best, Stopwatch.GetElapsedTime(pass).TotalSeconds);
        }
        while (Stopwatch.GetElapsedTime(start).TotalSeconds < 0.4);
        return best;
    }
}
