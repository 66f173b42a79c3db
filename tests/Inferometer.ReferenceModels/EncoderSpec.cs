using System.Text.Json.Nodes;

namespace Inferometer.ReferenceModels;

/// <summary>Encoders whose layers are written in the same way.</summary>
public enum EncoderKind
{
    /// <summary>BERT, RoBERTa and their like.</summary>
    Bert,

    /// <summary>BERT with biases by distance and gated networks.</summary>
    Jina,

    /// <summary>Rotary positions, fused projections, gated networks, norms behind the additions.</summary>
    Nomic,

    /// <summary>Rotary positions, windows to both sides, norms before the blocks.</summary>
    Modern,
}

/// <summary>What an encoder's published modelling code does, written from that code and apart from the engine's own description.</summary>
public sealed record EncoderSpec(EncoderKind Kind, string ModelType)
{
    public const int HeadDim = 16, Inner = 96, Layers = 4, Vocabulary = 80, Positions = 200;

    public int Heads { get; init; } = 4;

    public int Hidden => Heads * HeadDim;

    /// <summary>Rows of the table of positions before that of a text's first token.</summary>
    public int FirstRow { get; init; }

    /// <summary>Rows of the table of segments; 0 = none.</summary>
    public int Segments { get; init; } = 2;

    /// <summary>What stands before the names of all tensors but a head's.</summary>
    public string Prefix { get; init; } = "";

    /// <summary>A classification head of one output: pooler (BERT), dense (RoBERTa), normed (ModernBERT) or none.</summary>
    public string? Head { get; init; }

    /// <summary>The head reads the mean of a text's states instead of the first.</summary>
    public bool HeadReadsMean { get; init; }

    /// <summary>Keys of config.json beside the usual ones; null removes one.</summary>
    public JsonObject Config { get; init; } = [];

    /// <summary>Base of a layer's rotary positions.</summary>
    public Func<int, double> Theta { get; init; } = _ => 10000;

    /// <summary>How far a layer sees to each side.</summary>
    public Func<int, int> Reach { get; init; } = _ => int.MaxValue;

    /// <summary>All of them by the name that tests show.</summary>
    public static IReadOnlyDictionary<string, EncoderSpec> All { get; } = new Dictionary<string, EncoderSpec>(StringComparer.Ordinal)
    {
        ["bert"] = new(EncoderKind.Bert, "bert"),
        ["bert with a head"] = new(EncoderKind.Bert, "bert")
        {
            Prefix = "bert.",
            Head = "pooler",
            Config = new() { ["architectures"] = new JsonArray("BertForSequenceClassification") },
        },
        ["xlm-roberta"] = new(EncoderKind.Bert, "xlm-roberta")
        {
            FirstRow = 2,
            Segments = 1,
            Config = new() { ["pad_token_id"] = 1, ["type_vocab_size"] = 1, ["max_position_embeddings"] = Positions + 2 },
        },
        ["xlm-roberta with a head"] = new(EncoderKind.Bert, "xlm-roberta")
        {
            FirstRow = 2,
            Segments = 1,
            Prefix = "roberta.",
            Head = "dense",
            Config = new()
            {
                ["architectures"] = new JsonArray("XLMRobertaForSequenceClassification"),
                ["pad_token_id"] = 1,
                ["type_vocab_size"] = 1,
                ["max_position_embeddings"] = Positions + 2,
            },
        },
        ["jina-bert-v2"] = new(EncoderKind.Jina, "bert")
        {
            Heads = 6,
            Config = new() { ["position_embedding_type"] = "alibi", ["feed_forward_type"] = "geglu" },
        },
        ["nomic_bert"] = new(EncoderKind.Nomic, "nomic_bert")
        {
            Theta = _ => 1000,
            Config = new()
            {
                ["n_embd"] = 4 * HeadDim,
                ["n_inner"] = Inner,
                ["n_layer"] = Layers,
                ["n_head"] = 4,
                ["n_positions"] = Positions,
                ["layer_norm_epsilon"] = 1e-5,
                ["activation_function"] = "swiglu",
                ["rotary_emb_base"] = 1000,
                ["rotary_emb_fraction"] = 1.0,
                ["prenorm"] = false,
                ["qkv_proj_bias"] = false,
                ["hidden_size"] = null,
                ["intermediate_size"] = null,
                ["num_hidden_layers"] = null,
                ["num_attention_heads"] = null,
                ["max_position_embeddings"] = null,
                ["layer_norm_eps"] = null,
                ["hidden_act"] = null,
            },
        },
        ["modernbert"] = Modern,
        ["modernbert with a head"] = Modern with
        {
            Prefix = "model.",
            Head = "normed",
            HeadReadsMean = true,
            Config = With(Modern.Config, new()
            {
                ["architectures"] = new JsonArray("ModernBertForSequenceClassification"),
                ["classifier_pooling"] = "mean",
            }),
        },
    };

    private static EncoderSpec Modern => new(EncoderKind.Modern, "modernbert")
    {
        Segments = 0,
        Theta = layer => layer % 3 == 0 ? 160000 : 10000,
        Reach = layer => layer % 3 == 0 ? int.MaxValue : 5,
        Config = new()
        {
            ["hidden_activation"] = "gelu",
            ["norm_eps"] = 1e-5,
            ["global_attn_every_n_layers"] = 3,
            ["local_attention"] = 10,
            ["global_rope_theta"] = 160000.0,
            ["local_rope_theta"] = 10000.0,
            ["hidden_act"] = null,
            ["layer_norm_eps"] = null,
            ["type_vocab_size"] = null,
        },
    };

    private static JsonObject With(JsonObject config, JsonObject more)
    {
        var all = (JsonObject)config.DeepClone();
        foreach ((string key, JsonNode? value) in more)
        {
            all[key] = value?.DeepClone();
        }

        return all;
    }
}
