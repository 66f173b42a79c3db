namespace Inferometer.Core.Deployments;

/// <summary>Separate formats for what a deployment stores, moves and sends.</summary>
public sealed record PrecisionSet
{
    /// <summary>Format of the weights.</summary>
    public Precision Weights { get; init; } = Precision.Bf16;

    /// <summary>Format of the activations.</summary>
    public Precision Activations { get; init; } = Precision.Bf16;

    /// <summary>Format of the KV cache.</summary>
    public Precision KvCache { get; init; } = Precision.Bf16;

    /// <summary>Format of what is sent between devices.</summary>
    public Precision Communication { get; init; } = Precision.Bf16;
}
