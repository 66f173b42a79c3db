namespace Inferometer.Core.Models.HuggingFace;

/// <summary>Builds the feed-forward part of each layer: dense, or experts where the configuration puts them.</summary>
internal sealed class FeedForwardBuilder
{
    private static readonly string[] ExpertNames = ["num_experts", "num_local_experts", "n_routed_experts", "moe_num_experts"];

    private static readonly string[] PerTokenNames =
        ["num_experts_per_tok", "experts_per_token", "num_experts_per_token", "top_k_experts", "moe_topk", "moe_k"];

    private static readonly string[] SharedNames =
        ["n_shared_experts", "num_shared_experts", "moe_num_shared_experts", "num_shared_expert"];

    private static readonly string[] DenseNames =
    [
        "dense_intermediate_size", "prefix_dense_intermediate_size", "intermediate_size", "n_inner", "ffn_dim", "ffn_hidden_size", "dff",
        "dim_ff",
    ];

    private static readonly string[] ActivationNames =
        ["hidden_act", "activation_function", "hidden_activation", "mlp_hidden_act", "hidden_mlp_act", "activation", "afn"];

    private static readonly string[] SharedWidthNames =
        ["shared_expert_intermediate_size", "shared_intermediate_size", "moe_shared_expert_intermediate_size"];

    private readonly ModelShape _shape;
    private readonly JsonFields _fields;
    private readonly FamilyTraits _traits;
    private readonly int _experts;
    private readonly int[] _denseLayers;
    private readonly int[]? _moeLayers;
    private readonly string[]? _kinds;

    public FeedForwardBuilder(ModelShape shape)
    {
        _shape = shape;
        _fields = shape.Fields;
        _traits = shape.Traits;
        _experts = ExpertCount();
        _denseLayers = _fields.Ints("mlp_only_layers", 0, Limits.Layers) ?? [];
        _moeLayers = _fields.IsArray("moe_layer_freq") ? _fields.Ints("moe_layer_freq", 0, 1) : null;
        _kinds = _fields.Texts("mlp_layer_types");
        if (_kinds is not null && _kinds.Length != shape.LayerCount)
        {
            throw _fields.Wrong("mlp_layer_types", $"an array with one entry for each of the {shape.LayerCount} layers");
        }
    }

    public FeedForward Build(int layer) => HasExperts(layer) ? Experts(layer) : Dense(layer);

    public DenseFeedForward Dense(int layer) => new()
    {
        IntermediateSize = DenseWidth(layer),
        Gated = _traits.Gated,
        Bias = _fields.BoolOr(_traits.FeedForwardBias, "mlp_bias", "enable_bias", "use_bias", "add_bias_linear"),
        Activation = Activation(),
    };

    public MoeFeedForward Experts(int layer)
    {
        int experts = _experts > 0 ? _experts : _fields.Int(Limits.Experts, ExpertNames);
        int perToken = _fields.Object("ffn_config")?.IntOr(1, 1, Limits.Experts, "moe_top_k")
            ?? AtLayer("moe_topk", layer) ?? _fields.Int(Limits.Experts, PerTokenNames);
        if (perToken > experts)
        {
            throw new InferometerException($"{_fields.Source}: {perToken} experts per token of {experts}; there are not so many.");
        }

        int? usual = _traits.ExpertsHaveUsualWidth ? _fields.Int(Limits.Inner, "intermediate_size") : null;
        int width = _fields.Object("ffn_config")?.Int(Limits.Inner, "ffn_hidden_size")
            ?? usual
            ?? AtLayer("moe_intermediate_size", layer)
            ?? _fields.Int(Limits.Inner, "moe_intermediate_size", "expert_ffn_hidden_size", "intermediate_size", "ffn_dim");
        bool gemma4 = _shape.ModelType.StartsWith("gemma4", StringComparison.Ordinal);
        bool gptOss = _shape.ModelType is "gpt_oss";
        bool llama4 = _shape.ModelType is "llama4" or "llama4_text";
        int sharedCount = AtLayer("num_shared_expert", layer) ?? _fields.IntOr(llama4 ? 1 : 0, 0, Limits.Experts, SharedNames);
        return new MoeFeedForward
        {
            Experts = experts,
            ExpertsPerToken = perToken,
            ExpertIntermediateSize = width,
            SharedIntermediateSize = _fields.IntOr(SharedWidth(sharedCount, width), 0, Limits.Inner, SharedWidthNames),
            SharedGate = _traits.SharedGate && _fields.IntOr(1, 0, Limits.Inner, "shared_expert_intermediate_size") > 0,
            ParallelDenseIntermediateSize = gemma4 ? DenseWidth(layer) : 0,
            Gated = _traits.Gated,
            ExpertInputSize = _fields.IntOr(0, 0, Limits.Width, "moe_latent_size"),
            ExpertBias = gptOss || (_shape.IsKnown && _fields.BoolOr(false, "use_bias")),
            RouterBias = _traits.RouterBias,
            HashRouting = _kinds is not null ? _kinds[layer] is "hash_moe" : layer < _fields.IntOr(0, 0, Limits.Layers, "num_hash_layers"),
            RouterGroups = _fields.IntOr(1, 1, Limits.Experts, "n_group"),
            RouterGroupsPerToken = _fields.IntOr(1, 1, Limits.Experts, "topk_group"),
            ScaleExpertInput = llama4,
            NormalizeTopK = _fields.BoolOr(_traits.NormalizeTopK, "norm_topk_prob", "moe_renormalize"),
            SigmoidRouter = _traits.SigmoidRouter,
            RouterJitter = _traits.RouterJitter > 0 ? _fields.PositiveOr(_traits.RouterJitter, "router_jitter_noise") : 0,
            RoutedScale = _fields.PositiveOr(
                1, "routed_scaling_factor", "moe_routed_scaling_factor", "router_scaling_factor", "route_scale"),
            Activation = Activation(),
        };
    }

