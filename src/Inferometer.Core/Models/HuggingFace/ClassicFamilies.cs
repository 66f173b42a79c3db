namespace Inferometer.Core.Models.HuggingFace;

/// <summary>
/// Families after GPT: layer norms, plain feed-forward networks, biases, and positions that are learned, fixed or biases on the scores.
/// </summary>
internal static class ClassicFamilies
{
    private static readonly FamilyTraits Gpt = new()
    {
        Norm = NormKind.LayerNorm,
        NormEpsilon = 1e-5,
        QkvBias = true,
        OutputBias = true,
        FeedForwardBias = true,
        Gated = false,
        Windows = WindowRule.None,
    };

    private static readonly FamilyTraits Gpt2 = Gpt with
    {
        Position = PositionKind.Learned,
        TiedEmbeddings = true,
        Activation = "gelu_new",
        InnerMultiple = 4,
        Defaults = """{"vocab_size":50257,"n_positions":1024,"n_embd":768,"n_layer":12,"n_head":12}""",
    };

    // One norm before both parts; the head has a bias.
    private static readonly FamilyTraits GptJ = Gpt with
    {
        QkvBias = false,
        OutputBias = false,
        LmHeadBias = true,
        Activation = "gelu_new",
        ParallelBlocks = true,
        PreBlockNorms = 1,
        InnerMultiple = 4,
        RopeInterleaved = true,
        Defaults = """{"vocab_size":50400,"n_positions":2048,"n_embd":4096,"n_layer":28,"n_head":16,"rotary_dim":64}""",
    };

    private static readonly FamilyTraits Persimmon = Gpt with
    {
        Activation = "relu2",
        QkNorm = QkNormKind.PerHeadLayerNorm,
        PartialRotary = 0.5,
        RopeTheta = 25000,
        Defaults = """
            {"vocab_size":262144,"hidden_size":4096,"intermediate_size":16384,"num_hidden_layers":36,"num_attention_heads":64,
             "max_position_embeddings":16384,
             "qk_layernorm":true}
            """,
    };

