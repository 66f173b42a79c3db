using System.Diagnostics;
using System.Globalization;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using Inferometer.Cpu.Kernels.Elementwise;

namespace Inferometer.Benchmarks.Kernels;

/// <summary>
/// The vector loops of the engine that System.Numerics.Tensors has too, each beside it: <c>elementwise</c>. One thread, both in turn, and
/// the median of the ratios of neighbouring passes: above 1 the package is slower. Where it needs several passes over the data for one of
/// the engine's, it has them.
/// </summary>
internal static class ElementwiseReport
{
    private const int Rounds = 31;
    private const long ElementsPerPass = 1 << 19;
    private const int WarmUpRounds = 8;
    private const int WarmUpCalls = 200;
    private const int WarmUpPauseMs = 150;
    private static readonly int[] s_lengths = [64, 2048, 8192, 131_072];

    private delegate void Operation(Data data);

    /// <summary>Prints the report.</summary>
    public static void Run()
    {
        Console.WriteLine(
            $"{RuntimeInformation.FrameworkDescription}, one thread; own time, and time of TensorPrimitives as a multiple of it");
        Console.WriteLine(
            $"{"",-16}{string.Concat(s_lengths.Select(length => length.ToString(CultureInfo.InvariantCulture).PadLeft(22)))}");
        Report("max", d => d.Sink = Reductions.Max(d.X), d => d.Sink = TensorPrimitives.Max<float>(d.X));
        Report("max, NaN aside", d => d.Sink = Reductions.Max(d.X), d => d.Sink = TensorPrimitives.MaxNumber<float>(d.X));
        Report("index of max", d => d.Sink = Reductions.ArgMax(d.X), d => d.Sink = TensorPrimitives.IndexOfMax<float>(d.X));
        Report("add", d => VectorAdd.Accumulate(d.X, d.Y), d => TensorPrimitives.Add<float>(d.Y, d.X, d.Y));
        Report("scaled product", d => ScaledProduct.Apply(d.X, d.W, 0.5f, d.Y), ScaledByTwoPasses);
        Report("RMS norm", d => RmsNorm.Apply(d.X, d.W, 1e-5f, d.Y), NormByThreePasses);
        Report("softmax", d => Softmax.Apply(Copied(d)), d => TensorPrimitives.SoftMax<float>(Copied(d), d.Y));
        Report("gated SiLU", d => GatedActivation.Silu(d.X, d.W, d.Y), SiluByThreePasses);
        Report("soft cap", d => Softcap.Apply(Copied(d), 30), CapByThreePasses);
    }

    private static void Report(string name, Operation own, Operation package)
    {
        WarmUp(own, package);
        Console.Write($"{name,-16}");
        foreach (int length in s_lengths)
        {
            Data data = new(length);
            int repeats = (int)Math.Max(1, ElementsPerPass / length);
            Time(own, data, repeats);
            Time(package, data, repeats);
            double[] ownSeconds = new double[Rounds], ratios = new double[Rounds];
            for (int round = 0; round < Rounds; round++)
            {
                // Each goes first in every other round.
                bool ownFirst = round % 2 == 0;
                double first = Time(ownFirst ? own : package, data, repeats), second = Time(ownFirst ? package : own, data, repeats);
                ownSeconds[round] = ownFirst ? first : second;
                ratios[round] = ownFirst ? second / first : first / second;
            }

            Console.Write(
                string.Create(CultureInfo.InvariantCulture, $"{Median(ownSeconds) / repeats * 1e9,12:F1} ns x {Median(ratios),5:F2}"));
        }

        Console.WriteLine();
    }

    // The engine's loops are compiled once, with all optimisations; the package's are compiled again after some dozens of calls, in the
    // background, more than once.
    private static void WarmUp(Operation own, Operation package)
    {
        Data data = new(s_lengths[1]);
        for (int i = 0; i < WarmUpRounds; i++)
        {
            Time(own, data, WarmUpCalls);
            Time(package, data, WarmUpCalls);
            Thread.Sleep(WarmUpPauseMs);
        }
    }

    private static double Time(Operation operation, Data data, int repeats)
    {
        data.Reset();
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < repeats; i++)
        {
            operation(data);
        }

        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private static double Median(double[] values)
    {
        Array.Sort(values);
        return values[values.Length / 2];
    }

    // What works in place would meet its own results; both sides pay for the copy.
    private static Span<float> Copied(Data data)
    {
        data.X.CopyTo(data.Y, 0);
        return data.Y;
    }

    private static void ScaledByTwoPasses(Data data)
    {
        TensorPrimitives.Multiply(data.X, 0.5f, data.Y);
        TensorPrimitives.Multiply<float>(data.Y, data.W, data.Y);
    }

    private static void NormByThreePasses(Data data)
    {
        float scale = 1 / MathF.Sqrt(TensorPrimitives.SumOfSquares<float>(data.X) / data.X.Length + 1e-5f);
        TensorPrimitives.Multiply(data.X, scale, data.Y);
        TensorPrimitives.Multiply<float>(data.Y, data.W, data.Y);
    }

    private static void SiluByThreePasses(Data data)
    {
        TensorPrimitives.Sigmoid<float>(data.X, data.Y);
        TensorPrimitives.Multiply<float>(data.Y, data.X, data.Y);
        TensorPrimitives.Multiply<float>(data.Y, data.W, data.Y);
    }

    private static void CapByThreePasses(Data data)
    {
        TensorPrimitives.Multiply(Copied(data), 1 / 30f, data.Y);
        TensorPrimitives.Tanh<float>(data.Y, data.Y);
        TensorPrimitives.Multiply(data.Y, 30f, data.Y);
    }

    /// <summary>Operands of one length, drawn alike in every run.</summary>
    private sealed class Data
    {
        public Data(int length)
        {
            Random random = new(length);
            X = [.. Enumerable.Range(0, length).Select(_ => 8 * random.NextSingle() - 4)];
            W = [.. Enumerable.Range(0, length).Select(_ => random.NextSingle() + 0.5f)];
            Y = new float[length];
        }

        public float[] X { get; }

        public float[] W { get; }

        public float[] Y { get; }

        /// <summary>Where reductions leave their result, so that none is left out as unused.</summary>
        public float Sink { get; set; }

        public void Reset() => W.CopyTo(Y, 0);
    }
}
