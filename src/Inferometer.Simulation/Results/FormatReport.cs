using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Requests;

namespace Inferometer.Simulation.Results;

/// <summary>The number formats a result was priced with, and what the weights of the fullest device are made of.</summary>
public sealed record FormatReport
{
    /// <summary>Name of the format of the weights, such as <c>mxfp4</c> or <c>q4_k_m</c>.</summary>
    public required string Weights { get; init; }

    /// <summary>Where it comes from: a field of a file, a setting.</summary>
    public required string WeightsOrigin { get; init; }

    /// <summary>Format of cached keys and values.</summary>
    public required string KvCache { get; init; }

    /// <summary>Format of activations.</summary>
    public required string Activations { get; init; }

    /// <summary>Elements and bytes by part of the model, of the device that holds most; their bytes sum to those of the weights.</summary>
    public IReadOnlyList<WeightUse> Parts { get; init; } = [];

    /// <summary>Those that a plan prices with.</summary>
    /// <param name="plan">The plan.</param>
    public static FormatReport Of(ICostPlan plan)
    {
        ArgumentNullException.ThrowIfNull(plan);
        EstimateRequest request = plan.Request;
        return new FormatReport
        {
            Weights = request.WeightScheme?.Name ?? request.Precisions.Weights.Name,
            WeightsOrigin = request.WeightScheme?.Origin ?? "request",
            KvCache = request.KvCompression is { } compression ? compression.Profile : request.Precisions.KvCache.Name,
            Activations = request.Precisions.Activations.Name,
            Parts = plan.Weights,
        };
    }
}
