namespace Inferometer.Core.Models.HuggingFace;

/// <summary>Families with latent (or compressed) attention, after DeepSeek.</summary>
internal static class LatentFamilies
{
    // Some tools leave out the null that says a model has no rank for queries, so the class's rank is not taken for granted.
    private static readonly FamilyTraits DeepSeekV2 = new()
    {
        RopeInterleaved = true,
        NormalizeTopK = false,
        Windows = WindowRule.None,
        Defaults = """
            {"vocab_size":32000,"hidden_size":4096,"intermediate_size":11008,"num_hidden_layers":32,"num_attention_heads":32,
             "max_position_embeddings":2048,
             "kv_lora_rank":512,"qk_nope_head_dim":128,"qk_rope_head_dim":64,"v_head_dim":128,"first_k_dense_replace":0,
             "n_routed_experts":64,"n_shared_experts":2,"num_experts_per_tok":6,"moe_intermediate_size":1407}
            """,
    };

    // The correction of the scores is a buffer in the class, one number per expert.
    private static readonly FamilyTraits DeepSeekV3 = DeepSeekV2 with
    {
        SigmoidRouter = true,
        RouterBias = true,
        NormalizeTopK = true,
        Defaults = """
            {"vocab_size":129280,"hidden_size":7168,"intermediate_size":18432,"num_hidden_layers":61,"num_attention_heads":128,
             "max_position_embeddings":4096,"kv_lora_rank":512,"q_lora_rank":1536,"qk_nope_head_dim":128,"qk_rope_head_dim":64,
             "v_head_dim":128,
             "first_k_dense_replace":3,"n_routed_experts":256,"n_shared_experts":1,"num_experts_per_tok":8,"moe_intermediate_size":2048,
             "n_group":8,"topk_group":4,"routed_scaling_factor":2.5}
            """,
    };

    private static readonly FamilyTraits GlmDsa = DeepSeekV3 with
    {
        NormEpsilon = 1e-5,
        Defaults = """
            {"vocab_size":154880,"hidden_size":6144,"intermediate_size":12288,"num_hidden_layers":78,"num_attention_heads":64,
             "max_position_embeddings":202752,"kv_lora_rank":512,"q_lora_rank":2048,"qk_nope_head_dim":192,"qk_rope_head_dim":64,
             "v_head_dim":256,
             "first_k_dense_replace":3,"n_routed_experts":256,"n_shared_experts":1,"num_experts_per_tok":8,"moe_intermediate_size":2048,
             "index_topk":2048,"index_n_heads":32,"index_head_dim":128,"routed_scaling_factor":2.5}
            """,
    };

