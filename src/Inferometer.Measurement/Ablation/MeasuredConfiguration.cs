using Inferometer.Core;
using Inferometer.Inference.Engine;

namespace Inferometer.Measurement.Ablation;

/// <summary>What one configuration did, over several rounds. Measured.</summary>
public sealed record MeasuredConfiguration
{
    /// <summary>Optimisations that were on.</summary>
    public required OptimizationConfiguration Configuration { get; init; }

    /// <summary>Time of the workload in each round, seconds.</summary>
    public required EquatableList<double> RoundSeconds { get; init; }

    /// <summary>Tokens that passed through the network.</summary>
    public required long ForwardedTokens { get; init; }

    /// <summary>Most that the engine held.</summary>
    public required EngineMemory Memory { get; init; }

    /// <summary>Most that the process had resident in any round; null where it is not known.</summary>
    public long? PeakResidentBytes { get; init; }

    /// <summary>Share of generated tokens that are those of the baseline at the same place, 0..1.</summary>
    public required double TokenAgreement { get; init; }

    /// <summary>Median of the rounds.</summary>
    public double Seconds => Median.Of(RoundSeconds);

    internal static MeasuredConfiguration Of(
        OptimizationConfiguration configuration, IReadOnlyList<WorkloadSample> samples, WorkloadSample baseline) => new()
        {
            Configuration = configuration,
            RoundSeconds = new(samples.Select(sample => sample.Seconds)),
            ForwardedTokens = samples[^1].ForwardedTokens,
            Memory = samples.MaxBy(sample => sample.Memory.KvBytes + sample.Memory.WorkBytes)!.Memory,
            PeakResidentBytes = samples.Max(sample => sample.PeakResidentBytes),
            TokenAgreement = samples.Min(sample => Agreement(sample.Outputs, baseline.Outputs)),
        };

    private static double Agreement(int[][] outputs, int[][] baseline)
    {
        int same = 0, all = 0;
        for (int i = 0; i < baseline.Length; i++)
        {
            all += baseline[i].Length;
            same += outputs[i].Zip(baseline[i]).Count(pair => pair.First == pair.Second);
        }

        return (double)same / all;
    }
}
