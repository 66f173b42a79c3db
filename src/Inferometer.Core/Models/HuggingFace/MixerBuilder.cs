namespace Inferometer.Core.Models.HuggingFace;

/// <summary>Builds the token mixer of each layer: attention of its kind, or a recurrence.</summary>
internal sealed class MixerBuilder
{
    private readonly ModelShape _shape;
    private readonly JsonFields _fields;
    private readonly FamilyTraits _traits;
    private readonly RopeBuilder _rope;
    private readonly LayerKinds _kinds;

    public MixerBuilder(ModelShape shape)
    {
        _shape = shape;
        _fields = shape.Fields;
        _traits = shape.Traits;
        _rope = new RopeBuilder(shape);
        _kinds = new LayerKinds(shape);
        if (_fields.IntOr(0, 0, Limits.Layers, "num_kv_shared_layers") > 0)
        {
            throw _fields.Wrong("num_kv_shared_layers", "0: layers that share another layer's cache are not described");
        }
    }

    public TokenMixer Build(int layer, int layerCount)
    {
        if (_shape.ModelType is "deepseek_v4")
        {
            return Compressed(layer);
        }

        if (_fields.Has("kv_lora_rank"))
        {
            return Latent();
        }

        return _kinds.IsLinear(layer, layerCount) ? GatedDelta() : Softmax(layer, layerCount);
    }

    public MambaMixer Mamba() => new()
    {
        Heads = _fields.Int(Limits.Heads, "mamba_num_heads"),
        HeadDim = _fields.Int(Limits.HeadDim, "mamba_head_dim"),
        StateSize = _fields.Int(Limits.HeadDim, "ssm_state_size"),
        Groups = _fields.Int(Limits.Heads, "n_groups", "mamba_n_groups"),
        ConvolutionTaps = _fields.Int(1024, "conv_kernel"),
        ConvolutionBias = _fields.BoolOr(true, "use_conv_bias"),
        ProjectionBias = _fields.BoolOr(false, "mamba_proj_bias", "use_bias"),
    };

    private GatedDeltaMixer GatedDelta() => new()
    {
        KeyHeads = _fields.Int(Limits.Heads, "linear_num_key_heads"),
        ValueHeads = _fields.Int(Limits.Heads, "linear_num_value_heads"),
        KeyHeadDim = _fields.Int(Limits.HeadDim, "linear_key_head_dim"),
        ValueHeadDim = _fields.Int(Limits.HeadDim, "linear_value_head_dim"),
        ConvolutionTaps = _fields.Int(1024, "linear_conv_kernel_dim"),
        SplitProjections = _shape.ModelType is not "qwen3_next",
    };

