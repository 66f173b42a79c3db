using Inferometer.Core.Deployments;

namespace Inferometer.Core.Weights;

/// <summary>
/// A mix of block formats as llama.cpp's quantiser makes it: one format for most tensors, others where rules give more or fewer bits,
/// and a fallback for rows that hold no whole number of blocks. Routers, norms, biases and convolutions stay in 32-bit floats.
/// </summary>
public sealed record GgufMix : WeightScheme
{
    private static readonly string[] Fused =
        ["phi3", "phi", "falcon", "gpt2", "gpt_neox", "gpt_bigcode", "bloom", "mpt", "chatglm", "dbrx", "qwen", "starcoder"];

    /// <summary>Format of the token table where the LM head is a matrix of its own; null = <see cref="WeightScheme.Main"/>.</summary>
    public Precision? Table { get; init; }

    /// <summary>Format of the LM head, or of a table that serves as one; null = the quantiser's usual choice.</summary>
    public Precision? Output { get; init; }

    /// <summary>The exceptions; the first that applies counts.</summary>
    public required EquatableList<GgufMixRule> Rules { get; init; }

    /// <inheritdoc/>
    public override bool IsGguf => true;

    private static Precision Q8 { get; } = Precision.Parse("q8_0", "mix");

    private static Precision Q6 { get; } = Precision.Parse("q6_k", "mix");

    private static Precision Q5 { get; } = Precision.Parse("q5_k", "mix");

    /// <inheritdoc/>
    public override Func<WeightTensor, StoredWeight> For(WeightFacts facts)
    {
        ArgumentNullException.ThrowIfNull(facts);
        return tensor =>
        {
            if (tensor.Kind == WeightKind.PartIdle)
            {
                return new(0, Main);
            }

            Precision type = WeightParts.IsSmall(tensor.Kind) ? Precision.Fp32 : Fitting(TypeOf(tensor, facts), tensor.Inputs);
            return new(tensor.Elements * type.BytesPerElement, type);
        };
    }

    /// <summary>Six bits, or eight where the rest has as many.</summary>
    internal static Precision DefaultOutput(Precision main) => main.Name is "q8_0" ? Q8 : Q6;

    private Precision TypeOf(in WeightTensor tensor, WeightFacts facts)
    {
        bool table = tensor.Kind is WeightKind.TokenTable or WeightKind.PartTable;
        if (tensor.Kind == WeightKind.Head || (table && facts.TiedEmbeddings))
        {
            bool whole = tensor.Inputs % Main.BlockElements == 0 && facts.ModelType is not "falcon";
            return whole ? Output ?? DefaultOutput(Main) : Q8;
        }

        if (table)
        {
            return Table ?? Main;
        }

        if (IsExpert(tensor.Kind) && facts.KeptExperts is { } kept)
        {
            return kept;
        }

        if (IsExpert(tensor.Kind) && Rules.FirstOrDefault(r => r.Tensors.Contains("expert", StringComparer.Ordinal)) is { } experts)
        {
            return experts.Type;
        }

        // Families whose files hold queries, keys and values in one matrix have it treated as values are.
        bool fused = Fused.Contains(facts.ModelType, StringComparer.Ordinal) && (tensor.Kind is WeightKind.Query or WeightKind.Key);
        string name = fused ? "value" : NameOf(tensor.Kind);
        int layer = tensor.Layer;
        int ordinal = layer >= 0 && layer < facts.ValueOrdinals.Count ? facts.ValueOrdinals[layer] : 0;
        Precision type = Rules.FirstOrDefault(r => r.Applies(name, layer, ordinal, facts))?.Type ?? Main;
        return Raised(type, name, facts);
    }

    // Outside the mixes of two bits and less: value projections of models of eighty layers with shared key heads, and keys and values of
    // mixtures of eight, are small beside what they bring.
    private Precision Raised(Precision type, string tensor, WeightFacts facts)
    {
        if (Name.StartsWith("iq1", StringComparison.Ordinal) || Name.StartsWith("iq2", StringComparison.Ordinal))
        {
            return type;
        }

        if (facts.Experts == 8 && (tensor is "value" or "key"))
        {
            return Q8;
        }

        bool seventy = facts is { Layers: 80, QueriesPerKeyHead: > 1, ModelType: "llama" or "qwen2" };
        return seventy && tensor is "value" && (type.Name is "q3_k" or "q4_k") ? Q5 : type;
    }

    private static bool IsExpert(WeightKind kind) => WeightParts.Of(kind) == WeightPart.Experts;

    private static string NameOf(WeightKind kind) => kind switch
    {
        WeightKind.Query => "query",
        WeightKind.Key => "key",
        WeightKind.Value => "value",
        WeightKind.AttentionOutput => "attention_output",
        WeightKind.Gate or WeightKind.ExpertGate or WeightKind.SharedGate => "gate",
        WeightKind.Up or WeightKind.ExpertUp or WeightKind.SharedUp => "up",
        WeightKind.Down or WeightKind.ExpertDown or WeightKind.SharedDown => "down",
        _ => "other",
    };

    // A row that holds no whole number of blocks of 256 takes the nearest format with blocks of 32, and without those 16 bits.
    private static Precision Fitting(Precision type, long inputs)
    {
        if (inputs % type.BlockElements == 0)
        {
            return type;
        }

        string smaller = type.Name switch
        {
            "q2_k" or "q3_k" or "tq1_0" or "tq2_0" => "q4_0",
            "q4_k" => "q5_0",
            "q5_k" => "q5_1",
            "q6_k" => "q8_0",
            _ when type.Name.StartsWith("iq", StringComparison.Ordinal) => "iq4_nl",
            _ => "fp16",
        };
        Precision next = Precision.Parse(smaller, "mix");
        return inputs % next.BlockElements == 0 ? next : Precision.Fp16;
    }
}
