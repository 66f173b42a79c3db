namespace Inferometer.Core.Models.HuggingFace;

/// <summary>Families with mixtures of experts and attention with keys and values of its own.</summary>
internal static class MixtureFamilies
{
    private static readonly FamilyTraits Mixtral = new()
    {
        ExpertsHaveUsualWidth = true,
        NormEpsilon = 1e-5,
        RopeTheta = 1e6,
        Defaults = """
            {"vocab_size":32000,"hidden_size":4096,"intermediate_size":14336,"num_hidden_layers":32,"num_attention_heads":32,
             "num_key_value_heads":8,
             "max_position_embeddings":131072,"num_experts_per_tok":2,"num_local_experts":8}
            """,
    };

    private static readonly FamilyTraits GraniteMoe = new()
    {
        ExpertsHaveUsualWidth = true,
        Defaults = """
            {"vocab_size":32000,"hidden_size":4096,"intermediate_size":11008,"num_hidden_layers":32,"num_attention_heads":32,
             "max_position_embeddings":2048,
             "num_local_experts":8,"num_experts_per_tok":2}
            """,
    };

    private static readonly FamilyTraits Qwen2Moe = new()
    {
        QkvBias = true,
        AttentionBiasCoversOutput = false,
        Windows = WindowRule.WhenSwitchedOn,
        NormalizeTopK = false,
        SharedGate = true,
        Defaults = """
            {"vocab_size":151936,"hidden_size":2048,"intermediate_size":5632,"num_hidden_layers":24,"num_attention_heads":16,
             "num_key_value_heads":16,
             "max_position_embeddings":32768,"num_experts_per_tok":4,"num_experts":60,"moe_intermediate_size":1408,
             "shared_expert_intermediate_size":5632}
            """,
    };

    private static readonly FamilyTraits Qwen3Moe = new()
    {
        QkNorm = QkNormKind.PerHead,
        Windows = WindowRule.WhenSwitchedOn,
        Defaults = """
            {"vocab_size":151936,"hidden_size":2048,"intermediate_size":6144,"num_hidden_layers":24,"num_attention_heads":32,
             "num_key_value_heads":4,
             "max_position_embeddings":32768,"num_experts_per_tok":8,"num_experts":128,"moe_intermediate_size":768}
            """,
    };

    private static readonly FamilyTraits Llama4 = new()
    {
        ExpertsHaveUsualWidth = true,
        NormEpsilon = 1e-5,
        RopeTheta = 500000,
        RopeInterleaved = true,
        QkNormAfterRope = true,
        SigmoidRouter = true,
        NormalizeTopK = false,
        Defaults = """
            {"vocab_size":202048,"hidden_size":5120,"intermediate_size":8192,"intermediate_size_mlp":16384,"num_hidden_layers":48,
             "num_attention_heads":40,
             "num_key_value_heads":8,"head_dim":128,"max_position_embeddings":131072,"num_experts_per_tok":1,"num_local_experts":16,
             "interleave_moe_layer_step":1}
            """,
    };

    private static readonly FamilyTraits Glm4Moe = new()
    {
        NormEpsilon = 1e-5,
        PartialRotary = 0.5,
        AttentionBiasCoversOutput = false,
        SigmoidRouter = true,
        RouterBias = true,
        Defaults = """
            {"vocab_size":151552,"hidden_size":4096,"intermediate_size":10944,"num_hidden_layers":46,"num_attention_heads":96,
             "num_key_value_heads":8,
             "max_position_embeddings":131072,"moe_intermediate_size":1408,"num_experts_per_tok":8,"n_shared_experts":1,
             "n_routed_experts":128,
             "first_k_dense_replace":1}
            """,
    };

    private static readonly FamilyTraits MiniMaxM2 = new()
    {
        ExpertsHaveUsualWidth = true,
        QkNorm = QkNormKind.FullWidth,
        SigmoidRouter = true,
        RouterBias = true,
        RopeTheta = 5e6,
        PartialRotary = 0.5,
        Defaults = """
            {"vocab_size":200064,"hidden_size":3072,"intermediate_size":1536,"num_hidden_layers":62,"num_attention_heads":48,
             "num_key_value_heads":8,
             "head_dim":128,"max_position_embeddings":196608,"num_experts_per_tok":8,"num_local_experts":256}
            """,
    };

