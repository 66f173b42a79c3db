using Inferometer.Compression.Cache;
using Inferometer.Compression.Evaluation;

namespace Inferometer.Measurement.Evaluation;

/// <summary>A compressed cache beside the exact one.</summary>
/// <param name="Cache">The cache.</param>
/// <param name="Quality">What it does to the model's predictions, and what it holds.</param>
/// <param name="DecodeRounds">For each context that was timed the speeds of all rounds, tokens per second.</param>
public sealed record ComparedCache(KvCompression Cache, CacheQuality Quality, IReadOnlyList<IReadOnlyList<double>> DecodeRounds)
{
    /// <summary>Answers beside their references; null = there were none.</summary>
    public TextScore? Text { get; init; }
}
