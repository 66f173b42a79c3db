using Inferometer.Planning.Deployments;

namespace Inferometer.Planning.Trials;

/// <summary>
/// Numbers of replicas in the order in which they are tried: each up to 16, then steps of six percent, the numbers between being tried when
/// one was found. The numbers are the same whatever was asked before, so that a looser level never ends at more of them.
/// </summary>
internal static class ReplicaGrid
{
    private const int Dense = 16;
    private const double Step = 1.06;

    /// <summary>The least number of the grid that is not below another.</summary>
    public static int From(int least)
    {
        int at = 1;
        while (at < least)
        {
            at = After(at);
        }

        return at;
    }

    /// <summary>The next number of the grid.</summary>
    public static int After(int at) => at < Dense ? at + 1 : Math.Max(at + 1, (int)Math.Ceiling(at * Step));

    /// <summary>The number of the grid before one of it; 0 = none.</summary>
    public static int Before(int at)
    {
        int before = 0, next = 1;
        while (next < at)
        {
            (before, next) = (next, After(next));
        }

        return before;
    }

    /// <summary>The next number where prompts are read apart: more of the part whose limit is farther from being kept.</summary>
    public static ReplicaCount After(ReplicaCount replicas, Trial trial)
    {
        bool prompts = trial.Worst.Limit.Metric is Serving.LatencyMetric.TimeToFirstToken;
        int prefill = prompts ? After(replicas.Prefill) : replicas.Prefill;
        int decode = prompts ? replicas.Decode : After(replicas.Decode);
        return new ReplicaCount(prefill + decode, prefill);
    }
}
