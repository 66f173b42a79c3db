namespace Inferometer.Core.Models.HuggingFace;

/// <summary>
/// Families with recurrences: state-space models, linear attention, short convolutions, alone or between attention layers.
/// </summary>
internal static class HybridFamilies
{
    private static readonly FamilyTraits Qwen3Next = new()
    {
        Norm = NormKind.RmsNormPlusOne,
        QkNorm = QkNormKind.PerHead,
        OutputGate = true,
        SharedGate = true,
        RopeTheta = 1e7,
        PartialRotary = 0.25,
        Windows = WindowRule.None,
        Defaults = """
            {"vocab_size":151936,"hidden_size":2048,"intermediate_size":5632,"num_hidden_layers":48,"num_attention_heads":16,
             "num_key_value_heads":2,
             "head_dim":256,"max_position_embeddings":32768,"linear_conv_kernel_dim":4,"linear_key_head_dim":128,
             "linear_value_head_dim":128,
             "linear_num_key_heads":16,"linear_num_value_heads":32,"num_experts_per_tok":10,"num_experts":512,"moe_intermediate_size":512,
             "shared_expert_intermediate_size":512}
            """,
    };

    private static readonly FamilyTraits Qwen35 = Qwen3Next with
    {
        Defaults = """
            {"vocab_size":248320,"hidden_size":4096,"intermediate_size":12288,"num_hidden_layers":32,"num_attention_heads":16,
             "num_key_value_heads":4,
             "head_dim":256,"max_position_embeddings":32768,"linear_conv_kernel_dim":4,"linear_key_head_dim":128,
             "linear_value_head_dim":128,
             "linear_num_key_heads":16,"linear_num_value_heads":32}
            """,
    };

    private static readonly FamilyTraits Qwen35Moe = Qwen3Next with
    {
        Defaults = """
            {"vocab_size":248320,"hidden_size":2048,"num_hidden_layers":40,"num_attention_heads":16,"num_key_value_heads":2,"head_dim":256,
             "max_position_embeddings":32768,"linear_conv_kernel_dim":4,"linear_key_head_dim":128,"linear_value_head_dim":128,
             "linear_num_key_heads":16,"linear_num_value_heads":32,"num_experts_per_tok":8,"num_experts":256,"moe_intermediate_size":512,
             "shared_expert_intermediate_size":512}
            """,
    };

    private static readonly FamilyTraits Qwen4Exp = Qwen3Next with
    {
        FinishLayer = HybridParts.Qwen4Layer,
        ModelParts = HybridParts.Qwen4Mixer,
        Defaults = Qwen35Moe.Defaults
            .Replace("\"num_experts_per_tok\":8", "\"num_experts_per_tok\":10", StringComparison.Ordinal)
            .Replace("\"num_experts\":256", "\"num_experts\":512", StringComparison.Ordinal),
    };

    private static readonly FamilyTraits MambaAlone = new()
    {
        NormEpsilon = 1e-5,
        Position = PositionKind.None,
        TiedEmbeddings = true,
        Recurrent = RecurrentKind.Mamba1,
        Stack = HybridParts.RecurrencesAlone,
        Defaults = """
            {"vocab_size":50280,"hidden_size":768,"state_size":16,"num_hidden_layers":32,"expand":2,"conv_kernel":4,
             "max_position_embeddings":1048576}
            """,
    };

    private static readonly FamilyTraits Lfm2 = new()
    {
        NormEpsilon = 1e-5,
        RopeTheta = 1e6,
        TiedEmbeddings = true,
        QkNorm = QkNormKind.PerHead,
        Recurrent = RecurrentKind.ShortConvolution,
        IsRecurrent = (fields, layer) => fields.Ints("full_attn_idxs", 0, Limits.Layers) is { } full && !full.Contains(layer),
        FinishLayer = HybridParts.Lfm2Layer,
        Defaults = """
            {"vocab_size":65536,"hidden_size":2560,"intermediate_size":12288,"num_hidden_layers":32,"num_attention_heads":32,
             "num_key_value_heads":8,
             "max_position_embeddings":128000,"conv_bias":false,"conv_L_cache":3,"block_multiple_of":256,"block_ffn_dim_multiplier":1.0,
             "block_auto_adjust_ff_dim":true}
            """,
    };

