using Inferometer.Cpu.Execution;
using Inferometer.Cpu.Weights;
using Inferometer.Gpu.Devices;
using Inferometer.Gpu.Execution;
using Inferometer.ModelFiles;
using Inferometer.Runners;

namespace Inferometer.Gpu.Tests.Execution;

/// <summary>The same model on the processor and on an emulated GPU, and what both give.</summary>
internal static class Runners
{
    public static IModelRunner OnProcessor(string path, int blocks)
    {
        LoadOptions options = new() { Threads = 1, RepackedFile = RepackedFileUse.Ignore };
        TransformerModel model = TransformerModel.Load(path, options, null, TestContext.Current.CancellationToken);
        return new CpuModelRunner(model, model.CreateCache(blocks));
    }

    public static GpuRunner OnGpu(string path, int blocks, int lanes = 1, bool roundsCache = false)
    {
        GpuDevice device = GpuDevice.OpenEmulated(lanes);
        GpuModel model = GpuModel.Load(device, Checkpoint.Open(path), 0, true, null, TestContext.Current.CancellationToken);
        return new GpuRunner(device, model, blocks, roundsCache);
    }

    /// <summary>Logits of all tokens of a sequence that is run in the given stretches, blocks in falling order.</summary>
    public static float[][] Logits(this IModelRunner runner, int[] tokens, params int[] stretches) =>
        runner.Logits(tokens, adapter: null, stretches);

    /// <summary>The same with an adapter.</summary>
    public static float[][] Logits(this IModelRunner runner, int[] tokens, IModelAdapter? adapter, params int[] stretches)
    {
        int[] blocks = [.. Enumerable.Range(0, runner.BlockCount).Reverse()];
        ForwardBatch batch = new();
        List<float[]> rows = [];
        int past = 0;
        foreach (int count in stretches)
        {
            batch.Clear();
            batch.Add(tokens.AsMemory(past, count), past, blocks, count, adapter);
            runner.Forward(batch);
            for (int row = 0; row < count; row++)
            {
                float[] logits = runner.Logits(row).ToArray();
                Assert.Equal(Array.IndexOf(logits, logits.Max()), runner.BestToken(row));
                rows.Add(logits);
            }

            past += count;
        }

        return [.. rows];
    }

    /// <summary>The greatest difference, relative to the greatest logit of its row.</summary>
    public static double Difference(float[][] expected, float[][] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        return expected.Zip(actual).Max(rows =>
            rows.First.Zip(rows.Second).Max(pair => Math.Abs(pair.First - pair.Second)) / rows.First.Max(Math.Abs));
    }
}
