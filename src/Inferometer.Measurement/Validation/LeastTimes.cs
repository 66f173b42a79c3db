using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Requests;

namespace Inferometer.Measurement.Validation;

/// <summary>
/// What no service of a deployment can be faster than: each step reads the weights once, at the bandwidth of the datasheet. Milliseconds.
/// </summary>
/// <param name="TtftMs">Time to first token: one step, whatever of the prompt is cached.</param>
/// <param name="TpotMs">Time per output token: a step shared by all tokens that are drafted for it.</param>
/// <param name="EndToEndMs">Time of a whole request.</param>
public sealed record LeastTimes(double TtftMs, double TpotMs, double EndToEndMs)
{
    // The caches of large processors hold no more, and what lies in them is read faster than memory.
    private const double LeastBytes = 1L << 30;

    /// <summary>Those of a deployment; null where its weights may lie in a cache, or are not known.</summary>
    /// <param name="plan">The deployment.</param>
    /// <param name="outputTokens">Mean output tokens of a request.</param>
    public static LeastTimes? Of(ICostPlan plan, double outputTokens)
    {
        ArgumentNullException.ThrowIfNull(plan);
        if (plan.Weights.Sum(use => use.Bytes) < LeastBytes)
        {
            return null;
        }

        double step = 1000 * plan.Step([], [new DecodeGroup(1)]).PeakSeconds;
        double token = step / (1 + (plan.Request.Speculative?.DraftTokens ?? 0));
        return new LeastTimes(step, token, step + (Math.Max(0, outputTokens - 1) * token));
    }
}
