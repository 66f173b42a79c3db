using Inferometer.Core.Deployments;

namespace Inferometer.Core.Weights;

/// <summary>A format of weights that can be named.</summary>
/// <param name="Name">Canonical name.</param>
/// <param name="Family">What it is: <c>plain</c>, <c>engine</c> or <c>gguf</c>.</param>
/// <param name="Main">The format most weights are then in, with its bits per weight.</param>
/// <param name="Meaning">What is stored how, in words.</param>
/// <param name="Source">Where that comes from.</param>
public sealed record WeightFormat(string Name, string Family, Precision Main, string Meaning, string Source)
{
    /// <summary>Other names.</summary>
    public EquatableList<string> Aliases { get; init; } = EquatableList<string>.Empty;

    internal Func<string, WeightScheme>? Create { get; init; }
}
