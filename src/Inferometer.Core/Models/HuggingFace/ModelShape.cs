namespace Inferometer.Core.Models.HuggingFace;

/// <summary>What the builders of a model's parts share.</summary>
internal sealed record ModelShape(JsonFields Fields, FamilyTraits Traits, string ModelType, bool IsKnown, int HiddenSize, int MaxContextTokens);
