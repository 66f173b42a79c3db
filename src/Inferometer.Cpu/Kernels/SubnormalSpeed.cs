using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Inferometer.Cpu.Kernels;

/// <summary>
/// Whether multiplying numbers below 2^-126 is slow here. Intel's processors leave it to microcode (on Sapphire Rapids a model in F16 with
/// random weights, of which a few in a thousand are that small after a shift of their bits, decoded at 40 % of the speed); on Zen 4 it cost
/// nothing that showed. Switching such numbers off is not to be had from .NET.
/// </summary>
internal static unsafe class SubnormalSpeed
{
    private const int Numbers = 1024;
    private const int Tries = 5;

    // Microcode takes many times as long; noise does not make the least of several tries four times as long.
    private const double SlowRatio = 4;

    /// <summary>Measured once, in some hundred microseconds.</summary>
    public static bool IsSlow { get; } = Measure();

    private static bool Measure()
    {
        float* numbers = stackalloc float[Numbers];
        new Span<float>(numbers, Numbers).Fill(1);
        double normal = BestTime(numbers);
        new Span<float>(numbers, Numbers).Fill(float.Epsilon * 4096);
        return BestTime(numbers) > SlowRatio * normal;
    }

    private static double BestTime(float* numbers)
    {
        double best = double.MaxValue;
        float sum = 0;
        for (int i = 0; i < Tries; i++)
        {
            long start = Stopwatch.GetTimestamp();
            sum += Dot(numbers);
            best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalSeconds);
        }

        return float.IsNaN(sum) ? double.NaN : best;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static float Dot(float* numbers)
    {
        Vector128<float> sum = default, factor = Vector128.Create(1.5f);
        for (int i = 0; i < Numbers; i += 4)
        {
            sum += Vector128.Load(numbers + i) * factor;
        }

        return Vector128.Sum(sum);
    }
}
