using Inferometer.Core;
using Inferometer.Scheduling;

namespace Inferometer.Serving;

/// <summary>
/// Makes a <see cref="ServingReport"/> of outcomes instead of single tokens, for services that are simulated: gaps between tokens are added
/// by the step, and their percentiles are at most 0.05 % off. Not thread-safe.
/// </summary>
public sealed class ServingTally
{
    private readonly ServingTotals _totals;

    /// <summary>Creates a tally of nothing.</summary>
    /// <param name="options">Service level and samples kept; timelines do not matter here.</param>
    /// <exception cref="InferometerException">An option is out of range.</exception>
    public ServingTally(ServingRecorderOptions? options = null)
    {
        options ??= new ServingRecorderOptions();
        options.Validate();
        _totals = new ServingTotals(options.MaxSamples ?? int.MaxValue, options.Slo) { Gaps = new GapHistogram() };
    }

    /// <summary>Adds a request that ended or, with <see cref="FinishReason.None"/>, was refused.</summary>
    public void Add(in RequestOutcome outcome)
    {
        if (outcome.FinishReason == FinishReason.None)
        {
            _totals.Rejected++;
            return;
        }

        _totals.Add(outcome);
    }

    /// <summary>Adds gaps between deliveries.</summary>
    /// <param name="seconds">How long each is.</param>
    /// <param name="count">How many there are.</param>
    public void AddGaps(double seconds, long count) => _totals.Gaps!.Add(seconds, count);

    /// <summary>The report of all that was added.</summary>
    public ServingReport Report() => _totals.Report();
}
