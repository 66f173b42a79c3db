using Inferometer.Core.Gguf;
using Inferometer.Core.Models;
using Inferometer.Measurement.Diagnostics;

namespace Inferometer.Measurement.Benchmarks;

/// <summary>
/// The rate at which a test would run if each step took exactly as long as its arithmetic or its memory reads at the machine's measured limits, whichever is
/// longer. Reads are the weights once per step and all cached keys and values; arithmetic is that of the matrices and of attention. Formulas: docs/benchmarks.md.
/// </summary>
/// <param name="model">The network.</param>
/// <param name="weightBytes">Bytes of all tensors.</param>
/// <param name="type">How the largest part of the weights is stored: 8-bit products count for quantised ones, 16-bit ones, which take twice as long, for F16 and BF16.</param>
/// <param name="kv">How keys and values are cached.</param>
/// <param name="limits">What the machine can do now.</param>
public sealed class BenchLimit(ModelArchitecture model, long weightBytes, GgmlType type, BenchCache kv, MachineLimits limits)
{
    private readonly ParameterCount _count = ParameterCount.Of(model);
    private readonly double _kvBytesPerToken = kv.BytesPerToken(model);
    private readonly double _matrixRate = 1e9 * Math.Max(limits.FloatGops, type.IsQuantized() ? limits.Int8Gops : type == GgmlType.F32 ? 0 : limits.Int8Gops / 2);

    /// <summary>Tokens per second at the limit.</summary>
    public double Rate(BenchTest test)
    {
        double seconds = 0;
        for (int at = 0; at < test.PromptTokens; at += BenchRunner.StepTokens)
        {
            int size = Math.Min(BenchRunner.StepTokens, test.PromptTokens - at);
            seconds += test.Sequences * StepSeconds(1, size, test.Depth + at, at + size == test.PromptTokens ? 1 : 0);
        }

        for (int at = 0; at < test.GeneratedTokens; at++)
        {
            seconds += StepSeconds(test.Sequences, 1, test.Depth + test.PromptTokens + at, test.Sequences);
        }

        return test.Tokens / seconds;
    }

    private double StepSeconds(int sequences, int tokens, int past, int logitRows)
    {
        double layers = _count.Active - _count.Embedding - _count.Head, head = (double)model.VocabularySize * model.HiddenSize;
        double matrices = 2 * ((layers * sequences * tokens) + (head * logitRows));
        double arithmetic = (matrices / _matrixRate) + (sequences * AttentionOperations(tokens, past) / (1e9 * limits.FloatGops));

        // Tokens of a step may choose different experts, so that up to all of them are read.
        double used = Math.Min(_count.Total, _count.ActiveWithoutInputTable + (_count.IdleExperts * (1 - Math.Pow(1 - ExpertShare, (sequences * tokens) - 1))));
        double reads = (weightBytes * used / _count.Total) + (sequences * (double)past * _kvBytesPerToken);
        return Math.Max(arithmetic, reads / (1e9 * limits.ReadGBps));
    }

    /// <summary>Share of the experts a token uses; 1 without experts.</summary>
    private double ExpertShare => model.Layers.Select(l => l.FeedForward).OfType<MoeFeedForward>().Select(m => (double)m.ExpertsPerToken / m.Experts).FirstOrDefault(1);

    /// <summary>Two products per query head and position seen, a multiplication and an addition per channel of each.</summary>
    private double AttentionOperations(int tokens, int past) => model.Layers.Select(l => l.Mixer).OfType<AttentionMixer>().Sum(mixer =>
    {
        double positions = 0;
        for (int i = 1; i <= tokens; i++)
        {
            positions += mixer.WindowTokens > 0 ? Math.Min(past + i, mixer.WindowTokens) : past + i;
        }

        return 4.0 * mixer.Heads * mixer.HeadDim * positions;
    });
}
