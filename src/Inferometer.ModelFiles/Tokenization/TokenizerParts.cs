namespace Inferometer.ModelFiles.Tokenization;

/// <summary>What a loader found in a file: the parts a <see cref="Tokenizer"/> is put together from.</summary>
internal sealed record TokenizerParts
{
    public required Vocabulary Vocabulary { get; init; }

    public required TokenModel Model { get; init; }

    public IReadOnlyList<AddedToken> AddedTokens { get; init; } = [];

    public IReadOnlyList<NormalizerStep> Normalizer { get; init; } = [];

    public PreTokenizer? PreTokenizer { get; init; }

    /// <summary>Ids put before every text when special tokens are added.</summary>
    public IReadOnlyList<int> Prefix { get; init; } = [];

    /// <summary>Ids put after every text when special tokens are added.</summary>
    public IReadOnlyList<int> Suffix { get; init; } = [];

    /// <summary>How two texts are put together; null where the model's files do not say.</summary>
    public PairTemplate? Pair { get; init; }

    /// <summary>Decoded text loses the one space that encoding put before it.</summary>
    public bool StripsLeadingSpace { get; init; }

    public int? BosId { get; init; }

    public int? PadId { get; init; }

    public int? UnknownId { get; init; }

    /// <summary>Tokens that end a generation, the principal one first.</summary>
    public IReadOnlyList<int> EosIds { get; init; } = [];

    /// <summary>What is left out of the model's files because it is faulty, a line each.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>The chat templates of the model by name; the one used without a name is <c>default</c>.</summary>
    public IReadOnlyDictionary<string, string> ChatTemplates { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>The special tokens as chat templates name them: <c>bos_token</c>, <c>eos_token</c> and so on.</summary>
    public IReadOnlyDictionary<string, string> SpecialTokens { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);
}
