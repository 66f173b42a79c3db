namespace Inferometer.Core.Models.HuggingFace;

/// <summary>Traits of the known families by <c>model_type</c>, from the families' published configuration and modelling code.</summary>
internal static class Families
{
    private static readonly Dictionary<string, FamilyTraits> ByModelType = DenseFamilies.All
        .Concat(UnusualFamilies.All)
        .Concat(ClassicFamilies.All)
        .Concat(GemmaFamilies.All)
        .Concat(MixtureFamilies.All)
        .Concat(LatentFamilies.All)
        .Concat(HybridFamilies.All)
        .ToDictionary(family => family.Key, family => family.Value, StringComparer.Ordinal);

    /// <summary>Every <c>model_type</c> with known traits.</summary>
    public static IReadOnlyCollection<string> Known => ByModelType.Keys;

    public static FamilyTraits? Find(string modelType) => ByModelType.GetValueOrDefault(modelType);

    /// <summary>The usual meaning of the usual fields, for a family nobody has described.</summary>
    public static FamilyTraits Unknown => DenseFamilies.Llama;
}
