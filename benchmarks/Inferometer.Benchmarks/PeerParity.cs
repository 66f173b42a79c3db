using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Inferometer.Cpu.Execution;
using Inferometer.Cpu.Weights;
using Inferometer.Runners;

namespace Inferometer.Benchmarks;

/// <summary>
/// Compares logits with llama.cpp on the same GGUF file: the driver of benchmarks/peer computes those of every position,
/// the engine computes its own, and the largest difference and the agreement of the most probable token are printed.
/// </summary>
internal static class PeerParity
{
    public static int Run(string model, string driver, int tokens)
    {
        using TransformerModel own = TransformerModel.Load(model, new LoadOptions { Threads = Environment.ProcessorCount });
        int vocabulary = own.Architecture.VocabularySize;
        Random random = new(1);
        int[] ids = [.. Enumerable.Range(0, tokens).Select(_ => random.Next(3, vocabulary))];
        float[] theirs = PeerLogits(model, driver, ids, vocabulary);
        float[] ours = OwnLogits(own, ids, vocabulary);

        double worst = 0;
        int agree = 0;
        for (int row = 0; row < tokens; row++)
        {
            ReadOnlySpan<float> a = ours.AsSpan(row * vocabulary, vocabulary);
            ReadOnlySpan<float> b = theirs.AsSpan(row * vocabulary, vocabulary);
            for (int i = 0; i < vocabulary; i++)
            {
                worst = Math.Max(worst, Math.Abs(a[i] - b[i]));
            }

            agree += IndexOfMax(a) == IndexOfMax(b) ? 1 : 0;
        }

        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{Path.GetFileName(model)}: {tokens} positions, largest logit difference {worst:0.000000}, same most probable token in "
                + $"{agree} of {tokens}"));
        return 0;
    }

    private static float[] OwnLogits(TransformerModel model, int[] ids, int vocabulary)
    {
        int blocks = (ids.Length + PagedKvCache.BlockSize - 1) / PagedKvCache.BlockSize;
        using PagedKvCache cache = model.CreateCache(blocks);
        ForwardBatch batch = new();
        batch.Add(ids, 0, Enumerable.Range(0, blocks).ToArray(), logitRows: ids.Length);
        float[] logits = new float[ids.Length * vocabulary];
        model.Forward(batch, cache, logits);
        return logits;
    }

    private static float[] PeerLogits(string model, string driver, int[] ids, int vocabulary)
    {
        string output = Path.GetTempFileName();
        try
        {
            ProcessStartInfo start = new(driver) { ArgumentList = { "--logits", model, output, string.Join(',', ids) } };
            using Process process = Process.Start(start) ?? throw new InvalidOperationException($"'{driver}' did not start.");
            process.WaitForExit();
            byte[] bytes = File.ReadAllBytes(output);
            return process.ExitCode == 0 && bytes.Length == (long)ids.Length * vocabulary * sizeof(float)
                ? MemoryMarshal.Cast<byte, float>(bytes).ToArray()
                : throw new InvalidOperationException($"'{driver}' ended with {process.ExitCode} and {bytes.Length} bytes of logits.");
        }
        finally
        {
            File.Delete(output);
        }
    }

    private static int IndexOfMax(ReadOnlySpan<float> values)
    {
        int best = 0;
        for (int i = 1; i < values.Length; i++)
        {
            best = values[i] > values[best] ? i : best;
        }

        return best;
    }
}