    public static Dictionary<string, FamilyTraits> All { get; } = new(StringComparer.Ordinal)
    {
        ["qwen3_next"] = Qwen3Next,
        ["qwen3_5"] = Qwen35,
        ["qwen3_5_text"] = Qwen35,
        ["qwen3_5_moe"] = Qwen35Moe,
        ["qwen3_5_moe_text"] = Qwen35Moe,
        ["qwen4_exp"] = Qwen4Exp,
        ["qwen4_exp_text"] = Qwen4Exp,
        ["olmo_hybrid"] = new()
        {
            QkNorm = QkNormKind.FullWidth,
            RopeTheta = 10000,
            Windows = WindowRule.None,
            Defaults = """
                {"vocab_size":100352,"hidden_size":3840,"intermediate_size":11008,"num_hidden_layers":32,"num_attention_heads":30,
                 "max_position_embeddings":65536,"linear_num_key_heads":30,"linear_num_value_heads":30,"linear_key_head_dim":96,
                 "linear_value_head_dim":192,"linear_conv_kernel_dim":4}
                """,
        },
        ["kimi_linear"] = new()
        {
            NormEpsilon = 1e-5,
            Position = PositionKind.None,
            SigmoidRouter = true,
            RouterBias = true,
            Windows = WindowRule.None,
            Recurrent = RecurrentKind.KimiDelta,
            IsRecurrent = (fields, layer) => fields.Object("linear_attn_config")?.Ints("full_attn_layers", 1, Limits.Layers) is { } full
                ? !full.Contains(layer + 1)
                : layer == 0 || layer % 4 != 0,
            Defaults = """
                {"vocab_size":163840,"hidden_size":2304,"intermediate_size":9216,"moe_intermediate_size":1024,"num_hidden_layers":27,
                 "num_attention_heads":32,"num_key_value_heads":32,"kv_lora_rank":512,"qk_nope_head_dim":128,"qk_rope_head_dim":64,
                 "v_head_dim":128,
                 "n_routed_experts":256,"n_shared_experts":1,"num_experts_per_tok":8,"first_k_dense_replace":1,
                 "routed_scaling_factor":2.446,
                 "max_position_embeddings":1048576,"linear_key_head_dim":128,"linear_num_key_heads":32,"linear_conv_kernel_dim":4}
                """,
        },
        ["minimax"] = new()
        {
            NormEpsilon = 1e-5,
            RopeTheta = 1e6,
            Recurrent = RecurrentKind.Lightning,
            IsRecurrent = (fields, layer) => fields.Ints("attn_type_list", 0, 1) is { } kinds ? kinds[layer] == 0 : (layer + 1) % 2 == 0,
            Defaults = """
                {"vocab_size":32000,"hidden_size":4096,"intermediate_size":14336,"num_hidden_layers":32,"num_attention_heads":32,
                 "num_key_value_heads":8,
                 "max_position_embeddings":131072,"num_experts_per_tok":2,"num_local_experts":8}
                """,
        },
        ["mamba"] = MambaAlone,
        ["falcon_mamba"] = MambaAlone,
        ["mamba2"] = MambaAlone with
        {
            TiedEmbeddings = false,
            Recurrent = RecurrentKind.Mamba2,
            Defaults = """
                {"vocab_size":32768,"hidden_size":4096,"num_hidden_layers":64,"num_heads":128,"head_dim":64,"state_size":128,"expand":2,
                 "conv_kernel":4,
                 "n_groups":8,"max_position_embeddings":1048576}
                """,
        },
        ["rwkv"] = new()
        {
            Norm = NormKind.LayerNorm,
            NormEpsilon = 1e-5,
            Position = PositionKind.None,
            Gated = false,
            Activation = "relu2",
            Recurrent = RecurrentKind.Rwkv4,
            InnerMultiple = 4,
            IsRecurrent = (_, _) => true,
            FinishLayer = HybridParts.RwkvLayer,
            Defaults = """{"vocab_size":50277,"context_length":1024,"hidden_size":4096,"num_hidden_layers":32}""",
        },
        ["xlstm"] = new()
        {
            Position = PositionKind.None,
            Recurrent = RecurrentKind.MatrixLstm,
            IsRecurrent = (_, _) => true,
            Stack = HybridParts.XlstmStack,
            Defaults = """
                {"vocab_size":50304,"hidden_size":4096,"num_hidden_layers":32,"num_heads":8,"qk_dim_factor":0.5,"v_dim_factor":1.0,
                 "ffn_proj_factor":2.667,"ffn_round_up_to_multiple_of":64,"mlstm_round_up_to_multiple_of":64,
                 "max_position_embeddings":1048576}
                """,
        },
        ["recurrent_gemma"] = new()
        {
            Norm = NormKind.RmsNormPlusOne,
            TiedEmbeddings = true,
            ScaledEmbedding = true,
            PartialRotary = 0.5,
            OutputBias = true,
            AttentionBiasCoversOutput = false,
            FeedForwardBias = true,
            Activation = "gelu_pytorch_tanh",
            FinalLogitSoftcap = 30,
            Recurrent = RecurrentKind.LinearUnit,
            IsRecurrent = HybridParts.RecurrentGemmaPattern,
            FinishLayer = HybridParts.RecurrentGemmaLayer,
            Defaults = """
                {"vocab_size":256000,"hidden_size":2560,"intermediate_size":7680,"num_hidden_layers":26,"num_attention_heads":10,
                 "conv1d_width":4,
                 "attention_window_size":2048,"max_position_embeddings":1048576}
                """,
        },
        ["lfm2"] = Lfm2,
        ["lfm2_moe"] = Lfm2 with
        {
            SigmoidRouter = true,
            RouterBias = true,
            FinishLayer = null,
            Defaults = """
                {"vocab_size":65536,"hidden_size":2048,"intermediate_size":7168,"moe_intermediate_size":1792,"num_hidden_layers":32,
                 "num_attention_heads":32,"num_key_value_heads":8,"max_position_embeddings":128000,"conv_bias":false,"conv_L_cache":3,
                 "num_dense_layers":2,"num_experts_per_tok":4,"num_experts":32}
                """,
        },
        ["falcon_h1"] = new()
        {
            NormEpsilon = 1e-5,
            RopeTheta = 100000,
            Recurrent = RecurrentKind.Mamba2,
            FinishLayer = (f, _, layer) => layer with { ParallelMixer = f.Mamba() },
            Defaults = """
                {"vocab_size":128000,"hidden_size":4096,"intermediate_size":14336,"num_hidden_layers":32,"num_attention_heads":32,
                 "num_key_value_heads":8,"max_position_embeddings":8192,"mamba_d_ssm":1024,"mamba_n_heads":128,"mamba_n_groups":1,
                 "mamba_d_state":256,
                 "mamba_d_conv":4,"mamba_expand":2}
                """,
        },
        ["bamba"] = new()
        {
            NormEpsilon = 1e-5,
            PartialRotary = 0.5,
            Recurrent = RecurrentKind.Mamba2,
            IsRecurrent = (fields, layer) => fields.Ints("attn_layer_indices", 0, Limits.Layers)?.Contains(layer) is not true,
            Defaults = """
                {"vocab_size":128000,"hidden_size":4096,"intermediate_size":14336,"num_hidden_layers":32,"num_attention_heads":32,
                 "num_key_value_heads":8,"max_position_embeddings":262144,"mamba_n_heads":128,"mamba_n_groups":1,"mamba_d_state":256,
                 "mamba_d_conv":4,"mamba_expand":2}
                """,
        },
        ["granitemoehybrid"] = new()
        {
            Recurrent = RecurrentKind.Mamba2,
            IsRecurrent = (_, _) => true,
            FinishLayer = HybridParts.GraniteHybridLayer,
            Defaults = """
                {"vocab_size":32000,"hidden_size":4096,"intermediate_size":11008,"num_hidden_layers":32,"num_attention_heads":32,
                 "max_position_embeddings":2048,"num_local_experts":8,"num_experts_per_tok":2,"shared_intermediate_size":1024,
                 "mamba_n_heads":128,"mamba_n_groups":1,"mamba_d_state":256,"mamba_d_conv":4,"mamba_expand":2}
                """,
        },
        ["jamba"] = new()
        {
            Position = PositionKind.None,
            NormalizeTopK = false,
            Recurrent = RecurrentKind.Mamba1,
            IsRecurrent = (fields, layer) =>
                layer % fields.IntOr(8, 1, Limits.Layers, "attn_layer_period") != fields.IntOr(4, 0, Limits.Layers, "attn_layer_offset"),
            Defaults = """
                {"vocab_size":65536,"hidden_size":4096,"intermediate_size":14336,"num_hidden_layers":32,"num_attention_heads":32,
                 "num_key_value_heads":8,"max_position_embeddings":262144,"num_experts_per_tok":2,"num_experts":16,"expert_layer_period":2,
                 "expert_layer_offset":1,"attn_layer_period":8,"attn_layer_offset":4,"mamba_d_state":16,"mamba_d_conv":4,"mamba_expand":2,
                 "mamba_dt_rank":256}
                """,
        },
        ["nemotron_h"] = new()
        {
            NormEpsilon = 1e-5,
            Position = PositionKind.None,
            Gated = false,
            Activation = "relu2",
            SigmoidRouter = true,
            RouterBias = true,
            Recurrent = RecurrentKind.Mamba2,
            Stack = HybridParts.NemotronStack,
            Defaults = """
                {"vocab_size":131072,"hidden_size":4096,"intermediate_size":21504,"num_attention_heads":32,"num_key_value_heads":8,
                 "head_dim":128,"max_position_embeddings":4096,"mamba_num_heads":128,"mamba_head_dim":64,"ssm_state_size":128,
                 "conv_kernel":4,
                 "n_groups":8,"n_routed_experts":8,"n_shared_experts":1,"num_experts_per_tok":2,"moe_intermediate_size":7688,
                 "moe_shared_expert_intermediate_size":7688}
                """,
        },
        ["zamba"] = new()
        {
            NormEpsilon = 1e-5,
            Position = PositionKind.None,
            TiedEmbeddings = true,
            Activation = "gelu",
            Recurrent = RecurrentKind.Mamba1,
            Stack = ZambaStack.Of,
            Defaults = """
                {"vocab_size":32000,"hidden_size":3712,"intermediate_size":14848,"num_hidden_layers":76,"num_attention_heads":16,
                 "n_mamba_heads":2,
                 "mamba_d_state":16,"mamba_d_conv":4,"mamba_expand":2,"attn_layer_period":6,"attn_layer_offset":4,
                 "max_position_embeddings":4096}
                """,
        },
        ["zamba2"] = new()
        {
            NormEpsilon = 1e-5,
            TiedEmbeddings = true,
            Activation = "gelu",
            Recurrent = RecurrentKind.Mamba2,
            Stack = ZambaStack.Of,
            Defaults = """
                {"vocab_size":32000,"hidden_size":2560,"num_hidden_layers":54,"num_attention_heads":32,"num_mem_blocks":1,
                 "adapter_rank":128,
                 "mamba_d_state":64,"mamba_d_conv":4,"mamba_expand":2,"mamba_ngroups":1,"n_mamba_heads":8,"max_position_embeddings":4096}
                """,
        },
    };
}
