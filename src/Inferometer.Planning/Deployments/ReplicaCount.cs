using System.Runtime.InteropServices;

namespace Inferometer.Planning.Deployments;

/// <summary>How many replicas there are.</summary>
/// <param name="Total">All of them, at least 1.</param>
/// <param name="Prefill">Of these the ones that read prompts alone; 0 = every replica does both.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct ReplicaCount(int Total, int Prefill = 0)
{
    /// <summary>Replicas that decode.</summary>
    public int Decode => Total - Prefill;
}
