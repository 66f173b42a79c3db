using Inferometer.Core.Deployments;

namespace Inferometer.Measurement.Published;

/// <summary>Equal workers of a deployment and how each is spread over its devices.</summary>
public sealed record EnginePool
{
    /// <summary>Workers that share nothing, at least 1.</summary>
    public int Workers { get; init; } = 1;

    /// <summary>Tensor-parallel degree of attention.</summary>
    public int Tensor { get; init; } = 1;

    /// <summary>Ranks that replicate attention, each for its own requests, and share the experts.</summary>
    public int AttentionData { get; init; } = 1;

    /// <summary>Pipeline stages.</summary>
    public int Pipeline { get; init; } = 1;

    /// <summary>Devices that one expert is split over.</summary>
    public int ExpertTensor { get; init; } = 1;

    /// <summary>Devices that the experts are dealt out to.</summary>
    public int Expert { get; init; } = 1;

    /// <summary>Largest batch of a worker, as recorded; null where it was not.</summary>
    public int? Batch { get; init; }

    /// <summary>Devices of all workers.</summary>
    public int Devices => Workers * Tensor * AttentionData * Pipeline;

    /// <summary>The degrees of one worker.</summary>
    public Parallelism Parallelism => new(Tensor, Pipeline, Expert, AttentionData, AttentionData > 1);
}