    public static Dictionary<string, FamilyTraits> All { get; } = new(StringComparer.Ordinal)
    {
        ["deepseek_v2"] = DeepSeekV2,
        ["deepseek_v3"] = DeepSeekV3,
        ["deepseek_v32"] = DeepSeekV3 with
        {
            Defaults = DeepSeekV3.Defaults.Replace(
                "}", ""","index_topk":2048,"index_n_heads":64,"index_head_dim":128}""", StringComparison.Ordinal),
        },
        ["deepseek_v4"] = DeepSeekV3 with
        {
            Defaults = """
                {"vocab_size":129280,"hidden_size":4096,"moe_intermediate_size":2048,"num_hidden_layers":43,"num_attention_heads":64,
                 "head_dim":512,
                 "q_lora_rank":1024,"num_experts_per_tok":6,"n_routed_experts":256,"n_shared_experts":1,"max_position_embeddings":1048576,
                 "compress_rope_theta":160000,"sliding_window":128,"o_groups":8,"o_lora_rank":1024,"index_n_heads":64,"index_head_dim":128,
                 "index_topk":512,"routed_scaling_factor":1.5}
                """,
        },
        ["kimi_k2"] = DeepSeekV3,
        ["kimi_k25"] = DeepSeekV3,
        ["axk1"] = DeepSeekV3 with
        {
            FinishLayer = LatentParts.NormBehindExperts,
            Defaults = """
                {"vocab_size":163840,"hidden_size":7168,"intermediate_size":18432,"num_hidden_layers":61,"num_attention_heads":64,
                 "max_position_embeddings":32768,"kv_lora_rank":512,"q_lora_rank":1536,"qk_nope_head_dim":128,"qk_rope_head_dim":64,
                 "v_head_dim":128,
                 "first_k_dense_replace":1,"n_routed_experts":192,"n_shared_experts":1,"num_experts_per_tok":8,"moe_intermediate_size":2048,
                 "n_group":8,"topk_group":4,"routed_scaling_factor":2.5}
                """,
        },
        ["axk2"] = DeepSeekV3 with
        {
            FinishLayer = LatentParts.Axk2Layer,
            Defaults = """
                {"vocab_size":163840,"hidden_size":2048,"intermediate_size":5120,"num_hidden_layers":48,"num_attention_heads":32,
                 "max_position_embeddings":131072,"kv_lora_rank":128,"q_lora_rank":384,"qk_nope_head_dim":64,"qk_rope_head_dim":32,
                 "v_head_dim":64,
                 "first_k_dense_replace":1,"n_routed_experts":128,"n_shared_experts":1,"num_experts_per_tok":8,"moe_intermediate_size":512,
                 "index_topk":2048,"index_n_heads":16,"index_head_dim":128,"gated_norm_rank":16,"routed_scaling_factor":2.5}
                """,
        },
        ["glm4_moe_lite"] = DeepSeekV3 with
        {
            NormEpsilon = 1e-5,
            Defaults = """
                {"vocab_size":154880,"hidden_size":2048,"intermediate_size":10240,"num_hidden_layers":47,"num_attention_heads":20,
                 "max_position_embeddings":202752,"kv_lora_rank":512,"q_lora_rank":768,"qk_nope_head_dim":192,"qk_rope_head_dim":64,
                 "v_head_dim":256,
                 "first_k_dense_replace":1,"n_routed_experts":64,"n_shared_experts":1,"num_experts_per_tok":4,"moe_intermediate_size":1536,
                 "routed_scaling_factor":1.8}
                """,
        },
        ["glm_moe_dsa"] = GlmDsa,
        ["hy_v4"] = GlmDsa with
        {
            RopeInterleaved = false,
            OutputGate = true,
            AttentionSink = true,
            FinishLayer = LatentParts.Hy4Layer,
            ModelParts = LatentParts.Hy4Head,
            Defaults = """
                {"vocab_size":120832,"hidden_size":2816,"intermediate_size":6912,"num_hidden_layers":34,"num_attention_heads":32,
                 "max_position_embeddings":262144,"kv_lora_rank":512,"q_lora_rank":1536,"qk_nope_head_dim":192,"qk_rope_head_dim":64,
                 "v_head_dim":256,
                 "first_k_dense_replace":1,"n_routed_experts":256,"n_shared_experts":1,"num_experts_per_tok":8,"moe_intermediate_size":768,
                 "index_topk":2048,"index_n_heads":16,"index_head_dim":128,"hc_mult":4,"routed_scaling_factor":2.827}
                """,
        },
        ["longcat_flash"] = DeepSeekV3 with
        {
            NormEpsilon = 1e-5,
            RopeTheta = 1e7,
            SigmoidRouter = false,
            NormalizeTopK = false,
            Stack = LatentParts.LongCatStack,
            Defaults = """
                {"vocab_size":131072,"hidden_size":6144,"num_layers":28,"num_attention_heads":64,"max_position_embeddings":131072,
                 "ffn_hidden_size":12288,
                 "q_lora_rank":1536,"kv_lora_rank":512,"qk_nope_head_dim":128,"qk_rope_head_dim":64,"v_head_dim":128,"moe_topk":12,
                 "n_routed_experts":512,"zero_expert_num":256,"expert_ffn_hidden_size":2048,"routed_scaling_factor":6.0}
                """,
        },
        ["minicpm3"] = DeepSeekV2 with
        {
            NormEpsilon = 1e-5,
            TiedEmbeddings = true,
            RopeInterleaved = false,
            Defaults = """
                {"vocab_size":73448,"hidden_size":2560,"intermediate_size":6400,"num_hidden_layers":62,"num_attention_heads":40,
                 "max_position_embeddings":32768,"kv_lora_rank":256,"q_lora_rank":768,"qk_nope_head_dim":64,"qk_rope_head_dim":32,
                 "v_head_dim":64}
                """,
        },
        ["youtu"] = DeepSeekV2 with
        {
            TiedEmbeddings = true,
            Defaults = """
                {"vocab_size":128256,"hidden_size":2048,"intermediate_size":6144,"num_hidden_layers":32,"num_attention_heads":16,
                 "max_position_embeddings":131072,"kv_lora_rank":512,"q_lora_rank":1536,"qk_nope_head_dim":128,"qk_rope_head_dim":64,
                 "v_head_dim":128}
                """,
        },
    };
}
