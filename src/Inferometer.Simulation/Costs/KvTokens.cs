using Inferometer.Simulation.Requests;

namespace Inferometer.Simulation.Costs;

/// <summary>Tokens a KV cache holds when all requests of a batch have reached their full length.</summary>
internal static class KvTokens
{
    /// <summary>
    /// A sequence holds its prompt I and N - 1 generated tokens (the last one is never read), at most
    /// <paramref name="cap"/> of them where the layer has a window (0 = no cap). Beams share the prompt, requests share the cached prefix.
    /// </summary>
    public static double Stored(in WorkloadPoint point, int requests, int cap)
    {
        double generated = point.OutputTokens - 1;
        double length = point.InputTokens + generated;
        double firstKept = cap > 0 ? Math.Max(0, length - cap) : 0;
        double own = length - Math.Max(firstKept, point.InputTokens);
        double prefix = Math.Max(0, point.CachedPrefixTokens - firstKept);
        double prompt = Math.Max(0, point.InputTokens - firstKept) - prefix;
        return prefix + (requests * (prompt + (point.BeamWidth * own)));
    }
}
