namespace Inferometer.Core.Models.HuggingFace;

/// <summary>Families with one dense gated (or plain) feed-forward network per layer and rotary attention, after Llama.</summary>
internal static class DenseFamilies
{
    public static readonly FamilyTraits Llama = new()
    {
        Defaults = """
            {"vocab_size":32000,"hidden_size":4096,"intermediate_size":11008,"num_hidden_layers":32,"num_attention_heads":32,
             "max_position_embeddings":2048}
            """,
    };

    private static readonly FamilyTraits Mistral = Llama with
    {
        Defaults = """
            {"vocab_size":32000,"hidden_size":4096,"intermediate_size":14336,"num_hidden_layers":32,"num_attention_heads":32,
             "num_key_value_heads":8,
             "max_position_embeddings":131072,"sliding_window":4096}
            """,
    };

    private static readonly FamilyTraits Granite = Llama;

    private static readonly FamilyTraits Qwen2 = new()
    {
        QkvBias = true,
        AttentionBiasCoversOutput = false,
        Windows = WindowRule.WhenSwitchedOn,
        Defaults = """
            {"vocab_size":151936,"hidden_size":4096,"intermediate_size":22016,"num_hidden_layers":32,"num_attention_heads":32,
             "num_key_value_heads":32,
             "max_position_embeddings":32768,"sliding_window":4096,"max_window_layers":28}
            """,
    };

    private static readonly FamilyTraits Qwen3 = new()
    {
        QkNorm = QkNormKind.PerHead,
        Windows = WindowRule.WhenSwitchedOn,
        Defaults = """
            {"vocab_size":151936,"hidden_size":4096,"intermediate_size":22016,"num_hidden_layers":32,"num_attention_heads":32,
             "num_key_value_heads":32,
             "head_dim":128,"max_position_embeddings":32768,"sliding_window":4096,"max_window_layers":28}
            """,
    };

    private static readonly FamilyTraits Glm4 = new()
    {
        RopeInterleaved = true,
        PartialRotary = 0.5,
        NormEpsilon = 1.5625e-7,
        QkvBias = true,
        AttentionBiasCoversOutput = false,
        Defaults = """
            {"vocab_size":151552,"hidden_size":4096,"intermediate_size":13696,"num_hidden_layers":40,"num_attention_heads":32,
             "num_key_value_heads":2,
             "head_dim":128,"max_position_embeddings":131072}
            """,
    };

    private static readonly FamilyTraits Cohere = new()
    {
        Norm = NormKind.LayerNormNoBias,
        NormEpsilon = 1e-5,
        ParallelBlocks = true,
        PreBlockNorms = 1,
        TiedEmbeddings = true,
        RopeInterleaved = true,
        RopeTheta = 500000,
        Defaults = """
            {"vocab_size":256000,"hidden_size":8192,"intermediate_size":22528,"num_hidden_layers":40,"num_attention_heads":64,
             "max_position_embeddings":8192,"logit_scale":0.0625}
            """,
    };

    public static readonly FamilyTraits Cohere2 = Cohere with
    {
        RopeTheta = 10000,
        Windows = WindowRule.Interleaved,
        GlobalEvery = 4,
        GlobalWithoutRope = true,
        Defaults = """
            {"vocab_size":256000,"hidden_size":8192,"intermediate_size":22528,"num_hidden_layers":40,"num_attention_heads":64,
             "head_dim":128,
             "max_position_embeddings":8192,"logit_scale":0.0625,"sliding_window":4096}
            """,
    };

    // Norms stand behind the blocks instead of before them; their number is the same.
    private static readonly FamilyTraits Olmo2 = new()
    {
        NormEpsilon = 1e-5,
        QkNorm = QkNormKind.FullWidth,
        NormsBehindBlocks = true,
        Windows = WindowRule.None,
        Defaults = """
            {"vocab_size":50304,"hidden_size":4096,"intermediate_size":11008,"num_hidden_layers":32,"num_attention_heads":32,
             "max_position_embeddings":2048}
            """,
    };

