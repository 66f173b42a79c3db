namespace Inferometer.Measurement.Ablation;

/// <summary>The middle of some numbers: what a single disturbed run does not move.</summary>
internal static class Median
{
    public static double Of(IEnumerable<double> numbers)
    {
        double[] sorted = [.. numbers.Order()];
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }
}
