using System.Runtime.InteropServices;
using Inferometer.Core.Deployments;

namespace Inferometer.Simulation.Requests;

/// <summary>A workload as a small value, for sweeps. Fields as in <see cref="Workload"/>.</summary>
/// <param name="BatchSize">Requests in flight over the whole deployment, at least 1.</param>
/// <param name="InputTokens">Prompt tokens per request, at least 1.</param>
/// <param name="OutputTokens">Generated tokens per request, the first one included, at least 1.</param>
/// <param name="BeamWidth">Beams per request, at least 1.</param>
/// <param name="CachedPrefixTokens">Leading prompt tokens already cached and shared by the batch; less than
/// <paramref name="InputTokens"/>.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct WorkloadPoint(int BatchSize, int InputTokens, int OutputTokens, int BeamWidth = 1, int CachedPrefixTokens = 0)
{
    /// <summary>The point a workload describes.</summary>
    public static WorkloadPoint From(Workload workload)
    {
        ArgumentNullException.ThrowIfNull(workload);
        return new(workload.BatchSize, workload.InputTokens, workload.OutputTokens, workload.BeamWidth, workload.CachedPrefixTokens);
    }
}
