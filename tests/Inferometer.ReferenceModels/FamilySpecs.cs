namespace Inferometer.ReferenceModels;

/// <summary>The families, from their published modelling code (Hugging Face transformers); each kind has a file of its own.</summary>
public static class FamilySpecs
{
    /// <summary>All of them by the name that tests show.</summary>
    public static IReadOnlyDictionary<string, FamilySpec> All { get; } =
        DenseFamilySpecs.All
            .Concat(ClassicFamilySpecs.All)
            .Concat(MixtureFamilySpecs.All)
            .Concat(LatentFamilySpecs.All)
            .Concat(StateFamilySpecs.All)
            .ToDictionary(family => family.Key, family => family.Value, StringComparer.Ordinal);
}
