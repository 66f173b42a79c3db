using System.Globalization;
using Inferometer.Measurement.Load;
using Inferometer.Serving;

namespace Inferometer.Benchmarks.Fidelity;

/// <summary>A workload, measured and predicted.</summary>
/// <param name="Workload">What was asked.</param>
/// <param name="Arms">What came of it.</param>
internal sealed record ArmResult(ArmWorkload Workload, LoadComparison Arms)
{
    private ServingReport Measured => Arms.Measured.Report.Value;

    private ServingReport Predicted => Arms.Predicted!.Report.Value;

    private bool IsOpen => Workload.Users == 0;

    private (double Measured, double Predicted)[] FirstTokens => IsOpen
        ? [(Measured.TimeToFirstToken!.P50, Predicted.TimeToFirstToken!.P50),
            (Measured.TimeToFirstToken.P90, Predicted.TimeToFirstToken.P90)]
        : [(Measured.TimeToFirstToken!.Mean, Predicted.TimeToFirstToken!.Mean)];

    private (double Measured, double Predicted)[] OutputTokens => IsOpen
        ? [(Measured.TimePerOutputToken!.P50, Predicted.TimePerOutputToken!.P50),
            (Measured.TimePerOutputToken.P90, Predicted.TimePerOutputToken.P90)]
        : [(Measured.TimePerOutputToken!.Mean, Predicted.TimePerOutputToken!.Mean)];

    /// <summary>For people: measured and predicted times, ms, and how far they are apart; means of users, p50 and p90 of rates.</summary>
    public string Row => string.Create(
        CultureInfo.InvariantCulture,
        $"{Workload.Title,-48} TTFT {string.Join("  ", FirstTokens.Select(Say)),-44} TPOT {string.Join("  ", OutputTokens.Select(Say))}");

    public static void PrintMedians(IReadOnlyList<ArmResult> results)
    {
        Print("users, means", [.. results.Where(r => !r.IsOpen)]);
        Print("rates, p50 and p90", [.. results.Where(r => r.IsOpen)]);
    }

    private static void Print(string title, ArmResult[] results)
    {
        if (results.Length > 0)
        {
            double[] first = [.. results.SelectMany(r => r.FirstTokens).Select(Error)];
            double[] output = [.. results.SelectMany(r => r.OutputTokens).Select(Error)];
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{title}, {results.Length} workloads: TTFT {Summary(first)}; TPOT {Summary(output)}"));
        }
    }

    private static string Summary(double[] errors) => string.Create(
        CultureInfo.InvariantCulture,
        $"median {100 * MetricSummary.Of([.. errors.Select(Math.Abs)])!.P50:0.0} %, most {100 * errors.Max(Math.Abs):0.0} %, "
            + $"signed {100 * MetricSummary.Of(errors)!.P50:+0.0;-0.0} %");

    private static double Error((double Measured, double Predicted) pair) => (pair.Predicted / pair.Measured) - 1;

    private static string Say((double Measured, double Predicted) pair) => string.Create(
        CultureInfo.InvariantCulture, $"{1000 * pair.Measured:0.00} / {1000 * pair.Predicted:0.00} {100 * Error(pair):+0;-0} %");
}
