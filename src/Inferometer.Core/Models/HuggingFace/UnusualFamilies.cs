namespace Inferometer.Core.Models.HuggingFace;

/// <summary>Dense families that add something to Llama's layer or stack it otherwise: norms, gates, second runs.</summary>
internal static class UnusualFamilies
{
    private static readonly FamilyTraits NanoChat = new()
    {
        Norm = NormKind.NonParametric,
        QkNorm = QkNormKind.NonParametric,
        Gated = false,
        Activation = "relu2",
        FinalLogitSoftcap = 15,
        Defaults = """
            {"vocab_size":50304,"hidden_size":768,"intermediate_size":8192,"num_hidden_layers":12,"num_attention_heads":6,
             "num_key_value_heads":6,
             "max_position_embeddings":2048}
            """,
    };

    private static readonly FamilyTraits ByteLatent = DenseFamilies.Llama with
    {
        NormEpsilon = 1e-5,
        RopeTheta = 500000,
        RopeInterleaved = true,
        FinishLayer = ByteLatentParts.DecoderLayer,
        ModelParts = ByteLatentParts.Around,
        Defaults = """
            {"vocab_size":260,"hidden_size":1024,"intermediate_size":2816,"num_hidden_layers":9,"num_attention_heads":16,
             "max_position_embeddings":24576,"cross_attn_all_layers":true}
            """,
    };

    public static Dictionary<string, FamilyTraits> All { get; } = new(StringComparer.Ordinal)
    {
        ["apertus"] = DenseFamilies.Llama with
        {
            NormEpsilon = 1e-5,
            RopeTheta = 12e6,
            QkNorm = QkNormKind.PerHead,
            Gated = false,
            Activation = "xielu",
            FinishLayer = (_, _, layer) => layer.With("activation slopes", 2, SidePartUse.Applied),
            Defaults = """
                {"vocab_size":131072,"hidden_size":4096,"intermediate_size":14336,"num_hidden_layers":32,"num_attention_heads":32,
                 "max_position_embeddings":65536}
                """,
        },
        ["bitnet"] = DenseFamilies.Llama with
        {
            NormEpsilon = 1e-5,
            RopeTheta = 500000,
            Activation = "relu2",
            FinishLayer = DenseParts.BitNet,
            Defaults = """
                {"vocab_size":128256,"hidden_size":2560,"intermediate_size":6912,"num_hidden_layers":30,"num_attention_heads":20,
                 "num_key_value_heads":5,
                 "max_position_embeddings":2048}
                """,
        },
        // Two softmax maps are subtracted: four vectors of one head's width make the factor; queries and keys are as usual.
        ["diffllama"] = DenseFamilies.Llama with
        {
            NormEpsilon = 1e-5,
            FinishLayer = (f, i, layer) => layer.With("difference factors", 4L * f.Softmax(i).HeadDim, SidePartUse.Applied),
            Defaults = """
                {"vocab_size":32000,"hidden_size":2048,"intermediate_size":8192,"num_hidden_layers":16,"num_attention_heads":32,
                 "max_position_embeddings":2048}
                """,
        },
        ["doge"] = DenseFamilies.Llama with
        {
            QkNorm = QkNormKind.PerHead,
            ExpertSwitch = "is_moe",
            FinishLayer = DenseParts.Doge,
            Defaults = """
                {"vocab_size":32768,"hidden_size":1024,"intermediate_size":2048,"num_hidden_layers":32,"num_attention_heads":8,
                 "max_position_embeddings":2048,
                 "num_experts":16384,"num_experts_per_tok":64,"is_moe":false}
                """,
        },
        ["hrm_text"] = DenseFamilies.Llama with
        {
            Norm = NormKind.NonParametric,
            OutputGate = true,
            Stack = DenseParts.HierarchicalStack,
            ModelParts = f => [new("initial low-level state", f.Hidden, SidePartUse.Applied)],
            Defaults = """
                {"vocab_size":151808,"hidden_size":1536,"intermediate_size":4096,"num_hidden_layers":16,"num_attention_heads":12,
                 "head_dim":128,
                 "max_position_embeddings":2048,"H_cycles":2,"L_cycles":3}
                """,
        },
        ["jais2"] = DenseFamilies.Llama with
        {
            Norm = NormKind.LayerNorm,
            NormEpsilon = 1e-5,
            RopeTheta = 500000,
            QkvBias = true,
            OutputBias = true,
            FeedForwardBias = true,
            Gated = false,
            Activation = "relu2",
            Defaults = """
                {"vocab_size":150272,"hidden_size":3328,"intermediate_size":26624,"num_hidden_layers":32,"num_attention_heads":26,
                 "head_dim":128,
                 "max_position_embeddings":8192}
                """,
        },
        // Layers that attend to an image only: idle over text.
        ["mllama"] = DenseFamilies.Llama with { NormEpsilon = 1e-5, RopeTheta = 500000 },
        ["mllama_text_model"] = DenseFamilies.Llama with
        {
            NormEpsilon = 1e-5,
            RopeTheta = 500000,
            FinishLayer = DenseParts.CrossAttentionIdle,
            ModelParts = f => [new("embedding of the eight image tokens", 8L * f.Hidden, SidePartUse.LookedUp)],
            Defaults = """
                {"vocab_size":128256,"hidden_size":4096,"intermediate_size":14336,"num_hidden_layers":40,"num_attention_heads":32,
                 "num_key_value_heads":8,
                 "max_position_embeddings":131072,"cross_attention_layers":[3,8,13,18,23,28,33,38]}
                """,
        },
        ["moshi"] = DenseFamilies.Llama with
        {
            NormEpsilon = 1e-8,
            FinishLayer = DenseParts.Moshi,
            ModelParts = f => [new("embedding of the padding token", f.Hidden, SidePartUse.LookedUp)],
            Defaults = """
                {"vocab_size":32000,"hidden_size":4096,"ffn_dim":22528,"num_hidden_layers":32,"num_attention_heads":32,
                 "max_position_embeddings":3000,
                 "sliding_window":3000}
                """,
        },
        ["nanochat"] = NanoChat,
        ["nemotron"] = new()
        {
            Norm = NormKind.LayerNormPlusOne,
            NormEpsilon = 1e-5,
            Gated = false,
            Activation = "relu2",
            PartialRotary = 0.5,
            Defaults = """
                {"vocab_size":256000,"hidden_size":6144,"intermediate_size":24576,"num_hidden_layers":32,"num_attention_heads":48,
                 "max_position_embeddings":4096}
                """,
        },
        ["nemotron-nas"] = DenseFamilies.Llama with
        {
            NormEpsilon = 1e-5,
            RopeTheta = 500000,
            Stack = SearchedStack.Of,
            Defaults = """
                {"vocab_size":128256,"hidden_size":8192,"num_hidden_layers":80,"num_attention_heads":64,"max_position_embeddings":131072}
                """,
        },
        ["blt"] = ByteLatent,
        ["blt_local_decoder"] = ByteLatent,
    };
}