    public static Dictionary<string, FamilyTraits> All { get; } = new(StringComparer.Ordinal)
    {
        ["gpt2"] = Gpt2,
        ["gpt-sw3"] = Gpt2,
        ["gpt_bigcode"] = Gpt2 with { Activation = "gelu_pytorch_tanh" },
        ["gpt_neo"] = Gpt with
        {
            Position = PositionKind.Learned,
            TiedEmbeddings = true,
            QkvBias = false,
            Activation = "gelu_new",
            InnerMultiple = 4,
            Windows = WindowRule.Interleaved,
            GlobalEvery = 2,
            Defaults = """
                {"vocab_size":50257,"hidden_size":2048,"num_layers":24,"num_heads":16,"max_position_embeddings":2048,"window_size":256}
                """,
        },
        ["gpt_neox"] = Gpt with
        {
            Activation = "gelu",
            ParallelBlocks = true,
            PartialRotary = 0.25,
            Defaults = """
                {"vocab_size":50432,"hidden_size":6144,"intermediate_size":24576,"num_hidden_layers":44,"num_attention_heads":64,
                 "max_position_embeddings":2048}
                """,
        },
        // Only the last layer's output projection has a bias.
        ["gpt_neox_japanese"] = Gpt with
        {
            Activation = "gelu",
            TiedEmbeddings = true,
            QkvBias = false,
            OutputBias = false,
            FeedForwardBias = false,
            InnerMultiple = 4,
            ModelParts = f => [new("bias of the last output projection", f.Hidden, SidePartUse.Applied)],
            Defaults = """
                {"vocab_size":32000,"hidden_size":2560,"num_hidden_layers":32,"num_attention_heads":32,"max_position_embeddings":2048}
                """,
        },
        ["gptj"] = GptJ,
        ["codegen"] = GptJ,
        ["ctrl"] = Gpt with
        {
            Position = PositionKind.Sinusoidal,
            TiedEmbeddings = true,
            LmHeadBias = true,
            Activation = "relu",
            NormEpsilon = 1e-6,
            Defaults = """{"vocab_size":246534,"n_positions":256,"n_embd":1280,"dff":8192,"n_layer":48,"n_head":16}""",
        },
        ["openai-gpt"] = Gpt2 with
        {
            NormAfterResidual = true,
            Activation = "gelu",
            Defaults = """{"vocab_size":40478,"n_positions":512,"n_embd":768,"n_layer":12,"n_head":12}""",
        },
        ["opt"] = Gpt with
        {
            Position = PositionKind.Learned,
            TiedEmbeddings = true,
            Activation = "relu",
            LearnedPositionOffset = 2,
            Defaults = """
                {"vocab_size":50272,"hidden_size":768,"ffn_dim":3072,"num_hidden_layers":12,"num_attention_heads":12,
                 "max_position_embeddings":2048}
                """,
        },
        ["biogpt"] = Gpt with
        {
            Position = PositionKind.Learned,
            TiedEmbeddings = true,
            Activation = "gelu",
            LearnedPositionOffset = 2,
            Defaults = """
                {"vocab_size":42384,"hidden_size":1024,"intermediate_size":4096,"num_hidden_layers":24,"num_attention_heads":16,
                 "max_position_embeddings":1024}
                """,
        },
        ["bloom"] = Gpt with
        {
            Position = PositionKind.Alibi,
            TiedEmbeddings = true,
            Activation = "gelu_new",
            InnerMultiple = 4,
            ModelParts = f => [new("norm of the embedding", 2L * f.Hidden, SidePartUse.Applied)],
            Defaults = """{"vocab_size":250880,"hidden_size":64,"n_layer":2,"n_head":8}""",
        },
        ["mpt"] = Gpt with
        {
            Norm = NormKind.LayerNormNoBias,
            Position = PositionKind.Alibi,
            TiedEmbeddings = true,
            QkvBias = false,
            OutputBias = false,
            FeedForwardBias = false,
            Activation = "gelu",
            InnerMultiple = 4,
            Defaults = """{"vocab_size":50368,"d_model":2048,"n_layers":24,"n_heads":16,"max_seq_len":2048}""",
        },
        ["falcon"] = Gpt with
        {
            TiedEmbeddings = true,
            QkvBias = false,
            OutputBias = false,
            FeedForwardBias = false,
            Activation = "gelu",
            ParallelBlocks = true,
            InnerMultiple = 4,
            Defaults = """
                {"vocab_size":65024,"hidden_size":4544,"num_hidden_layers":32,"num_attention_heads":71,"max_position_embeddings":2048}
                """,
        },
        ["persimmon"] = Persimmon,
        ["fuyu"] = Persimmon,
        ["phi"] = Gpt with
        {
            LmHeadBias = true,
            Activation = "gelu_new",
            ParallelBlocks = true,
            PreBlockNorms = 1,
            PartialRotary = 0.5,
            Defaults = """
                {"vocab_size":51200,"hidden_size":2048,"intermediate_size":8192,"num_hidden_layers":24,"num_attention_heads":32,
                 "max_position_embeddings":2048}
                """,
        },
        ["starcoder2"] = Gpt with
        {
            TiedEmbeddings = true,
            Activation = "gelu_pytorch_tanh",
            Windows = WindowRule.WhenFieldSet,
            Defaults = """
                {"vocab_size":49152,"hidden_size":3072,"intermediate_size":12288,"num_hidden_layers":30,"num_attention_heads":24,
                 "num_key_value_heads":2,
                 "max_position_embeddings":4096}
                """,
        },
        ["xglm"] = Gpt with
        {
            Position = PositionKind.Sinusoidal,
            TiedEmbeddings = true,
            Activation = "gelu",
            Defaults = """
                {"vocab_size":256008,"max_position_embeddings":2048,"d_model":1024,"ffn_dim":4096,"num_layers":24,"attention_heads":16}
                """,
        },
        // Relative positions by buckets per head and pair of segments; prompts and segments have tables of their own.
        ["cpmant"] = Gpt with
        {
            Norm = NormKind.RmsNorm,
            NormEpsilon = 1e-6,
            Position = PositionKind.None,
            UntiedWhateverTheFileSays = true,
            QkvBias = false,
            OutputBias = false,
            FeedForwardBias = false,
            Gated = true,
            Activation = "gelu",
            ModelParts = ClassicParts.CpmAntTables,
            Defaults = """
                {"vocab_size":30720,"hidden_size":4096,"num_attention_heads":32,"dim_head":128,"dim_ff":10240,"num_hidden_layers":48,
                 "position_bias_num_buckets":512,"prompt_types":32,"prompt_length":32,"segment_types":32}
                """,
        },
        ["modernbert-decoder"] = Gpt with
        {
            Norm = NormKind.LayerNormNoBias,
            TiedEmbeddings = true,
            QkvBias = false,
            OutputBias = false,
            FeedForwardBias = false,
            Gated = true,
            LmHeadBias = true,
            Activation = "gelu",
            Windows = WindowRule.Interleaved,
            GlobalEvery = 3,
            // The first layer has no norm before its attention, since the embedding has one: their numbers cancel.
            ModelParts = f => [new("prediction head", ((long)f.Hidden * f.Hidden) + f.Hidden, SidePartUse.Multiplied)],
            Defaults = """
                {"vocab_size":50368,"hidden_size":768,"intermediate_size":1152,"num_hidden_layers":22,"num_attention_heads":12,
                 "max_position_embeddings":8192,
                 "sliding_window":64}
                """,
        },
        // A BERT-like text decoder over the tokens of a CLIP tower.
        ["git"] = Gpt with
        {
            Position = PositionKind.Learned,
            NormAfterResidual = true,
            LmHeadBias = true,
            Activation = "gelu",
            NormEpsilon = 1e-12,
            ModelParts = f => [new("norm of the embedding", 2L * f.Hidden, SidePartUse.Applied)],
            Defaults = """
                {"vocab_size":30522,"hidden_size":768,"intermediate_size":3072,"num_hidden_layers":6,"num_attention_heads":12,
                 "max_position_embeddings":1024}
                """,
        },
    };
}
