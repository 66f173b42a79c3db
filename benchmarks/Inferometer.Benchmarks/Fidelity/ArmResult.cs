using System.Globalization;
using System.Runtime.InteropServices;
using Inferometer.Measurement.Load;
using Inferometer.Serving;
using Inferometer.Simulation.Serving;

namespace Inferometer.Benchmarks.Fidelity;

/// <summary>A workload, measured and predicted.</summary>
/// <param name="Workload">What was asked.</param>
/// <param name="Arms">What came of it.</param>
/// <param name="AsItRan">What is predicted where steps take what they took (<see cref="PlanAsItRan"/>).</param>
internal sealed record ArmResult(ArmWorkload Workload, LoadComparison Arms, ServiceResult AsItRan)
{
    private ServingReport Measured => Arms.Measured.Report.Value;

    private ServingReport Predicted => Arms.Predicted!.Report.Value;

    private ServingReport PredictedAsItRan => AsItRan.Report.Value;

    private bool IsOpen => Workload.Users == 0;

    private Pair[] FirstTokens => Pairs(r => r.TimeToFirstToken!);

    private Pair[] OutputTokens => Pairs(r => r.TimePerOutputToken!);

    /// <summary>
    /// For people: measured and predicted times, ms, how far they are apart, and how far where steps take what they took; means of users,
    /// p50 and p90 of rates.
    /// </summary>
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
            Pair[] first = [.. results.SelectMany(r => r.FirstTokens)], output = [.. results.SelectMany(r => r.OutputTokens)];
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{title}, {results.Length} runs: TTFT {Summary(first, p => p.Error)}; TPOT {Summary(output, p => p.Error)}"));
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"  with steps as they took: TTFT {Summary(first, p => p.ErrorAsItRan)}; TPOT {Summary(output, p => p.ErrorAsItRan)}"));
        }
    }

    private static string Summary(Pair[] pairs, Func<Pair, double> error)
    {
        double[] errors = [.. pairs.Select(error)];
        return string.Create(
            CultureInfo.InvariantCulture,
            $"median {100 * MetricSummary.Of([.. errors.Select(Math.Abs)])!.P50:0.0} %, most {100 * errors.Max(Math.Abs):0.0} %, "
                + $"signed {100 * MetricSummary.Of(errors)!.P50:+0.0;-0.0} %");
    }

    private Pair[] Pairs(Func<ServingReport, MetricSummary> of)
    {
        (MetricSummary measured, MetricSummary predicted, MetricSummary asItRan) = (of(Measured), of(Predicted), of(PredictedAsItRan));
        return IsOpen
            ? [new(measured.P50, predicted.P50, asItRan.P50), new(measured.P90, predicted.P90, asItRan.P90)]
            : [new(measured.Mean, predicted.Mean, asItRan.Mean)];
    }

    private static string Say(Pair pair) => string.Create(
        CultureInfo.InvariantCulture,
        $"{1000 * pair.Measured:0.00} / {1000 * pair.Predicted:0.00} {100 * pair.Error:+0;-0} % ({100 * pair.ErrorAsItRan:+0;-0} %)");

    [StructLayout(LayoutKind.Auto)]
    private readonly record struct Pair(double Measured, double Predicted, double AsItRan)
    {
        public double Error => (Predicted / Measured) - 1;

        public double ErrorAsItRan => (AsItRan / Measured) - 1;
    }
}