    private int SharedWidth(int count, int expertWidth)
    {
        long width = (long)count * expertWidth;
        return width <= Limits.Inner
            ? (int)width
            : throw new InferometerException(
                $"{_fields.Source}: {count} shared experts of width {expertWidth} are beyond any model's width.");
    }

    private bool HasExperts(int layer)
    {
        if (_experts == 0 || (_experts == 1 && !_shape.IsKnown) || !_fields.BoolOr(true, "enable_moe_block")
            || (_traits.ExpertSwitch is { } needed && !_fields.BoolOr(false, needed)))
        {
            return false;
        }

        if (_kinds is not null)
        {
            return _kinds[layer] is not "dense";
        }

        if (_moeLayers is not null)
        {
            return layer < _moeLayers.Length && _moeLayers[layer] != 0;
        }

        if (_fields.Ints("moe_layers", 0, Limits.Layers) is { } listed)
        {
            return listed.Contains(layer);
        }

        return IsSparseByInterval(layer);
    }

    private bool IsSparseByInterval(int layer)
    {
        // ERNIE 4.5: every moe_layer_interval-th layer between two; Jamba: one in expert_layer_period, counted from an offset.
        if (_fields.Has("moe_layer_start_index"))
        {
            int end = _fields.NumberOr(-1, "moe_layer_end_index") is var last && last < 0 ? _shape.LayerCount - 1 : (int)last;
            return (layer + 1) % _fields.IntOr(1, 1, Limits.Layers, "moe_layer_interval") == 0
                && layer >= _fields.Int(Limits.Layers, "moe_layer_start_index") && layer <= end;
        }

        if (_fields.Has("expert_layer_period"))
        {
            return layer % _fields.Int(Limits.Layers, "expert_layer_period") == _fields.IntOr(0, 0, Limits.Layers, "expert_layer_offset");
        }

        int sparseStep = _fields.IntOr(1, 1, Limits.Layers, "decoder_sparse_step", "interleave_moe_layer_step");
        int frequency = _fields.IntOr(1, 1, Limits.Layers, "moe_layer_freq");
        return !_denseLayers.Contains(layer)
            && layer >= _fields.IntOr(0, 0, Limits.Layers, "first_k_dense_replace", "num_dense_layers")
            && layer % frequency == 0
            && (layer + 1) % sparseStep == 0;
    }

    // Hunyuan gives lists with an entry for each layer.
    private int? AtLayer(string name, int layer) => !_fields.IsArray(name) ? null
        : _fields.Ints(name, 0, Limits.Inner) is { } values && layer < values.Length ? values[layer]
        : throw _fields.Wrong(name, $"as long as the model has layers; layer {layer} has none");

    private int ExpertCount() => _fields.Object("ffn_config")?.IntOr(0, 0, Limits.Experts, "moe_num_experts")
        ?? (_fields.IsArray("num_experts")
            ? _fields.Ints("num_experts", 0, Limits.Experts)!.Max()
            : _fields.IntOr(0, 0, Limits.Experts, ExpertNames));

    private int DenseWidth(int layer)
    {
        if (_fields.IsArray("intermediate_size"))
        {
            int[] widths = _fields.Ints("intermediate_size", 1, Limits.Inner)!;
            return layer < widths.Length
                ? widths[layer]
                : throw _fields.Wrong("intermediate_size", $"as long as the model has layers; layer {layer} has none");
        }

        if (_shape.ModelType is "llama4" or "llama4_text")
        {
            return _fields.Int(Limits.Inner, "intermediate_size_mlp", "intermediate_size");
        }

        int multiple = _fields.IntOr(_traits.InnerMultiple, 0, 1024, "intermediate_multiple_size", "expansion_ratio");
        return multiple > 0 && !_fields.HasAny(DenseNames)
            ? multiple * _shape.HiddenSize
            : _fields.Int(Limits.Inner, DenseNames);
    }

    private ActivationKind Activation()
    {
        // Gemma files say "gelu" where the published model uses the tanh form.
        string name = _traits.Activation is "gelu_pytorch_tanh" or "swiglu_oss" && _shape.ModelType is not "starcoder2"
            ? _traits.Activation
            : _fields.Text(ActivationNames) ?? _traits.Activation;
        return name switch
        {
            "silu" or "swish" or "swiglu" => ActivationKind.Silu,
            "gelu" or "gelu_python" => ActivationKind.Gelu,
            "gelu_pytorch_tanh" or "gelu_new" or "gelu_fast" or "gelu_tanh" => ActivationKind.GeluTanh,
            "relu" => ActivationKind.Relu,
            "relu2" or "squared_relu" => ActivationKind.ReluSquared,
            "xielu" => ActivationKind.XIelu,
            "swiglu_oss" => ActivationKind.SwigluOss,
            _ => throw new InferometerException(
                $"{_fields.Source}: the activation '{name}' is not known. Allowed: silu, gelu, gelu_pytorch_tanh, gelu_new, relu, relu2."),
        };
    }
}
