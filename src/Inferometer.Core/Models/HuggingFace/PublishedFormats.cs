using Inferometer.Core.Deployments;
using Inferometer.Core.Weights;

namespace Inferometer.Core.Models.HuggingFace;

/// <summary>What a config.json says of the formats of its checkpoint.</summary>
/// <param name="Weights">The weights; null = nothing is said.</param>
/// <param name="KvCache">The cache of keys and values; null = nothing is said.</param>
/// <param name="Notes">What a reader should know of it.</param>
internal sealed record PublishedFormats(WeightScheme? Weights, Precision? KvCache, IReadOnlyList<string> Notes);
