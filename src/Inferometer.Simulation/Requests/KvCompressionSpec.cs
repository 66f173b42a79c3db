using Inferometer.Core;
using Inferometer.Core.Caching;

namespace Inferometer.Simulation.Requests;

/// <summary>
/// A compressed KV cache: fewer bytes per token, at the price of work to write and read it. Give the bytes or the ratio. All figures are
/// over all layers and heads of the unsharded model;
/// layers share them in proportion to what they cache.
/// </summary>
public sealed record KvCompressionSpec
{
    /// <summary>Name of the profile, for reports.</summary>
    public string Profile { get; init; } = "custom";

    /// <summary>Bytes one cached token takes; 0 = use <see cref="Ratio"/>.</summary>
    public double BytesPerToken { get; init; }

    /// <summary>Uncompressed over compressed size, above 0.</summary>
    public double Ratio { get; init; } = 1;

    /// <summary>FLOPs to reconstruct one cached token when a step reads it.</summary>
    public double ReconstructionFlopsPerToken { get; init; }

    /// <summary>FLOPs to compress one token.</summary>
    public double WriteFlopsPerToken { get; init; }

    /// <summary>FLOPs per query token: transforms of queries and of mixed values.</summary>
    public double QueryFlopsPerToken { get; init; }

    /// <summary>
    /// FLOPs added per pair of query and cached token; negative where narrower vectors are mixed than without compression.
    /// </summary>
    public double PairFlops { get; init; }

    /// <summary>The specification of a codec's own figures.</summary>
    /// <param name="profile">Name for reports.</param>
    /// <param name="cost">Over all layers, KV heads and query heads.</param>
    public static KvCompressionSpec Of(string profile, in KvCodecCost cost) => new()
    {
        Profile = profile,
        BytesPerToken = cost.Bytes,
        ReconstructionFlopsPerToken = cost.ReadFlops,
        WriteFlopsPerToken = cost.WriteFlops,
        QueryFlopsPerToken = cost.QueryFlops,
        PairFlops = cost.PairFlops,
    };

    internal void Validate()
    {
        if (BytesPerToken < 0 || Ratio <= 0 || ReconstructionFlopsPerToken < 0 || WriteFlopsPerToken < 0 || QueryFlopsPerToken < 0
            || !double.IsFinite(PairFlops))
        {
            throw new InferometerException(
                $"kv_compression: bytes per token {BytesPerToken} and FLOPs per token {ReconstructionFlopsPerToken}, "
                    + $"{WriteFlopsPerToken}, {QueryFlopsPerToken} must not be negative, ratio {Ratio} must be positive.");
        }
    }
}
