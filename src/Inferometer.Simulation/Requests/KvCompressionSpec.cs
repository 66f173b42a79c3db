using Inferometer.Core;

namespace Inferometer.Simulation.Requests;

/// <summary>A compressed KV cache: fewer bytes per token, at the price of work to read it. Give the bytes or the ratio.</summary>
public sealed record KvCompressionSpec
{
    /// <summary>Name of the profile, for reports.</summary>
    public string Profile { get; init; } = "custom";

    /// <summary>Bytes one cached token takes over all layers of the unsharded model; 0 = use <see cref="Ratio"/>.</summary>
    public double BytesPerToken { get; init; }

    /// <summary>Uncompressed over compressed size, above 0.</summary>
    public double Ratio { get; init; } = 1;

    /// <summary>FLOPs to reconstruct one cached token when a step reads it, over all layers of the unsharded model.</summary>
    public double ReconstructionFlopsPerToken { get; init; }

    internal void Validate()
    {
        if (BytesPerToken < 0 || Ratio <= 0 || ReconstructionFlopsPerToken < 0)
        {
            throw new InferometerException(
                $"kv_compression: bytes per token {BytesPerToken} and reconstruction FLOPs {ReconstructionFlopsPerToken} must not be negative, ratio {Ratio} must be positive.");
        }
    }
}