    private LatentAttentionMixer Latent()
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
            IndexHeads = _fields.IntOr(0, 0, Limits.Heads, "index_n_heads"),
            IndexHeadDim = _fields.IntOr(0, 0, Limits.HeadDim, "index_head_dim"),
            ScoreScale = factor == 1 ? 0 : factor / Math.Sqrt(nope + rotary),
            Rope = _rope.Build(rotary, "full_attention", Theta(), 1),
        };
    }

    private CompressedAttentionMixer Compressed(int layer)
    {
        int[] ratios = _fields.Ints("compress_ratios", 0, 1 << 20) ?? throw _fields.Wrong("compress_ratios", "an array of integers, one per layer");
        if (layer >= ratios.Length)
        {
            throw _fields.Wrong("compress_ratios", $"at least as long as the model has layers; layer {layer} has none");
        }

        // The finely compressed layers choose by index and overlap their stretches; the coarse ones read everything.
        bool indexed = ratios[layer] == 4;
        int rotary = _fields.Int(Limits.HeadDim, "qk_rope_head_dim");
        return new CompressedAttentionMixer
        {
            Heads = Heads(),
            HeadDim = _fields.Int(Limits.HeadDim, "head_dim"),
            RopeHeadDim = rotary,
            QueryRank = _fields.Int(Limits.Width, "q_lora_rank"),
            OutputRank = _fields.Int(Limits.Width, "o_lora_rank"),
            OutputGroups = _fields.Int(Limits.Heads, "o_groups"),
            WindowTokens = _fields.Int(int.MaxValue, "sliding_window"),
            CompressionRatio = ratios[layer],
            OverlappingCompression = indexed,
            IndexTopK = indexed ? _fields.Int(int.MaxValue, "index_topk") : 0,
            IndexHeads = indexed ? _fields.Int(Limits.Heads, "index_n_heads") : 0,
            IndexHeadDim = indexed ? _fields.Int(Limits.HeadDim, "index_head_dim") : 0,
            Rope = _rope.Build(rotary, "full_attention", ratios[layer] == 0 ? Theta() : _fields.PositiveOr(Theta(), "compress_rope_theta"), 1),
        };
    }

    private AttentionMixer Softmax(int layer, int layerCount)
    {
        LayerKind kind = _kinds.Of(layer, layerCount);
        bool wide = kind.IsGlobalOfMixed && _fields.Has("global_head_dim");
        bool narrow = kind.WindowTokens > 0 && _fields.Has("swa_head_dim");
        int heads = narrow ? _fields.IntOr(Heads(), 1, Limits.Heads, "swa_num_attention_heads") : Heads();
        int headDim = wide ? _fields.Int(Limits.HeadDim, "global_head_dim") : narrow ? _fields.Int(Limits.HeadDim, "swa_head_dim") : HeadDim(heads);
        int kvHeads = wide ? _fields.IntOr(KvHeads(heads), 1, Limits.Heads, "num_global_key_value_heads")
            : narrow ? _fields.IntOr(KvHeads(heads), 1, Limits.Heads, "swa_num_key_value_heads") : KvHeads(heads);
        if (heads % kvHeads != 0)
        {
            throw new InferometerException($"{_fields.Source}: {heads} query heads cannot share {kvHeads} key/value heads; the first must be a multiple of the second.");
        }

        int valueDim = _fields.IntOr(headDim, 1, Limits.HeadDim, "v_head_dim");
        bool qkvBias = _fields.BoolOr(_traits.QkvBias, "attention_bias", "qkv_bias", "enable_bias", "use_bias");
        bool outputBias = _traits.AttentionBiasCoversOutput ? _fields.BoolOr(_traits.OutputBias, "attention_bias", "enable_bias", "use_bias") : _traits.OutputBias;
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
            QkNorm = QkNorm(kind),
            OutputGate = _fields.BoolOr(_traits.OutputGate, "attn_output_gate"),
            AttentionSink = HasSink(kind),
            ValuesAreKeys = wide && _fields.BoolOr(true, "attention_k_eq_v"),
            ScoreSoftcap = _fields.NumberOr(_fields.Has("attn_logit_softcapping") ? 0 : _traits.ScoreSoftcap, "attn_logit_softcapping"),
            ScoreScale = ScoreScale(headDim),
            Rope = kind.HasRope ? Rope(kind, headDim, wide) : null,
        };
    }

    private int Heads() => _fields.Int(Limits.Heads, "num_attention_heads", "n_head", "num_heads", "n_heads");

    private int KvHeads(int heads)
    {
        if (_shape.ModelType is "falcon")
        {
            bool grouped = _fields.BoolOr(false, "new_decoder_architecture");
            return grouped ? _fields.IntOr(heads, 1, Limits.Heads, "num_kv_heads", "n_head_kv") : _fields.BoolOr(true, "multi_query") ? 1 : heads;
        }

        return _fields.IntOr(heads, 1, Limits.Heads, "num_key_value_heads", "num_kv_heads", "multi_query_group_num");
    }

    private int HeadDim(int heads)
    {
        int fallback = _traits.ScaledEmbedding ? 256 : _shape.HiddenSize / heads;
        if (!_fields.HasAny("head_dim", "attention_head_dim", "kv_channels") && !_traits.ScaledEmbedding && _shape.HiddenSize % heads != 0)
        {
            throw new InferometerException($"{_fields.Source}: hidden size {_shape.HiddenSize} is no multiple of {heads} heads, and there is no 'head_dim'.");
        }

        return _fields.IntOr(fallback, 1, Limits.HeadDim, "head_dim", "attention_head_dim", "kv_channels");
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
        bool localTheta = local && (_traits.QkNorm == QkNormKind.PerHead && _traits.Windows == WindowRule.Interleaved || _fields.HasAny("rope_local_base_freq", "swa_rope_theta") || _shape.ModelType is "mimo_v2_flash");
        double theta = localTheta ? _fields.PositiveOr(10000, "rope_local_base_freq", "swa_rope_theta") : Theta();
        string layerType = local ? "sliding_attention" : "full_attention";
        return _rope.Build(headDim, layerType, theta, _shape.ModelType is "gemma4" or "gemma4_text" && !wide ? 1 : partial, scaled: !localTheta);
    }

    private QkNormKind QkNorm(LayerKind kind)
    {
        if (_shape.ModelType is "llama4" or "llama4_text")
        {
            return kind.HasRope && _fields.BoolOr(true, "use_qk_norm") ? QkNormKind.NonParametric : QkNormKind.None;
        }

        if (_shape.ModelType is "glm4_moe")
        {
            return _fields.BoolOr(false, "use_qk_norm") ? QkNormKind.PerHead : QkNormKind.None;
        }

        return _traits.QkNorm == QkNormKind.None && !_shape.IsKnown && _fields.BoolOr(false, "use_qk_norm", "qk_norm")
            ? QkNormKind.PerHead
            : _traits.QkNorm;
    }

    private bool HasSink(LayerKind kind) => _shape.ModelType is "mimo_v2_flash"
        ? kind.WindowTokens > 0 ? _fields.BoolOr(true, "add_swa_attention_sink_bias") : _fields.BoolOr(false, "add_full_attention_sink_bias")
        : _traits.AttentionSink;

    private double ScoreScale(int headDim)
    {
        double multiplier = _fields.PositiveOr(0, "attention_multiplier");
        double scalar = _fields.PositiveOr(_traits.QueryScalar, "query_pre_attn_scalar");
        return multiplier > 0 ? multiplier : scalar == 0 || scalar == headDim ? 0 : 1 / Math.Sqrt(scalar);
    }
}
