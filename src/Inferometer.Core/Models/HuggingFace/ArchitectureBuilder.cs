namespace Inferometer.Core.Models.HuggingFace;

/// <summary>Puts an architecture together from configuration fields and family traits.</summary>
internal sealed class ArchitectureBuilder
{
    private readonly JsonFields _outer;
    private readonly JsonFields _fields;
    private readonly FamilyTraits _traits;
    private readonly string _modelType;
    private readonly string? _name;

    public ArchitectureBuilder(JsonFields outer, string? name)
    {
        _outer = outer;
        _fields = outer.Object("text_config") ?? outer.Object("language_config") ?? outer.Object("llm_config") ?? outer;
        _modelType = _fields.Text("model_type") ?? outer.Text("model_type")
            ?? throw new InferometerException($"{outer.Source}: the field 'model_type' is missing; it should be a string such as \"llama\".");
        FamilyTraits? known = Families.Find(_modelType);
        IsKnown = known is not null;
        _traits = Adjust(known ?? Families.Unknown);
        _name = name;
    }

    private bool IsKnown { get; }

    public ModelArchitecture Build()
    {
        int hidden = _fields.Int(Limits.Width, "hidden_size", "n_embd", "d_model");
        int context = _fields.IntOr(2048, 1, int.MaxValue, "max_position_embeddings", "n_positions", "n_ctx", "seq_length", "max_seq_len");
        var shape = new ModelShape(_fields, _traits, _modelType, IsKnown, hidden, context);
        bool learned = _traits.Position == PositionKind.Learned;
        bool postNorm = !_fields.BoolOr(true, "do_layer_norm_before");
        return new ModelArchitecture
        {
            Name = _name ?? _outer.Text("hf_id", "_name_or_path", "name") ?? _modelType,
            ModelType = _modelType,
            IsKnownFamily = IsKnown,
            HiddenSize = hidden,
            VocabularySize = _fields.Int(Limits.Vocabulary, "vocab_size", "padded_vocab_size"),
            MaxContextTokens = context,
            Layers = Layers(shape),
            TiedEmbeddings = _fields.BoolOr(_outer.BoolOr(_traits.TiedEmbeddings, "tie_word_embeddings"), "tie_word_embeddings"),
            LmHeadBias = _fields.BoolOr(_traits.LmHeadBias, "lm_head_bias"),
            Norm = _traits.Norm,
            NormEpsilon = _fields.PositiveOr(_traits.NormEpsilon, "rms_norm_eps", "layer_norm_epsilon", "layer_norm_eps", "norm_epsilon", "norm_eps", "layernorm_epsilon"),
            Position = _traits.Position,
            LearnedPositionRows = learned ? context + _traits.LearnedPositionOffset : 0,
            EmbeddingProjectionSize = EmbeddingProjection(hidden),
            EmbeddingScale = _fields.PositiveOr(_traits.ScaledEmbedding ? Math.Sqrt(hidden) : 1, "embedding_multiplier"),
            FinalLogitSoftcap = _fields.NumberOr(_fields.Has("final_logit_softcapping") ? 0 : _traits.FinalLogitSoftcap, "final_logit_softcapping"),
            LogitScale = 1 / _fields.PositiveOr(1, "logits_scaling"),
            ResidualScale = _fields.PositiveOr(1, "residual_multiplier"),
            PostBlockNorms = _traits.PostBlockNorms,
            NormAfterResidual = postNorm,
            ParallelBlocks = _fields.BoolOr(_traits.ParallelBlocks, "parallel_attn", "use_parallel_residual"),
            PreBlockNorms = PreBlockNorms(),
            ResidualStreams = _modelType is "deepseek_v4" ? _fields.IntOr(4, 1, 64, "hc_mult") : 1,
            PublishedPrecision = PublishedPrecision(),
            Source = _fields.Text("source") ?? _outer.Source,
        };
    }

    private FamilyTraits Adjust(FamilyTraits traits)
    {
        if (_modelType is "falcon")
        {
            bool bias = _fields.BoolOr(false, "bias");
            traits = traits with
            {
                QkvBias = bias,
                OutputBias = bias,
                FeedForwardBias = bias,
                Position = _fields.BoolOr(false, "alibi") ? PositionKind.Alibi : PositionKind.Rotary,
            };
        }

        if (_modelType is "gpt_neox" && !_fields.BoolOr(true, "attention_bias"))
        {
            traits = traits with { QkvBias = false, OutputBias = false };
        }

        bool softmax = string.Equals(_fields.Text("scoring_func"), "softmax", StringComparison.Ordinal);
        return softmax ? traits with { SigmoidRouter = false, RouterBias = false } : traits;
    }

    private int PreBlockNorms() => _modelType switch
    {
        "falcon" => _fields.BoolOr(false, "new_decoder_architecture") ? _fields.IntOr(2, 1, 2, "num_ln_in_parallel_attn") : 1,
        "phi" => 1,
        _ => 2,
    };

    private int EmbeddingProjection(int hidden)
    {
        int width = _fields.IntOr(hidden, 1, Limits.Width, "word_embed_proj_dim");
        return width == hidden ? 0 : width;
    }

    private EquatableList<LayerArchitecture> Layers(ModelShape shape)
    {
        var mixers = new MixerBuilder(shape);
        var feedForwards = new FeedForwardBuilder(shape);
        string? pattern = _fields.Text("hybrid_override_pattern");
        int count = _fields.Int(Limits.Layers, "num_hidden_layers", "n_layer", "num_layers", "n_layers");
        if (pattern is not null && pattern.Length != count)
        {
            throw _fields.Wrong("hybrid_override_pattern", $"one letter for each of the {count} layers of 'num_hidden_layers'");
        }

        var distinct = new Dictionary<LayerArchitecture, LayerArchitecture>();
        var layers = new LayerArchitecture[count];
        for (int i = 0; i < count; i++)
        {
            LayerArchitecture layer = (pattern?[i]) switch
            {
                null => new() { Mixer = mixers.Build(i, count), FeedForward = feedForwards.Build(i) },
                'M' => new() { Mixer = mixers.Mamba() },
                '*' => new() { Mixer = mixers.Build(i, count) },
                '-' => new() { FeedForward = feedForwards.Dense() },
                'E' => new() { FeedForward = feedForwards.Experts(i) },
                _ => throw _fields.Wrong("hybrid_override_pattern", "made of M (Mamba), * (attention), - (feed-forward) and E (experts)"),
            };
            if (!distinct.TryGetValue(layer, out LayerArchitecture? same))
            {
                distinct.Add(layer, same = layer);
            }

            layers[i] = same;
        }

        return new EquatableList<LayerArchitecture>(layers);
    }

    private string? PublishedPrecision()
    {
        JsonFields? quantization = _outer.Object("quantization_config") ?? _outer.Object("quantization") ?? _fields.Object("quantization_config");
        string? method = quantization?.Text("quant_method");
        return method switch
        {
            "fp8" or "mxfp4" => method,
            "awq" or "gptq" => "int4",
            "compressed-tensors" when quantization!.Text("format") is "pack-quantized" => "int4",
            _ => (_fields.Text("dtype", "torch_dtype") ?? _outer.Text("dtype", "torch_dtype")) switch
            {
                "bfloat16" => "bf16",
                "float16" => "fp16",
                "float32" => "fp32",
                string other => other,
                null => null,
            },
        };
    }
}
