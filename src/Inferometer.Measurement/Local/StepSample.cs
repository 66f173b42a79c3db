using Inferometer.Simulation.Fitting;
using Inferometer.Simulation.Requests;

namespace Inferometer.Measurement.Local;

/// <summary>
/// The steps of an engine made ready for a fit: with what the engine does between them, decode steps in the mean of some in a row, and
/// kinds of steps counted alike, however many there are of each.
/// </summary>
internal static class StepSample
{
    // What the engine does between two steps takes less; after a longer pause it had nothing to do.
    private const double LongestPause = 1e-3;

    // Decode steps in a row differ by little but noise.
    private const int InARow = 8;

    // A step that took so many times the median of its neighbours was held up by something else on the machine.
    private const double HeldUp = 3;

    // What all steps of a model count together, in measurements of one each.
    private const double WeightOfKind = 12;

    /// <summary>Takes a sample.</summary>
    /// <param name="title">What ran.</param>
    /// <param name="request">The deployment.</param>
    /// <param name="runs">Of each run its steps in order.</param>
    public static IEnumerable<MeasuredStep> Of(string title, EstimateRequest request, IReadOnlyList<IReadOnlyList<TimedStep>> runs)
    {
        (string Kind, StepBatch Step, double Seconds)[] taken = [.. runs.SelectMany(Of)];
        Dictionary<string, int> counts = taken.GroupBy(t => t.Kind, StringComparer.Ordinal)
            .ToDictionary(g => g.Key, g => g.Count(), StringComparer.Ordinal);
        return taken.Select(t => new MeasuredStep
        {
            Id = $"{title}: {t.Kind}",
            Request = request,
            Step = t.Step,
            Seconds = t.Seconds,
            Weight = Math.Sqrt(WeightOfKind / counts[t.Kind]),
        });
    }

    private static IEnumerable<(string Kind, StepBatch Step, double Seconds)> Of(IReadOnlyList<TimedStep> steps)
    {
        double[] seconds = WithPauses(steps);
        for (int i = 0; i < steps.Count;)
        {
            int end = i + 1;
            bool decodes = steps[i].Prefill.Count == 0;
            while (decodes && end < steps.Count && end - i < InARow && steps[end].Prefill.Count == 0
                && steps[end].Decode.Count == steps[i].Decode.Count)
            {
                end++;
            }

            TimedStep middle = steps[(i + end) / 2];
            yield return (middle.Kind, new StepBatch { Prefill = middle.Prefill, Decode = middle.Decode }, Mean(seconds[i..end]));
            i = end;
        }
    }

    private static double[] WithPauses(IReadOnlyList<TimedStep> steps)
    {
        double[] pauses = [.. steps.Select((s, i) => i + 1 < steps.Count ? steps[i + 1].Begin - s.End : double.PositiveInfinity)];
        double perSequence = 0;
        long sequences = 0;
        for (int i = 0; i < pauses.Length; i++)
        {
            if (pauses[i] < LongestPause)
            {
                perSequence += pauses[i];
                sequences += steps[i].Sequences;
            }
        }

        perSequence = sequences > 0 ? perSequence / sequences : 0;
        return
        [
            .. steps.Select((s, i) => s.Seconds + (pauses[i] < LongestPause ? pauses[i] : perSequence * s.Sequences)),
        ];
    }

    private static double Mean(double[] seconds)
    {
        double[] sorted = [.. seconds.Order()];
        double most = HeldUp * sorted[sorted.Length / 2];
        return sorted.Where(s => s <= most).Average();
    }
}
