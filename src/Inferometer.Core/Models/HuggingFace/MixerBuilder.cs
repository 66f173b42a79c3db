using System.Globalization;

namespace Inferometer.Core.Models.HuggingFace;

/// <summary>Builds the token mixer of each layer: attention of its kind, or a recurrence.</summary>
internal sealed class MixerBuilder
{
    private readonly ModelShape _shape;
    private readonly JsonFields _fields;
    private readonly FamilyTraits _traits;
    private readonly RopeBuilder _rope;
    private readonly LayerKinds _kinds;
    private readonly Dictionary<int, JsonFields> _own = [];

    public MixerBuilder(ModelShape shape, LayerKinds kinds)
    {
        _shape = shape;
        _fields = shape.Fields;
        _traits = shape.Traits;
        _rope = new RopeBuilder(shape);
        _kinds = kinds;
        ReadOverrides();
    }

    public TokenMixer Build(int layer)
    {
        if (_shape.ModelType is "deepseek_v4")
        {
            return Compressed(layer);
        }

        return _fields.Has("kv_lora_rank") ? Latent(layer) : Softmax(layer);
    }

    // "per_layer_config": {"05": {"head_dim": 512}} changes fields of single layers.
    private void ReadOverrides()
    {
        if (_fields.Object("per_layer_config") is not { } overrides)
        {
            return;
        }

        foreach (string name in overrides.Names)
        {
            if (!int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out int layer) || layer >= _shape.LayerCount)
            {
                throw _fields.Wrong("per_layer_config", $"keyed by layers below {_shape.LayerCount}");
            }

            _own[layer] = overrides.Object(name)!;
        }
    }

    private int Own(int layer, int fallback, int max, string name) =>
        _own.TryGetValue(layer, out JsonFields? own) ? own.IntOr(fallback, 1, max, name) : fallback;

    public LatentAttentionMixer Latent(int layer)
    {
        int nope = _fields.Int(Limits.HeadDim, "qk_nope_head_dim");
        int rotary = _fields.Int(Limits.HeadDim, "qk_rope_head_dim");
        double factor = _rope.ScoreFactor();
        return new LatentAttentionMixer
        {
            Heads = Heads(),
            QueryRank = _fields.IntOr(0, 0, Limits.Width, "q_lora_rank"),
            KvRank = _fields.Int(Limits.Width, "kv_lora_rank"),
            NopeHeadDim = nope,
            RopeHeadDim = rotary,
            ValueHeadDim = _fields.Int(Limits.HeadDim, "v_head_dim"),
            Bias = _fields.BoolOr(false, "attention_bias"),
            IndexTopK = _fields.IntOr(0, 0, int.MaxValue, "index_topk"),
            ReusesIndex = _fields.Texts("indexer_types") is { } types && layer < types.Length && types[layer] is "shared",
            AttentionSink = _traits.AttentionSink,
            OutputGate = _traits.OutputGate,
            IndexHeads = _fields.IntOr(0, 0, Limits.Heads, "index_n_heads"),
            IndexHeadDim = _fields.IntOr(0, 0, Limits.HeadDim, "index_head_dim"),
            ScoreScale = factor == 1 ? 0 : factor / Math.Sqrt(nope + rotary),
            Rope = _traits.Position == PositionKind.Rotary ? _rope.Build(rotary, "full_attention", Theta(), 1, partialOfFile: false) : null,
        };
    }

    private CompressedAttentionMixer Compressed(int layer)
    {
        int ratio = Ratio(layer);

        // The finely compressed layers choose by index and overlap their stretches; the coarse ones read everything.
        bool indexed = ratio == 4;
        int headDim = _fields.Int(Limits.HeadDim, "head_dim");
        int share = (int)(headDim * _fields.PositiveOr(0.125, "partial_rotary_factor"));
        int rotary = _fields.IntOr(share, 1, Limits.HeadDim, "qk_rope_head_dim");
        return new CompressedAttentionMixer
        {
            Heads = Heads(),
            HeadDim = headDim,
            RopeHeadDim = rotary,
            QueryRank = _fields.Int(Limits.Width, "q_lora_rank"),
            OutputRank = _fields.Int(Limits.Width, "o_lora_rank"),
            OutputGroups = _fields.Int(Limits.Heads, "o_groups"),
            WindowTokens = _fields.Int(int.MaxValue, "sliding_window"),
            CompressionRatio = ratio,
            OverlappingCompression = indexed,
            IndexTopK = indexed ? _fields.Int(int.MaxValue, "index_topk") : 0,
            IndexHeads = indexed ? _fields.Int(Limits.Heads, "index_n_heads") : 0,
            IndexHeadDim = indexed ? _fields.Int(Limits.HeadDim, "index_head_dim") : 0,
            Rope = ratio == 0
                ? _rope.Build(rotary, "main", Theta(), 1, partialOfFile: false)
                : _rope.Build(rotary, "compress", _fields.PositiveOr(Theta(), "compress_rope_theta"), 1, partialOfFile: false),
        };
    }

    // Version 5 names the layers' kinds, older files give the ratios.
    private int Ratio(int layer)
    {
        if (_fields.Ints("compress_ratios", 0, 1 << 20) is { } ratios)
        {
            return layer < ratios.Length
                ? ratios[layer]
                : throw _fields.Wrong("compress_ratios", $"at least as long as the model has layers; layer {layer} has none");
        }

        JsonFields? rates = _fields.Object("compress_rates");
        string kind = _kinds.Word(layer) ?? (layer > 1 && layer % 2 == 1 ? "compressed_sparse_attention" : "heavily_compressed_attention");
        return kind switch
        {
            "sliding_attention" => 0,
            "compressed_sparse_attention" => rates?.IntOr(4, 1, 1 << 20, kind) ?? 4,
            _ => rates?.IntOr(128, 1, 1 << 20, kind) ?? 128,
        };
    }

    public AttentionMixer Softmax(int layer)
    {
        LayerKind kind = _kinds.Of(layer);
        bool wide = kind.IsGlobalOfMixed && _fields.Has("global_head_dim");
        bool narrow = kind.WindowTokens > 0 && _fields.Has("swa_head_dim");
        int heads = narrow ? _fields.IntOr(Heads(), 1, Limits.Heads, "swa_num_attention_heads") : HeadsOf(layer);
        int headDim = wide
            ? _fields.Int(Limits.HeadDim, "global_head_dim")
            : narrow ? _fields.Int(Limits.HeadDim, "swa_head_dim")
            : HeadDim(heads);
        int kvHeads = wide ? _fields.IntOr(KvHeads(heads), 1, Limits.Heads, "num_global_key_value_heads")
            : narrow ? _fields.IntOr(KvHeads(heads), 1, Limits.Heads, "swa_num_key_value_heads") : KvHeads(heads);
        headDim = Own(layer, headDim, Limits.HeadDim, "head_dim");
        kvHeads = Own(layer, kvHeads, Limits.Heads, "num_key_value_heads");
        if (heads % kvHeads != 0)
        {
            throw new InferometerException(
                $"{_fields.Source}: {heads} query heads cannot share {kvHeads} key/value heads; the first must be a multiple of the "
                    + $"second.");
        }

        (double growth, int growthTokens, int growthOffset) = QueryGrowth(kind);
        int valueDim = _fields.IntOr(headDim, 1, Limits.HeadDim, "v_head_dim");
        bool qkvBias = _fields.BoolOr(_traits.QkvBias, "attention_bias", "qkv_bias", "use_qkv_bias", "enable_bias", "use_bias");
        bool outputBias = _traits.AttentionBiasCoversOutput
            ? _fields.BoolOr(_traits.OutputBias, "attention_bias", "enable_bias", "use_bias")
            : _fields.BoolOr(_traits.OutputBias, "attention_out_bias");
        return new AttentionMixer
        {
            Heads = heads,
            KvHeads = kvHeads,
            HeadDim = headDim,
            ValueHeadDim = valueDim,
            WindowTokens = kind.WindowTokens,
            ChunkTokens = kind.ChunkTokens,
            QkvBias = qkvBias,
            OutputBias = outputBias,
            ValueScale = _fields.PositiveOr(1, "attention_value_scale"),
            ValueNorm = _traits.ValueNorm,
            TemperatureScale = growth,
            TemperatureTokens = growthTokens,
            TemperatureOffset = growthOffset,
            QkNorm = QkNorm(kind),
            QkNormAfterRope = _traits.QkNormAfterRope,
            QkvClip = _fields.PositiveOr(0, "clip_qkv"),
            OutputGate = _fields.BoolOr(_traits.OutputGate, "attn_output_gate"),
            HeadGate = _traits.HeadGate,
            AttentionSink = HasSink(kind),
            ReusesCache = layer >= _shape.LayerCount - _fields.IntOr(0, 0, _shape.LayerCount, "num_kv_shared_layers"),
            ValuesAreKeys = kind.IsGlobalOfMixed && _fields.BoolOr(wide && _fields.Mentions("global_head_dim"), "attention_k_eq_v"),
            ScoreSoftcap = _fields.NumberOr(_fields.Has("attn_logit_softcapping") ? 0 : _traits.ScoreSoftcap, "attn_logit_softcapping"),
            ScoreScale = ScoreScale(headDim),
            Rope = kind.HasRope ? Rope(kind, headDim, wide) : null,
        };
    }

    private int Heads() => _fields.Int(Limits.Heads, "num_attention_heads", "n_head", "num_heads", "n_heads", "attention_heads");

    // Laguna gives every layer its own number of query heads.
    private int HeadsOf(int layer) => _fields.Ints("num_attention_heads_per_layer", 1, Limits.Heads) is { } heads
        ? layer < heads.Length
            ? heads[layer]
            : throw _fields.Wrong("num_attention_heads_per_layer", $"as long as the model has layers; layer {layer} has none")
        : Heads();

    private int KvHeads(int heads)
    {
        if (_shape.ModelType is "falcon")
        {
            bool grouped = _fields.BoolOr(false, "new_decoder_architecture");
            return grouped
                ? _fields.IntOr(heads, 1, Limits.Heads, "num_kv_heads", "n_head_kv")
                : _fields.BoolOr(true, "multi_query") ? 1
                : heads;
        }

        if (_shape.ModelType is "gpt_bigcode")
        {
            return _fields.BoolOr(true, "multi_query") ? 1 : heads;
        }

        if (_fields.Object("attn_config") is { } nested && nested.Has("kv_n_heads"))
        {
            return nested.Int(Limits.Heads, "kv_n_heads");
        }

        return _fields.IntOr(heads, 1, Limits.Heads, "num_key_value_heads", "num_kv_heads", "multi_query_group_num");
    }

    private int HeadDim(int heads)
    {
        // GLM-4.5's class rounds down where the file gives no width.
        bool rounds = _shape.ModelType is "glm4_moe" or "glm4v_moe_text";
        if (!rounds && !_fields.HasAny("head_dim", "attention_head_dim", "kv_channels", "dim_head") && _shape.HiddenSize % heads != 0)
        {
            throw new InferometerException(
                $"{_fields.Source}: hidden size {_shape.HiddenSize} is no multiple of {heads} heads, and there is no 'head_dim'.");
        }

        int fallback = _shape.HiddenSize / heads;
        return _fields.IntOr(fallback, 1, Limits.HeadDim, "head_dim", "attention_head_dim", "kv_channels", "dim_head");
    }

    private double Theta() => _fields.PositiveOr(_traits.RopeTheta, "rope_theta", "rotary_emb_base");

    private RopeParameters? Rope(LayerKind kind, int headDim, bool wide)
    {
        if (_traits.Position != PositionKind.Rotary)
        {
            return null;
        }

        double partial = _fields.PositiveOr(wide ? 0.25 : _traits.PartialRotary, "partial_rotary_factor", "rotary_pct");
        bool local = kind.WindowTokens > 0;
        bool localTheta = local
            && (_traits.LocalRopeTheta > 0 || _fields.HasAny("rope_local_base_freq", "swa_rope_theta"));
        double theta = localTheta ? _fields.PositiveOr(_traits.LocalRopeTheta, "rope_local_base_freq", "swa_rope_theta") : Theta();
        string layerType = local ? "sliding_attention" : "full_attention";
        RopeParameters rope = _rope.Build(
            headDim, layerType, theta, _traits.ProportionalRope && !wide ? 1 : partial,
            scaled: !localTheta && !(local && _traits.ScalesGlobalRopeOnly));
        return _traits.ProportionalRope && rope.RotaryDim > 0 ? Proportional(rope, headDim) : rope;
    }

    // Pairs and exponents are those of the whole head; the later pairs stand still.
    private static RopeParameters Proportional(RopeParameters rope, int headDim) => rope with
    {
        RotaryDim = 0,
        ShortFactors = [.. Enumerable.Range(0, headDim / 2).Select(i => i < rope.RotaryDim / 2 ? 1 : RopeParameters.Still)],
    };

    /// <summary>How queries grow: Llama 4's in layers without positions, Ministral 3's in all.</summary>
    private (double Scale, int Tokens, int Offset) QueryGrowth(LayerKind kind)
    {
        if (_shape.ModelType is "llama4" or "llama4_text" && !kind.HasRope && _fields.BoolOr(true, "attn_temperature_tuning"))
        {
            return (_fields.PositiveOr(0.1, "attn_scale"), _fields.IntOr(8192, 1, int.MaxValue, "floor_scale"), 1);
        }

        if (_shape.ModelType is not "ministral3" || _fields.Object("rope_parameters") is not { } rope)
        {
            return default;
        }

        // Devstral 2 has 0.
        double beta = rope.NumberOr(0, "llama_4_scaling_beta");
        return beta switch
        {
            0 => default,
            > 0 => (beta, rope.IntOr(_shape.MaxContextTokens, 1, int.MaxValue, "original_max_position_embeddings"), 0),
            _ => throw rope.Wrong("llama_4_scaling_beta", "a number of 0 or more"),
        };
    }

    private QkNormKind QkNorm(LayerKind kind)
    {
        if (_shape.ModelType is "llama4" or "llama4_text")
        {
            return kind.HasRope && _fields.BoolOr(true, "use_qk_norm") ? QkNormKind.NonParametric : QkNormKind.None;
        }

        if (_shape.ModelType is "cohere" or "stablelm" or "persimmon" or "fuyu")
        {
            bool normed = _fields.BoolOr(_traits.QkNorm == QkNormKind.PerHeadLayerNorm, "use_qk_norm", "qk_layernorm");
            return normed ? EachHeadOr() : QkNormKind.None;
        }

        if (_shape.ModelType is "glm4_moe")
        {
            return _fields.BoolOr(false, "use_qk_norm") ? QkNormKind.PerHead : QkNormKind.None;
        }

        return _traits.QkNorm == QkNormKind.None && !_shape.IsKnown && _fields.BoolOr(false, "use_qk_norm", "qk_norm")
            ? QkNormKind.PerHead
            : _traits.QkNorm;
    }

    private QkNormKind EachHeadOr() => _traits.QkNorm == QkNormKind.None ? QkNormKind.EachHead : _traits.QkNorm;

    private bool HasSink(LayerKind kind) => _shape.ModelType is "mimo_v2_flash"
        ? kind.WindowTokens > 0
            ? _fields.BoolOr(true, "add_swa_attention_sink_bias")
            : _fields.BoolOr(false, "add_full_attention_sink_bias")
        : _traits.AttentionSink;

    private double ScoreScale(int headDim)
    {
        double multiplier = _fields.PositiveOr(0, "attention_multiplier");
        double scalar = _fields.PositiveOr(_traits.QueryScalar, "query_pre_attn_scalar");
        return multiplier > 0 ? multiplier : scalar == 0 || scalar == headDim ? 0 : 1 / Math.Sqrt(scalar);
    }
}
