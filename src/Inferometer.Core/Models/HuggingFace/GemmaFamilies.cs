namespace Inferometer.Core.Models.HuggingFace;

/// <summary>Gemma and its descendants.</summary>
internal static class GemmaFamilies
{
    private static readonly FamilyTraits Gemma = new()
    {
        Norm = NormKind.RmsNormPlusOne,
        TiedEmbeddings = true,
        Activation = "gelu_pytorch_tanh",
        ScaledEmbedding = true,
        Windows = WindowRule.None,
        Defaults = """
            {"vocab_size":256000,"hidden_size":3072,"intermediate_size":24576,"num_hidden_layers":28,"num_attention_heads":16,
             "num_key_value_heads":16,
             "head_dim":256,"max_position_embeddings":8192}
            """,
    };

    private static readonly FamilyTraits Gemma2 = Gemma with
    {
        PostBlockNorms = true,
        ScoreSoftcap = 50,
        FinalLogitSoftcap = 30,
        QueryScalar = 256,
        Windows = WindowRule.Interleaved,
        GlobalEvery = 2,
        Defaults = """
            {"vocab_size":256000,"hidden_size":2304,"intermediate_size":9216,"num_hidden_layers":26,"num_attention_heads":8,
             "num_key_value_heads":4,
             "head_dim":256,"max_position_embeddings":8192,"sliding_window":4096}
            """,
    };

    private static readonly FamilyTraits Gemma3 = Gemma2 with
    {
        ScoreSoftcap = 0,
        FinalLogitSoftcap = 0,
        QkNorm = QkNormKind.PerHead,
        GlobalEvery = 6,
        RopeTheta = 1e6,
        LocalRopeTheta = 10000,
        Defaults = """
            {"vocab_size":262208,"hidden_size":2304,"intermediate_size":9216,"num_hidden_layers":26,"num_attention_heads":8,
             "num_key_value_heads":4,
             "head_dim":256,"max_position_embeddings":131072,"sliding_window":4096}
            """,
    };

    // Plain norm weights, a softmax scale of one, and a cap on the final logits.
    private static readonly FamilyTraits Gemma4 = Gemma3 with
    {
        Norm = NormKind.RmsNorm,
        QueryScalar = 1,
        FinalLogitSoftcap = 30,
        ValueNorm = true,
        ProportionalRope = true,
        FinishLayer = GemmaParts.Gemma4Layer,
        ModelParts = GemmaParts.PerLayerTables,
        FinishModel = GemmaParts.WithLayerInputs,
        Defaults = """
            {"vocab_size":262144,"hidden_size":2304,"intermediate_size":9216,"num_hidden_layers":30,"num_attention_heads":8,
             "num_key_value_heads":4,
             "head_dim":256,"global_head_dim":512,"max_position_embeddings":131072,"sliding_window":512}
            """,
    };

    private static readonly FamilyTraits Gemma3n = Gemma3 with
    {
        Norm = NormKind.RmsNorm,
        QueryScalar = 1,
        FinalLogitSoftcap = 30,
        GlobalEvery = 5,
        ValueNorm = true,
        FinishLayer = GemmaParts.Gemma3nLayer,
        ModelParts = GemmaParts.Gemma3nTables,
        FinishModel = GemmaParts.Gemma3n,
        Defaults = """
            {"vocab_size":262400,"vocab_size_per_layer_input":262144,"hidden_size":2048,"hidden_size_per_layer_input":256,
             "intermediate_size":16384,
             "num_hidden_layers":35,"num_attention_heads":8,"num_key_value_heads":2,"head_dim":256,"max_position_embeddings":32768,
             "sliding_window":512,
             "altup_num_inputs":4,"laurel_rank":64,"num_kv_shared_layers":15}
            """,
    };

    public static Dictionary<string, FamilyTraits> All { get; } = new(StringComparer.Ordinal)
    {
        ["gemma"] = Gemma,
        ["gemma2"] = Gemma2,
        ["gemma3"] = Gemma3,
        ["gemma3_text"] = Gemma3,
        ["gemma3n"] = Gemma3n,
        ["gemma3n_text"] = Gemma3n,
        ["gemma4"] = Gemma4,
        ["gemma4_text"] = Gemma4,
        ["gemma4_assistant"] = Gemma4,
        ["gemma4_unified_assistant"] = Gemma4,
        ["gemma4_unified"] = Gemma4,
        ["gemma4_unified_text"] = Gemma4,
        // Gemma 2 without the norms behind the blocks.
        ["vaultgemma"] = Gemma2 with { PostBlockNorms = false },
    };
}
