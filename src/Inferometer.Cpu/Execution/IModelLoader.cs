using Inferometer.Core.Models;

namespace Inferometer.Cpu.Execution;

/// <summary>
/// A source of a model's shapes and attention weights, for those who study or compress them without running the model.
/// <see cref="TransformerModel"/> is one.
/// </summary>
public interface IModelLoader
{
    /// <summary>The model's shapes.</summary>
    ModelArchitecture Architecture { get; }

    /// <summary>
    /// The attention projections of a layer as floats, whatever format they are stored in; shapes as <see cref="AttentionMatrices"/> names
    /// them.
    /// </summary>
    /// <param name="layer">Layer, from 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such layer.</exception>
    AttentionMatrices GetAttentionWeights(int layer);
}
