using Inferometer.Core.Deployments;
using Inferometer.Core.Gguf;
using Inferometer.Core.Models;
using Inferometer.Measurement.Diagnostics;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Requests;

namespace Inferometer.Measurement.Benchmarks;

/// <summary>
/// The rate at which a test would run at the machine's measured limits: the roofline cost model's time of its steps on a machine of these
/// rates, all of them reached, with kernels that start at once and activations that never leave the caches. What is assumed stands in
/// docs/benchmarks.md.
/// </summary>
public sealed class TestLimit
{
    private readonly ICostPlan _plan;

    /// <summary>Prepares the limit of a model.</summary>
    /// <param name="model">The network.</param>
    /// <param name="weightBytes">Bytes of all tensors.</param>
    /// <param name="type">How the largest part of the weights is stored: 8-bit products count for quantised ones, 16-bit ones, which take
    /// twice as long, for F16 and BF16.</param>
    /// <param name="cache">How keys and values are cached.</param>
    /// <param name="limits">What the machine can do now.</param>
    public TestLimit(ModelArchitecture model, long weightBytes, GgmlType type, BenchCache cache, MachineLimits limits)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(cache);
        ArgumentNullException.ThrowIfNull(limits);
        MathFormat products = type.IsQuantized() ? MathFormat.Int8 : type == GgmlType.F32 ? MathFormat.Fp32 : MathFormat.Bf16;
        Precision bytes = new("bytes", 8, products);
        EstimateRequest request = new()
        {
            Architecture = model,
            System = MachineSystem.Of(limits, launchSeconds: 0, halfGops: Math.Max(limits.FloatGops, limits.Int8Gops / 2)),
            Precisions = new PrecisionSet
            {
                Weights = bytes,
                Activations = new Precision("in the caches", 0, products),
                KvCache = bytes with { Math = MathFormat.Fp32 },
            },
        };

        // At one byte each, bytes count elements; widths follow from what the file and the cache take in truth.
        ICostPlan elements = new RooflineCostModel().Prepare(request);
        double weights = elements.Memory(new WorkloadPoint(1, 1, 1))!.Value.WeightBytes;
        double cached = elements.KvBytesPerToken!.Value;
        PrecisionSet set = request.Precisions;
        _plan = new RooflineCostModel().Prepare(request with
        {
            Precisions = set with
            {
                Weights = set.Weights with { BitsPerElement = 8 * weightBytes / weights },
                KvCache = set.KvCache with { BitsPerElement = cached > 0 ? 8 * cache.BytesPerToken(model) / cached : 8 },
            },
        });
    }

    /// <summary>Tokens per second at the limit.</summary>
    public double Rate(BenchTest test)
    {
        ArgumentNullException.ThrowIfNull(test);
        double seconds = 0;
        for (int at = 0; at < test.PromptTokens; at += BenchRunner.StepTokens)
        {
            int size = Math.Min(BenchRunner.StepTokens, test.PromptTokens - at);
            PrefillChunk chunk = new(test.Depth + at, size, EndsPrompt: at + size == test.PromptTokens);
            seconds += test.Sequences * _plan.Step([chunk], []).LatencySeconds;
        }

        for (int at = 1; at <= test.GeneratedTokens; at++)
        {
            seconds += _plan.Step([], [new DecodeGroup(test.Depth + test.PromptTokens + at, test.Sequences)]).LatencySeconds;
        }

        return test.Tokens / seconds;
    }
}
