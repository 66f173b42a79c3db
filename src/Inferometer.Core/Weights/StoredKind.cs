using Inferometer.Core.Deployments;

namespace Inferometer.Core.Weights;

/// <summary>How a file stores a kind of tensor in one layer.</summary>
/// <param name="Layer">Index of the layer; -1 outside the layers.</param>
/// <param name="Kind">The kind.</param>
/// <param name="BytesPerElement">Mean bytes of an element.</param>
/// <param name="Format">The format most of them are in.</param>
public sealed record StoredKind(int Layer, WeightKind Kind, double BytesPerElement, Precision Format);
