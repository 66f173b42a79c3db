namespace Inferometer.Simulation.Costs;

/// <summary>What a part of the model takes on one device.</summary>
/// <param name="Part">Name of the part: embeddings, head, attention, feed_forward, experts, shared_experts, router, norms, other;
/// adapters.</param>
/// <param name="Formats">Names of its formats, that of most bytes first.</param>
/// <param name="Elements">Elements.</param>
/// <param name="Bytes">Bytes, scales and padding included.</param>
public sealed record WeightUse(string Part, string Formats, double Elements, double Bytes)
{
    /// <summary>Bits per element, scales and padding included.</summary>
    public double BitsPerWeight => Elements > 0 ? 8 * Bytes / Elements : 0;
}