    public static readonly FamilyTraits Exaone4 = new()
    {
        NormEpsilon = 1e-5,
        NormsBehindBlocks = true,
        QkNorm = QkNormKind.PerHead,
        Windows = WindowRule.Interleaved,
        GlobalEvery = 4,
        GlobalWithoutRope = true,
        Defaults = """
            {"vocab_size":102400,"hidden_size":4096,"intermediate_size":16384,"num_hidden_layers":32,"num_attention_heads":32,
             "num_key_value_heads":32,
             "max_position_embeddings":2048,"sliding_window":4096,"sliding_window_pattern":4}
            """,
    };

    public static Dictionary<string, FamilyTraits> All { get; } = new(StringComparer.Ordinal)
    {
        ["llama"] = Llama,
        ["code_llama"] = Llama,
        ["mistral"] = Mistral,
        ["mistral3"] = Mistral,
        ["ministral"] = Mistral,
        ["ministral3"] = Mistral with
        {
            NormEpsilon = 1e-5,
            RopeTheta = 1e6,
            Defaults = """
                {"vocab_size":131072,"hidden_size":4096,"intermediate_size":14336,"num_hidden_layers":34,"num_attention_heads":32,
                 "num_key_value_heads":8,
                 "head_dim":128,"max_position_embeddings":262144}
                """,
        },
        ["granite"] = Granite,
        ["granite_swa"] = Granite with
        {
            NormEpsilon = 1e-5,
            TiedEmbeddings = true,
            AttentionSink = true,
            Windows = WindowRule.Interleaved,
            GlobalEvery = 4,
            Defaults = """
                {"vocab_size":100352,"hidden_size":2560,"intermediate_size":8192,"num_hidden_layers":24,"num_attention_heads":20,
                 "num_key_value_heads":4,
                 "max_position_embeddings":8192,"sliding_window":128}
                """,
        },
        ["hyperclovax"] = Granite,
        ["phi3"] = Llama with
        {
            NormEpsilon = 1e-5,
            Defaults = """
                {"vocab_size":32064,"hidden_size":3072,"intermediate_size":8192,"num_hidden_layers":32,"num_attention_heads":32,
                 "max_position_embeddings":4096,"original_max_position_embeddings":4096}
                """,
        },
        ["phi4_multimodal"] = Llama with
        {
            NormEpsilon = 1e-5,
            Defaults = """
                {"vocab_size":200064,"hidden_size":3072,"intermediate_size":8192,"num_hidden_layers":32,"num_attention_heads":32,
                 "num_key_value_heads":8,
                 "max_position_embeddings":131072,"original_max_position_embeddings":4096}
                """,
        },
        ["qwen2"] = Qwen2,
        ["qwen2_vl"] = Qwen2,
        ["qwen2_vl_text"] = Qwen2,
        ["qwen2_5_vl"] = Qwen2,
        ["qwen2_5_vl_text"] = Qwen2,
        ["qwen3"] = Qwen3,
        ["qwen3_vl_text"] = Qwen3,
        ["glm"] = Glm4,
        ["glm4"] = Glm4 with { NormEpsilon = 1e-5, PostBlockNorms = true },
        ["arcee"] = Llama with
        {
            NormEpsilon = 1e-5,
            Gated = false,
            Activation = "relu2",
            Defaults = """
                {"vocab_size":32000,"hidden_size":2560,"intermediate_size":18432,"num_hidden_layers":32,"num_attention_heads":32,
                 "max_position_embeddings":4096}
                """,
        },
        ["cohere"] = Cohere,
        ["cohere2"] = Cohere2,
        ["cohere_compass_text"] = Cohere2 with { Windows = WindowRule.None, GlobalWithoutRope = false },
        ["cwm"] = Llama with
        {
            NormEpsilon = 1e-5,
            RopeTheta = 1e6,
            Windows = WindowRule.Interleaved,
            GlobalEvery = 4,
            Defaults = """
                {"vocab_size":128256,"hidden_size":6144,"intermediate_size":21504,"num_hidden_layers":64,"num_attention_heads":48,
                 "num_key_value_heads":8,
                 "head_dim":128,"max_position_embeddings":131072,"sliding_window":8192}
                """,
        },
        ["emu3"] = Llama,
        ["emu3_text_model"] = Llama with
        {
            NormEpsilon = 1e-5,
            RopeTheta = 1e6,
            Defaults = """
                {"vocab_size":184622,"hidden_size":4096,"intermediate_size":14336,"num_hidden_layers":32,"num_attention_heads":32,
                 "num_key_value_heads":8,
                 "max_position_embeddings":9216}
                """,
        },
        ["ernie4_5"] = Llama with
        {
            NormEpsilon = 1e-5,
            RopeTheta = 500000,
            RopeInterleaved = true,
            TiedEmbeddings = true,
            Defaults = """
                {"vocab_size":103424,"hidden_size":1024,"intermediate_size":3072,"num_hidden_layers":18,"num_attention_heads":16,
                 "num_key_value_heads":2,
                 "head_dim":128,"max_position_embeddings":131072}
                """,
        },
        ["exaone4"] = Exaone4,
        ["helium"] = Llama with
        {
            NormEpsilon = 1e-8,
            RopeTheta = 100000,
            RopeInterleaved = true,
            Defaults = """
                {"vocab_size":48000,"hidden_size":2560,"intermediate_size":7040,"num_hidden_layers":24,"num_attention_heads":20,
                 "num_key_value_heads":20,
                 "head_dim":128,"max_position_embeddings":4096}
                """,
        },
        ["hunyuan_v1_dense"] = Llama with
        {
            NormEpsilon = 1e-5,
            QkNorm = QkNormKind.PerHead,
            QkNormAfterRope = true,
            Defaults = """
                {"vocab_size":290943,"hidden_size":4096,"intermediate_size":11008,"num_hidden_layers":32,"num_attention_heads":32,
                 "max_position_embeddings":2048}
                """,
        },
        ["olmo"] = Olmo2 with { Norm = NormKind.NonParametric, QkNorm = QkNormKind.None, NormsBehindBlocks = false },
        ["olmo2"] = Olmo2,
        ["olmo3"] = Olmo2 with
        {
            ScalesGlobalRopeOnly = true,
            Windows = WindowRule.Interleaved,
            GlobalEvery = 4,
            Defaults = """
                {"vocab_size":50304,"hidden_size":4096,"intermediate_size":11008,"num_hidden_layers":32,"num_attention_heads":32,
                 "max_position_embeddings":2048,
                 "sliding_window":4096}
                """,
        },
        ["seed_oss"] = Llama with
        {
            QkvBias = true,
            AttentionBiasCoversOutput = false,
            Defaults = """
                {"vocab_size":155136,"hidden_size":4096,"intermediate_size":27648,"num_hidden_layers":64,"num_attention_heads":80,
                 "num_key_value_heads":8,
                 "head_dim":128,"max_position_embeddings":524288}
                """,
        },
        ["smollm3"] = Llama with
        {
            TiedEmbeddings = true,
            RopeTheta = 2e6,
            Windows = WindowRule.WhenSwitchedOn,
            Defaults = """
                {"vocab_size":128256,"hidden_size":2048,"intermediate_size":11008,"num_hidden_layers":36,"num_attention_heads":16,
                 "num_key_value_heads":4,
                 "max_position_embeddings":32768}
                """,
        },
        ["stablelm"] = new()
        {
            Norm = NormKind.LayerNorm,
            NormEpsilon = 1e-5,
            PartialRotary = 0.25,
            AttentionBiasCoversOutput = false,
            PreBlockNorms = 1,
            Defaults = """
                {"vocab_size":50304,"hidden_size":2560,"intermediate_size":6912,"num_hidden_layers":32,"num_attention_heads":32,
                 "num_key_value_heads":32,
                 "max_position_embeddings":4096}
                """,
        },
    };
}
