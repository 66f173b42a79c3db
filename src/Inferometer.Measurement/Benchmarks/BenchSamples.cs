using Inferometer.Measurement.Energy;

namespace Inferometer.Measurement.Benchmarks;

/// <summary>The times of one test's repetitions.</summary>
/// <param name="Test">What was timed.</param>
/// <param name="Seconds">One time per repetition.</param>
public sealed record BenchSamples(BenchTest Test, IReadOnlyList<double> Seconds)
{
    /// <summary>Tokens per second of each repetition.</summary>
    public IReadOnlyList<double> Rates { get; } = [.. Seconds.Select(s => Test.Tokens / s)];

    /// <summary>Energy of all repetitions together; null = it was not measured.</summary>
    public MeasuredEnergy? Energy { get; init; }

    /// <summary>Energy per token, joules; null = it was not measured.</summary>
    public double? JoulesPerToken => Energy?.Joules / ((double)Test.Tokens * Seconds.Count);

    /// <summary>Mean of the rates.</summary>
    public double MeanRate => Rates.Average();

    /// <summary>Sample standard deviation of the rates; 0 for one repetition.</summary>
    public double RateDeviation => Deviation(Rates);

    /// <summary>Mean time.</summary>
    public double MeanSeconds => Seconds.Average();

    /// <summary>Sample standard deviation of the times; 0 for one repetition.</summary>
    public double SecondsDeviation => Deviation(Seconds);

    private static double Deviation(IReadOnlyList<double> values)
    {
        double mean = values.Average();
        return values.Count < 2 ? 0 : Math.Sqrt(values.Sum(v => (v - mean) * (v - mean)) / (values.Count - 1));
    }
}
