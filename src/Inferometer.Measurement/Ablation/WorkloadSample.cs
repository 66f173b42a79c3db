using Inferometer.Inference.Engine;

namespace Inferometer.Measurement.Ablation;

/// <summary>A workload run once by one engine. Measured: every figure was timed or counted while it ran.</summary>
public sealed record WorkloadSample
{
    /// <summary>Time of the workload, seconds: the median where it was repeated because it is short.</summary>
    public required double Seconds { get; init; }

    /// <summary>Tokens that passed through the network, those computed again included.</summary>
    public required long ForwardedTokens { get; init; }

    /// <summary>Tokens generated, by request.</summary>
    public required int[][] Outputs { get; init; }

    /// <summary>Most that the engine held.</summary>
    public required EngineMemory Memory { get; init; }

    /// <summary>
    /// Most memory that the whole process had resident, weights and runtime included, where the process ran nothing else; null where it did
    /// or the system does not tell.
    /// </summary>
    public long? PeakResidentBytes { get; init; }
}
