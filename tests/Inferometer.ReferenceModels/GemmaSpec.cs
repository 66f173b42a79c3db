namespace Inferometer.ReferenceModels;

/// <summary>A tiny model of Gemma 3n or Gemma 4, from their published modelling code.</summary>
/// <param name="ModelType">gemma3n_text or gemma4_text.</param>
public sealed record GemmaSpec(string ModelType)
{
    public const int Hidden = 32, Inner = 48, Layers = 6, Heads = 4, HeadDim = 16, GlobalHeadDim = 32, Vocabulary = 80;

    public const int InputWidth = 8, InputRows = 70, Window = 6, Streams = 4, Rank = 8, Experts = 6, ExpertInner = 24;

    /// <summary>All of them by the name that tests show.</summary>
    public static IReadOnlyDictionary<string, GemmaSpec> All { get; } = new Dictionary<string, GemmaSpec>(StringComparer.Ordinal)
    {
        ["gemma3n"] = new("gemma3n_text") { SharedLayers = 2, HasInputs = true },
        ["gemma4 small"] = new("gemma4_text") { SharedLayers = 2, HasInputs = true, DoublesShared = true },
        ["gemma4 dense"] = new("gemma4_text") { KeysAreValues = true, GlobalKvHeads = 1 },
        ["gemma4 with experts"] = new("gemma4_text") { KeysAreValues = true, HasExperts = true },
    };

    public bool IsThird => ModelType is "gemma3n_text";

    /// <summary>Layers at the end that read the keys and values of earlier ones.</summary>
    public int SharedLayers { get; init; }

    public bool HasInputs { get; init; }

    public bool DoublesShared { get; init; }

    /// <summary>Global layers have no value projection.</summary>
    public bool KeysAreValues { get; init; }

    public int GlobalKvHeads { get; init; } = 2;

    public bool HasExperts { get; init; }

    public static bool IsGlobal(int layer) => layer % 2 == 1;

    public bool IsShared(int layer) => layer >= Layers - SharedLayers;

    /// <summary>The layer whose keys and values a layer reads.</summary>
    public int SourceOf(int layer) =>
        IsShared(layer) ? Enumerable.Range(0, Layers - SharedLayers).Last(earlier => IsGlobal(earlier) == IsGlobal(layer)) : layer;

    public int WidthOf(int layer) => !IsThird && IsGlobal(layer) ? GlobalHeadDim : HeadDim;

    public int KvHeadsOf(int layer) => IsGlobal(layer) ? GlobalKvHeads : 2;

    public int InnerOf(int layer) => DoublesShared && IsShared(layer) ? 2 * Inner : Inner;

    /// <summary>Share of the gates that a layer cuts.</summary>
    public double CutOf(int layer) => IsThird && layer < 3 ? 0.8 : 0;
}
