namespace Inferometer.Core.Models.HuggingFace;

/// <summary>
/// Encoders that are run, though not priced: networks whose tokens see those behind them, for vectors and scores of texts.
/// </summary>
internal static class EncoderFamilies
{
    private static readonly FamilyTraits Bert = new()
    {
        IsEncoder = true,
        Norm = NormKind.LayerNorm,
        NormEpsilon = 1e-12,
        NormAfterResidual = true,
        Position = PositionKind.Learned,
        QkvBias = true,
        OutputBias = true,
        FeedForwardBias = true,
        Gated = false,
        Activation = "gelu",
        Windows = WindowRule.None,
        FinishLayer = EncoderParts.BertLayer,
        FinishModel = EncoderParts.Bert,
        Defaults = """
            {"vocab_size":30522,"hidden_size":768,"intermediate_size":3072,"num_hidden_layers":12,"num_attention_heads":12,
             "max_position_embeddings":512,"type_vocab_size":2}
            """,
    };

    // Position 0 has the row behind that of the padding token.
    private static readonly FamilyTraits Roberta = Bert with
    {
        FinishModel = EncoderParts.Roberta,
        Defaults = """
            {"vocab_size":50265,"hidden_size":768,"intermediate_size":3072,"num_hidden_layers":12,"num_attention_heads":12,
             "max_position_embeddings":512,"type_vocab_size":2,"pad_token_id":1}
            """,
    };

    private static readonly Dictionary<string, FamilyTraits> All = new(StringComparer.Ordinal)
    {
        ["bert"] = Bert,
        ["roberta"] = Roberta,
        ["camembert"] = Roberta,
        ["xlm-roberta"] = Roberta,
        ["nomic_bert"] = Bert with
        {
            Position = PositionKind.Rotary,
            QkvBias = false,
            OutputBias = false,
            FeedForwardBias = false,
            Gated = true,
            Activation = "silu",
            FinishLayer = null,
            FinishModel = EncoderParts.Nomic,
            Defaults = """
                {"vocab_size":30528,"n_embd":768,"n_inner":3072,"n_layer":12,"n_head":12,"n_positions":8192,"type_vocab_size":2,
                 "rotary_emb_base":1000}
                """,
        },
        ["modernbert"] = Bert with
        {
            Norm = NormKind.LayerNormNoBias,
            NormEpsilon = 1e-5,
            NormAfterResidual = false,
            Position = PositionKind.Rotary,
            QkvBias = false,
            OutputBias = false,
            FeedForwardBias = false,
            Gated = true,
            FinishLayer = EncoderParts.ModernLayer,
            FinishModel = EncoderParts.Modern,
            Defaults = """
                {"vocab_size":50368,"hidden_size":768,"intermediate_size":1152,"num_hidden_layers":22,"num_attention_heads":12,
                 "max_position_embeddings":8192,"local_attention":128,"global_attn_every_n_layers":3,
                 "global_rope_theta":160000,"local_rope_theta":10000}
                """,
        },
    };

    /// <summary>Every encoder's <c>model_type</c>.</summary>
    public static IReadOnlyCollection<string> Known => All.Keys;

    public static FamilyTraits? Find(string modelType) => All.GetValueOrDefault(modelType);
}
