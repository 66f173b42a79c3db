using System.Diagnostics;
using System.Globalization;
using Inferometer.Cpu.Execution;
using Inferometer.Cpu.Kernels.Matrices;
using Inferometer.Cpu.Threading;
using Inferometer.Cpu.Weights;
using Inferometer.Measurement.Diagnostics;
using Inferometer.ModelFiles;
using Inferometer.Runners;

namespace Inferometer.Benchmarks.Generation;

/// <summary>
/// Where the time of a step of one token goes in a dense model: the step, its matrices alone in the same order, and reading as many bytes
/// in one stretch, in turn. Verb <c>step MODEL [rounds]</c>. What the step takes more than its matrices is attention, norms, activations
/// and the waiting for one another between them.
/// </summary>
internal static class StepReport
{
    private const int StepsOfRound = 4;

    public static void Run(string path, int rounds)
    {
        int threads = Environment.ProcessorCount;
        using WorkerPool pool = new(threads);
        using LoadedModel weights = ModelLoader.Load(Checkpoint.Open(path), new LoadOptions(), pool, null, default);
        using TransformerModel model = TransformerModel.Load(path);
        using MatrixMultiplier multiplier = new(pool);
        WeightMatrix[][] operators = [.. Operators(weights.Weights)];
        long bytes = operators.Sum(matrices => matrices.Sum(matrix => matrix.SizeBytes));
        int width = operators.Max(matrices => matrices.Max(matrix => Math.Max(matrix.Rows, matrix.Columns)));
        float[] x = new float[width];
        Array.Fill(x, 0.25f);
        float[][] outputs = [new float[width], new float[width], new float[width]];
        int steps = StepsOfRound * (rounds + 1);
        using KvCache cache = model.CreateCache((steps / KvCache.BlockSize) + 1);
        int[] blocks = [.. Enumerable.Range(0, cache.BlockCount)];
        float[] logits = new float[model.Architecture.VocabularySize];
        ForwardBatch batch = new();
        int[] token = [1];
        int past = 0;
        void Step()
        {
            batch.Clear();
            batch.Add(token, past++, blocks, 1);
            model.Forward(batch, cache, logits);
        }

        void Multiply()
        {
            foreach (WeightMatrix[] m in operators)
            {
                switch (m)
                {
                    case [var one]:
                        multiplier.Multiply(x, 1, one, outputs[0]);
                        break;
                    case [var one, var two]:
                        multiplier.Multiply(x, 1, one, outputs[0], two, outputs[1]);
                        break;
                    default:
                        multiplier.Multiply(x, 1, m[0], outputs[0], m[1], outputs[1], m[2], outputs[2]);
                        break;
                }
            }
        }

        List<double> step = [], alone = [], read = [];
        for (int round = 0; round <= rounds; round++)
        {
            List<double> stepTimes = Times(Step), aloneTimes = Times(Multiply);
            MachineLimits limits = MachineProbe.Measure(pool, 0.15);
            if (round > 0)
            {
                step.AddRange(stepTimes);
                alone.AddRange(aloneTimes);
                read.Add(bytes / (limits.ReadGBps * 1e9));
            }
        }

        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{Path.GetFileName(path)}: {operators.Length} operators of {bytes / 1e9:F3} GB, {threads} threads, {rounds} rounds"));
        Print("a step", step, read, bytes);
        Print("its matrices", alone, read, bytes);
        Print("reading as much", read, read, bytes);
    }

    private static IEnumerable<WeightMatrix[]> Operators(ModelWeights weights)
    {
        foreach (LayerWeights layer in weights.Layers)
        {
            if (layer is not { Attention: { Key: { } key, Value: { } value } attention, Dense: { } dense })
            {
                throw new NotSupportedException("step is for models whose layers have attention of their own and dense networks");
            }

            yield return [attention.Query.Matrix, key.Matrix, value.Matrix];
            yield return [attention.Output.Matrix];
            yield return dense.Gate is { } gate ? [gate.Matrix, dense.Up.Matrix] : [dense.Up.Matrix];
            yield return [dense.Down.Matrix];
        }

        yield return [weights.Head!.Matrix];
    }

    private static List<double> Times(Action action)
    {
        List<double> times = [];
        for (int i = 0; i < StepsOfRound; i++)
        {
            long start = Stopwatch.GetTimestamp();
            action();
            times.Add(Stopwatch.GetElapsedTime(start).TotalSeconds);
        }

        return times;
    }

    private static void Print(string name, List<double> times, List<double> reading, long bytes)
    {
        double[] sorted = [.. times.Order()];
        double median = sorted[sorted.Length / 2], least = sorted[0], of = reading.Order().ElementAt(reading.Count / 2);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{name,-16} {median * 1e3,7:F2} ms ({least * 1e3:F2} to {sorted[^1] * 1e3:F2}), {bytes / median / 1e9,5:F1} GB/s, "
                + $"{of / median,5:P0} of reading; least {reading.Min() / least:P0}"));
    }
}