    public static Dictionary<string, FamilyTraits> All { get; } = new(StringComparer.Ordinal)
    {
        ["mixtral"] = Mixtral,
        ["granitemoe"] = GraniteMoe,
        ["granitemoeshared"] = GraniteMoe,
        ["granitemoe_swa"] = GraniteMoe with { AttentionSink = true, Windows = WindowRule.Interleaved, GlobalEvery = 4 },
        ["phimoe"] = new()
        {
            Norm = NormKind.LayerNorm,
            NormEpsilon = 1e-5,
            RopeTheta = 1e6,
            NormalizeTopK = false,
            ExpertsHaveUsualWidth = true,
            RouterJitter = 0.01,
            Defaults = """
                {"vocab_size":32064,"hidden_size":4096,"intermediate_size":6400,"num_hidden_layers":32,"num_attention_heads":32,
                 "num_key_value_heads":8,
                 "max_position_embeddings":131072,"num_experts_per_tok":2,"num_local_experts":16}
                """,
        },
        ["qwen2_moe"] = Qwen2Moe,
        ["qwen3_moe"] = Qwen3Moe,
        ["qwen3_vl_moe_text"] = Qwen3Moe,
        ["mellum"] = Qwen3Moe with
        {
            Windows = WindowRule.Interleaved,
            Defaults = """
                {"vocab_size":98304,"hidden_size":2304,"intermediate_size":7168,"num_hidden_layers":28,"num_attention_heads":32,
                 "num_key_value_heads":4,
                 "head_dim":128,"max_position_embeddings":131072,"sliding_window":1024,"num_experts_per_tok":8,"num_experts":64,
                 "moe_intermediate_size":896}
                """,
        },
        ["deepseek"] = new() { NormalizeTopK = false },
        ["llama4"] = Llama4,
        ["llama4_text"] = Llama4,
        ["gpt_oss"] = new()
        {
            ExpertsHaveUsualWidth = true,
            NormEpsilon = 1e-5,
            QkvBias = true,
            OutputBias = true,
            FeedForwardBias = true,
            AttentionSink = true,
            Activation = "swiglu_oss",
            RopeTheta = 150000,
            Windows = WindowRule.Interleaved,
            GlobalEvery = 2,
            RouterBias = true,
            Defaults = """
                {"vocab_size":201088,"hidden_size":2880,"intermediate_size":2880,"num_hidden_layers":36,"num_attention_heads":64,
                 "num_key_value_heads":8,
                 "head_dim":64,"max_position_embeddings":131072,"sliding_window":128,"num_local_experts":128,"num_experts_per_tok":4}
                """,
        },
        ["minimax_m2"] = MiniMaxM2,
        ["minimax_m3_vl_text"] = MiniMaxM2 with
        {
            Norm = NormKind.RmsNormPlusOne,
            QkNorm = QkNormKind.PerHead,
            FinishLayer = MixtureParts.MiniMaxM3Indexer,
            Defaults = """
                {"vocab_size":200064,"hidden_size":6144,"intermediate_size":3072,"dense_intermediate_size":12288,
                 "shared_intermediate_size":3072,
                 "num_hidden_layers":60,"num_attention_heads":64,"num_key_value_heads":4,"head_dim":128,"max_position_embeddings":524288,
                 "num_experts_per_tok":4,"num_local_experts":128,"rotary_dim":64,"routed_scaling_factor":2.0}
                """,
        },
        ["mimo_v2_flash"] = new()
        {
            NormEpsilon = 1e-5,
            SigmoidRouter = true,
            RouterBias = true,
            RopeTheta = 5e6,
            LocalRopeTheta = 10000,
            PartialRotary = 0.334,
            Windows = WindowRule.Interleaved,
            GlobalEvery = 6,
            FinishLayer = MixtureParts.FirstLayerDense,
            Defaults = """
                {"vocab_size":152576,"hidden_size":4096,"intermediate_size":16384,"num_hidden_layers":48,"num_attention_heads":64,
                 "num_key_value_heads":4,
                 "head_dim":192,"v_head_dim":128,"max_position_embeddings":131072,"sliding_window":128,"n_routed_experts":256,
                 "num_experts_per_tok":8,"moe_intermediate_size":2048}
                """,
        },
        ["glm4_moe"] = Glm4Moe,
        ["glm4v_moe_text"] = Glm4Moe,
        ["solar_open"] = Glm4Moe with
        {
            PartialRotary = 1,
            RopeTheta = 1e6,
            Defaults = """
                {"vocab_size":196608,"hidden_size":4096,"num_hidden_layers":48,"num_attention_heads":64,"num_key_value_heads":8,
                 "head_dim":128,
                 "max_position_embeddings":131072,"moe_intermediate_size":1280,"num_experts_per_tok":8,"n_shared_experts":1,
                 "n_routed_experts":128}
                """,
        },
        ["dots1"] = Glm4Moe with
        {
            NormEpsilon = 1e-6,
            PartialRotary = 1,
            QkNorm = QkNormKind.PerHead,
            AttentionBiasCoversOutput = true,
            Defaults = """
                {"vocab_size":152064,"hidden_size":4608,"intermediate_size":10944,"num_hidden_layers":62,"num_attention_heads":32,
                 "num_key_value_heads":32,
                 "max_position_embeddings":2048,"moe_intermediate_size":1408,"n_routed_experts":128,"n_shared_experts":2,
                 "num_experts_per_tok":6,
                 "first_k_dense_replace":0,"sliding_window":4096}
                """,
            Windows = WindowRule.Interleaved,
            GlobalEvery = 1,
        },
        // Norms before and behind each block, a sigmoid gate on the attention's output; global layers know no positions.
        ["afmoe"] = new()
        {
            NormEpsilon = 1e-5,
            PostBlockNorms = true,
            QkNorm = QkNormKind.PerHead,
            OutputGate = true,
            SigmoidRouter = true,
            RouterBias = true,
            Windows = WindowRule.Interleaved,
            GlobalEvery = 4,
            GlobalWithoutRope = true,
            Defaults = """
                {"vocab_size":200192,"hidden_size":2048,"intermediate_size":6144,"moe_intermediate_size":1408,"num_hidden_layers":32,
                 "num_dense_layers":1,
                 "num_attention_heads":16,"num_key_value_heads":16,"head_dim":128,"max_position_embeddings":16384,"num_experts":64,
                 "num_experts_per_tok":6,"num_shared_experts":2,"sliding_window":1024}
                """,
        },
        ["laguna"] = new()
        {
            RopeTheta = 500000,
            PartialRotary = 0.5,
            QkNorm = QkNormKind.PerHead,
            HeadGate = true,
            SigmoidRouter = true,
            RouterBias = true,
            Windows = WindowRule.Interleaved,
            GlobalEvery = 1,
            FinishLayer = MixtureParts.FirstLayerDense,
            Defaults = """
                {"vocab_size":100352,"hidden_size":2048,"intermediate_size":8192,"num_hidden_layers":40,"num_attention_heads":48,
                 "num_key_value_heads":8,
                 "head_dim":128,"max_position_embeddings":131072,"num_experts":256,"num_experts_per_tok":8,"moe_intermediate_size":512,
                 "shared_expert_intermediate_size":512,"sliding_window":512}
                """,
        },
        ["hy_v3"] = new()
        {
            NormEpsilon = 1e-5,
            RopeTheta = 11158840,
            QkNorm = QkNormKind.PerHead,
            SigmoidRouter = true,
            RouterBias = true,
            FinishLayer = MixtureParts.FirstLayerDense,
            Defaults = """
                {"vocab_size":120832,"hidden_size":4096,"intermediate_size":13312,"num_hidden_layers":80,"num_attention_heads":64,
                 "num_key_value_heads":8,
                 "head_dim":128,"max_position_embeddings":131072,"num_experts":192,"num_experts_per_tok":8,"num_shared_experts":1,
                 "moe_intermediate_size":1536}
                """,
        },
        ["hunyuan_v1_moe"] = new()
        {
            NormEpsilon = 1e-5,
            QkNorm = QkNormKind.PerHead,
            QkNormAfterRope = true,
            FinishLayer = MixtureParts.HunyuanShared,
            Defaults = """
                {"vocab_size":290943,"hidden_size":4096,"intermediate_size":11008,"num_hidden_layers":32,"num_attention_heads":32,
                 "max_position_embeddings":2048,"num_experts":1,"moe_topk":1}
                """,
        },
        ["exaone_moe"] = DenseFamilies.Exaone4 with
        {
            SigmoidRouter = true,
            RouterBias = true,
            Defaults = """
                {"vocab_size":102400,"hidden_size":4096,"intermediate_size":16384,"num_hidden_layers":32,"num_attention_heads":32,
                 "num_key_value_heads":32,
                 "max_position_embeddings":2048,"sliding_window":4096,"sliding_window_pattern":4,"first_k_dense_replace":1,
                 "moe_intermediate_size":1024,
                 "num_experts":64,"num_experts_per_tok":8,"num_shared_experts":1,"routed_scaling_factor":2.5}
                """,
        },
        ["ernie4_5_moe"] = new()
        {
            NormEpsilon = 1e-5,
            RopeTheta = 500000,
            RopeInterleaved = true,
            TiedEmbeddings = true,
            RouterBias = true,
            Defaults = """
                {"vocab_size":103424,"hidden_size":2560,"intermediate_size":12288,"num_hidden_layers":28,"num_attention_heads":20,
                 "num_key_value_heads":4,
                 "max_position_embeddings":131072,"moe_intermediate_size":1536,"moe_k":6,"moe_num_experts":64,"moe_num_shared_experts":2,
                 "moe_layer_start_index":1,"moe_layer_end_index":-1,"moe_layer_interval":1}
                """,
        },
        ["cohere2_moe"] = DenseFamilies.Cohere2 with
        {
            Defaults = """
                {"vocab_size":256000,"hidden_size":8192,"intermediate_size":22528,"num_hidden_layers":40,"num_attention_heads":64,
                 "head_dim":128,
                 "max_position_embeddings":8192,"logit_scale":0.0625,"sliding_window":4096,"num_experts":8,"num_experts_per_tok":2,
                 "num_shared_experts":0}
                """,
        },
        ["aria_text"] = new()
        {
            Defaults = """
                {"vocab_size":32000,"hidden_size":4096,"intermediate_size":4096,"num_hidden_layers":32,"num_attention_heads":32,
                 "max_position_embeddings":2048,"moe_num_experts":8,"moe_topk":2,"moe_num_shared_experts":2}
                """,
        },
        ["dbrx"] = new()
        {
            Norm = NormKind.LayerNormNoBias,
            NormEpsilon = 1e-5,
            Defaults = """
                {"vocab_size":32000,"d_model":2048,"n_heads":16,"n_layers":24,"max_seq_len":2048,
                 "attn_config":{"kv_n_heads":1,"rope_theta":10000.0},"ffn_config":{"ffn_hidden_size":3584,"moe_num_experts":4,
                 "moe_top_k":1}}
                """,
        },
        ["flex_olmo"] = new()
        {
            QkNorm = QkNormKind.FullWidth,
            RopeTheta = 500000,
            NormalizeTopK = false,
            Defaults = """
                {"vocab_size":100352,"hidden_size":4096,"intermediate_size":11008,"num_hidden_layers":32,"num_attention_heads":32,
                 "max_position_embeddings":4096,"num_experts_per_tok":5,"num_experts":7}
                """,
        },
        ["olmoe"] = new()
        {
            ExpertsHaveUsualWidth = true,
            NormEpsilon = 1e-5,
            QkNorm = QkNormKind.FullWidth,
            NormalizeTopK = false,
            Defaults = """
                {"vocab_size":50304,"hidden_size":2048,"intermediate_size":2048,"num_hidden_layers":16,"num_attention_heads":16,
                 "max_position_embeddings":4096,"num_experts_per_tok":8,"num_experts":64}
                """,
        },
        // Queries and outputs are experts too.
        ["jetmoe"] = new()
        {
            TiedEmbeddings = true,
            FinishLayer = MixtureParts.JetMoe,
            Defaults = """
                {"vocab_size":32000,"hidden_size":2048,"num_hidden_layers":12,"num_key_value_heads":16,"kv_channels":128,
                 "max_position_embeddings":4096,
                 "num_local_experts":8,"num_experts_per_tok":2,"intermediate_size":5632,"num_attention_heads":32}
                """,
        },
        ["zaya"] = new()
        {
            NormEpsilon = 1e-5,
            RopeTheta = 5e6,
            PartialRotary = 0.5,
            TiedEmbeddings = true,
            NormalizeTopK = false,
            Windows = WindowRule.Interleaved,
            GlobalEvery = 1,
            FinishLayer = MixtureParts.Zaya,
            ModelParts = f => [new("scale and bias of the embedding", 2L * f.Hidden, SidePartUse.Applied)],
            Defaults = """
                {"vocab_size":262272,"hidden_size":2048,"num_hidden_layers":40,"num_attention_heads":8,"num_key_value_heads":2,
                 "head_dim":128,
                 "max_position_embeddings":131072,"num_experts":16,"num_experts_per_tok":1,"moe_intermediate_size":2048,
                 "router_hidden_size":256,
                 "cca_time0":2,"cca_time1":2}
                """,
        },
        ["inkling_text"] = new()
        {
            UntiedWhateverTheFileSays = true,
            Position = PositionKind.None,
            QkNorm = QkNormKind.PerHead,
            SigmoidRouter = true,
            RouterBias = true,
            Windows = WindowRule.Interleaved,
            GlobalEvery = 6,
            FinishLayer = MixtureParts.Inkling,
            ModelParts = f => [new("norm of the embedding", f.Hidden, SidePartUse.Applied)],
            Defaults = """
                {"vocab_size":201024,"hidden_size":6144,"num_hidden_layers":66,"num_attention_heads":64,"num_key_value_heads":8,
                 "head_dim":128,
                 "swa_num_attention_heads":64,"swa_num_key_value_heads":16,"swa_head_dim":128,"sliding_window_size":512,"d_rel":16,
                 "rel_extent":1024,
                 "max_position_embeddings":131072,"conv_kernel_size":4,"intermediate_size":24576,"moe_intermediate_size":3072,
                 "n_routed_experts":256,
                 "num_experts_per_tok":6,"n_shared_experts":2,"route_scale":8.0}
                """,
        },
    };
}
