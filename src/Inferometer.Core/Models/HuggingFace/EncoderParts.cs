namespace Inferometer.Core.Models.HuggingFace;

/// <summary>What single encoders add to their layers and to the whole.</summary>
internal static class EncoderParts
{
    /// <summary>The name under which BERT with biases by distance goes: its files call it plain BERT.</summary>
    public const string JinaBert = "jina_bert";

    /// <summary>Jina's BERT has gated networks, whose two inputs are one matrix without a bias.</summary>
    public static LayerArchitecture BertLayer(LayerFactory f, int index, LayerArchitecture layer) =>
        f.Fields.Text("feed_forward_type") switch
        {
            null or "original" => layer,
            "geglu" => layer with { FeedForward = f.Dense(index) with { Gated = true, Bias = false } },
            var other => throw f.Fields.Wrong("feed_forward_type", $"original or geglu; '{other}' is not run"),
        };

    /// <summary>BERT's tables, and positions that are learned or biases by distance.</summary>
    public static ModelArchitecture Bert(LayerFactory f, ModelArchitecture model)
    {
        if (f.Fields.BoolOr(false, "is_decoder"))
        {
            throw f.Fields.Wrong("is_decoder", "false; BERT that writes text is not run");
        }

        bool byDistance = f.Fields.Text("position_embedding_type") switch
        {
            null or "absolute" => false,
            "alibi" => true,
            _ => throw f.Fields.Wrong("position_embedding_type", "absolute or alibi"),
        };
        model = WithTables(f, model);
        return byDistance
            ? model with { ModelType = JinaBert, Position = PositionKind.Alibi, LearnedPositionRows = 0 }
            : model;
    }

    /// <summary>The rows up to that of the padding token stand for no position.</summary>
    public static ModelArchitecture Roberta(LayerFactory f, ModelArchitecture model)
    {
        int first = f.Fields.IntOr(1, 0, Limits.Vocabulary, "pad_token_id") + 1;
        return Bert(f, model) with
        {
            FirstPositionRow = first,
            MaxContextTokens = model.MaxContextTokens > first
                ? model.MaxContextTokens - first
                : throw f.Fields.Wrong("max_position_embeddings", $"above {first}, the rows that stand for no position"),
        };
    }

    /// <summary>nomic-bert as it was published: rotary positions, gated networks without biases.</summary>
    public static ModelArchitecture Nomic(LayerFactory f, ModelArchitecture model)
    {
        JsonFields fields = f.Fields;
        foreach (string flag in (ReadOnlySpan<string>)
        [
            "prenorm", "use_rms_norm", "causal", "parallel_block", "qkv_proj_bias", "mlp_fc1_bias", "mlp_fc2_bias",
            "rotary_emb_interleaved",
        ])
        {
            if (fields.BoolOr(false, flag))
            {
                throw fields.Wrong(flag, "false; nomic-bert of another kind is not run");
            }
        }

        if (fields.NumberOr(1, "rotary_emb_fraction") != 1)
        {
            throw fields.Wrong("rotary_emb_fraction", "1; nomic-bert with other positions is not run");
        }

        if (fields.Has("rotary_scaling_factor"))
        {
            throw fields.Wrong("rotary_scaling_factor", "null; positions that are scaled by the length of a text are not run");
        }

        return fields.IntOr(0, 0, Limits.Layers, "moe_every_n_layers") == 0 && fields.IntOr(0, 0, Limits.Experts, "num_experts") == 0
            ? WithTables(f, model)
            : throw fields.Wrong("moe_every_n_layers", "0; nomic-bert with experts is not run");
    }

    /// <summary>Every third layer sees all tokens, the first among them; the others half as many on each side as the file says.</summary>
    public static LayerArchitecture ModernLayer(LayerFactory f, int index, LayerArchitecture layer)
    {
        bool local = f.Kinds.Word(index) is { } word
            ? word is "sliding_attention"
            : index % f.Fields.IntOr(3, 1, Limits.Layers, "global_attn_every_n_layers") != 0;
        int window = (f.Fields.IntOr(128, 2, int.MaxValue, "local_attention") / 2) + 1;
        JsonFields? rope = f.Fields.Object("rope_parameters")?.Object(local ? "sliding_attention" : "full_attention");
        double usual = local ? f.Fields.PositiveOr(10000, "local_rope_theta") : f.Fields.PositiveOr(160000, "global_rope_theta");
        return layer with
        {
            Mixer = f.Softmax(index) with
            {
                WindowTokens = local ? window : 0,
                Rope = new RopeParameters { Theta = rope?.PositiveOr(usual, "rope_theta") ?? usual },
            },
        };
    }

    /// <summary>The first layer has no norm before its attention, since the embedding has one: their numbers cancel.</summary>
    public static ModelArchitecture Modern(LayerFactory f, ModelArchitecture model) => f.Fields.BoolOr(false, "norm_bias")
        ? throw f.Fields.Wrong("norm_bias", "false; ModernBERT with biased norms is not run")
        : model with { EmbeddingNorm = true, TiedEmbeddings = false };

    private static ModelArchitecture WithTables(LayerFactory f, ModelArchitecture model)
    {
        int types = f.Fields.IntOr(2, 0, 1 << 16, "type_vocab_size");
        return model with { TokenTypes = types, EmbeddingNorm = true, TiedEmbeddings = false, Parts = [.. Tables(types, f.Hidden)] };
    }

    /// <summary>What stands around the embedding, as parts that are counted.</summary>
    public static IEnumerable<SidePart> Tables(int types, int hidden)
    {
        if (types > 0)
        {
            yield return new("token types", (long)types * hidden, SidePartUse.LookedUp);
        }

        yield return new("norm of the embedding", 2L * hidden, SidePartUse.Applied);
    }
}
