using System.Globalization;
using Inferometer.Measurement.Local;
using Inferometer.Serving;
using Inferometer.Simulation.Costs;

namespace Inferometer.Benchmarks.Fidelity;

/// <summary>Which steps of a workload a prediction gets wrong: each that ran, priced by itself.</summary>
internal static class StepErrors
{
    public static void Print(IReadOnlyList<TimedStep> steps, ICostPlan plan)
    {
        double[] after = [.. steps.Select((s, i) => i + 1 < steps.Count ? steps[i + 1].Begin - s.End : double.NaN)];
        foreach (var kind in steps.Select((s, i) => (Step: s, Pause: after[i])).GroupBy(s => s.Step.Kind, StringComparer.Ordinal)
            .OrderBy(g => g.Key, StringComparer.Ordinal))
        {
            double[] measured = [.. kind.Select(s => s.Step.Seconds)];
            double[] predicted = [.. kind.Select(s => plan.Step([.. s.Step.Prefill], [.. s.Step.Decode]).LatencySeconds)];
            double[] ratios = [.. measured.Zip(predicted, (m, p) => m / p).Order()];

            // A pause within a millisecond is the engine's; a longer one may have been without work.
            double[] pauses = [.. kind.Select(s => s.Pause).Where(p => p < 0.001).Order()];
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"    {kind.Key,-22} {measured.Length,5} steps, {1000 * measured.Sum(),8:0} ms: "
                    + $"mean {1000 * measured.Average(),7:0.00} ms, "
                    + $"predicted {1000 * predicted.Average(),7:0.00} ({100 * ((predicted.Sum() / measured.Sum()) - 1),4:+0;-0} %), "
                    + $"measured/predicted p10 {At(ratios, 0.1):0.00} p50 {At(ratios, 0.5):0.00} p90 {At(ratios, 0.9):0.00} "
                    + $"p99 {At(ratios, 0.99):0.00} most {ratios[^1]:0.00}, "
                    + $"pause after it {1e6 * (pauses.Length > 0 ? pauses.Average() : 0):0} us"));
        }
    }

    /// <summary>
    /// From when requests were due to the beginning of the step that answers them, and from that step's end to the reader. The load's clock
    /// and the steps' begin at different times: the shortest way from a step to its reader is taken to take no time.
    /// </summary>
    /// <param name="requests">Requests as they were measured.</param>
    /// <param name="steps">The steps that ran meanwhile.</param>
    public static void PrintWays(IReadOnlyList<RequestTimeline> requests, IReadOnlyList<TimedStep> steps)
    {
        TimedStep[] first = [.. steps.Where(s => s.Prefill.Any(p => p.EndsPrompt))];
        RequestTimeline[] answered = [.. requests.Where(r => r.Deliveries.Count > 0).OrderBy(r => r.Deliveries[0].Seconds)];
        if (first.Length != answered.Length)
        {
            return; // several prompts ended in one step: which is whose is not known
        }

        double offset = answered.Zip(first, (r, s) => r.Deliveries[0].Seconds - s.End).Min();
        double[] to = [.. answered.Zip(first, (r, s) => 1000 * (s.Begin + offset - r.ArrivalSeconds)).Order()];
        double[] from = [.. answered.Zip(first, (r, s) => 1000 * (r.Deliveries[0].Seconds - s.End - offset)).Order()];
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"    due to step p50 {At(to, 0.5):0.00} p90 {At(to, 0.9):0.00} ms; step to reader p50 {At(from, 0.5):0.00} "
                + $"p90 {At(from, 0.9):0.00} ms, beyond the shortest"));
    }

    private static double At(double[] sorted, double share) => sorted[(int)Math.Min(sorted.Length - 1, share * sorted.Length)];
}
