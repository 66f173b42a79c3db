namespace Inferometer.Core.Models.HuggingFace;

/// <summary>What the builders of a model's parts share.</summary>
/// <param name="Fields">Fields of the language model, with the family's defaults behind them.</param>
/// <param name="Outer">The whole file; the same object where the file describes a language model alone.</param>
/// <param name="Traits">The family.</param>
/// <param name="ModelType">Its <c>model_type</c>.</param>
/// <param name="IsKnown">The family is described.</param>
/// <param name="HiddenSize">Width of the residual stream.</param>
/// <param name="MaxContextTokens">Longest context.</param>
/// <param name="LayerCount">Layers as the file counts them.</param>
internal sealed record ModelShape(
    JsonFields Fields,
    JsonFields Outer,
    FamilyTraits Traits,
    string ModelType,
    bool IsKnown,
    int HiddenSize,
    int MaxContextTokens,
    int LayerCount);
