namespace Inferometer.Core.Models.HuggingFace;

/// <summary>Builds the feed-forward part of each layer: dense, or experts where the configuration puts them.</summary>
internal sealed class FeedForwardBuilder
{
    private readonly ModelShape _shape;
    private readonly JsonFields _fields;
    private readonly FamilyTraits _traits;
    private readonly int _experts;
    private readonly int[] _denseLayers;
    private readonly int[]? _moeLayers;

    public FeedForwardBuilder(ModelShape shape)
    {
        _shape = shape;
        _fields = shape.Fields;
        _traits = shape.Traits;
        _experts = _fields.IntOr(0, 0, Limits.Experts, "num_experts", "num_local_experts", "n_routed_experts");
        _denseLayers = _fields.Ints("mlp_only_layers", 0, Limits.Layers) ?? [];
        _moeLayers = _fields.IsArray("moe_layer_freq") ? _fields.Ints("moe_layer_freq", 0, 1) : null;
    }

    public FeedForward Build(int layer) => HasExperts(layer) ? Experts(layer) : Dense();

    public DenseFeedForward Dense() => new()
    {
        IntermediateSize = DenseWidth(),
        Gated = _traits.Gated,
        Bias = _fields.BoolOr(_traits.FeedForwardBias, "mlp_bias", "enable_bias", "use_bias"),
        Activation = Activation(),
    };

    public MoeFeedForward Experts(int layer)
    {
        int experts = _fields.Int(Limits.Experts, "num_experts", "num_local_experts", "n_routed_experts");
        int perToken = _fields.Int(Limits.Experts, "num_experts_per_tok", "experts_per_token", "top_k_experts", "moe_topk");
        if (perToken > experts)
        {
            throw new InferometerException($"{_fields.Source}: {perToken} experts per token of {experts}; there are not so many.");
        }

        int width = _fields.Int(Limits.Inner, "moe_intermediate_size", "intermediate_size", "ffn_dim");
        bool gemma4 = _shape.ModelType is "gemma4" or "gemma4_text";
        bool gptOss = _shape.ModelType is "gpt_oss";
        bool llama4 = _shape.ModelType is "llama4" or "llama4_text";
        int sharedCount = _fields.IntOr(llama4 ? 1 : 0, 0, Limits.Experts, "n_shared_experts", "num_shared_experts");
        return new MoeFeedForward
        {
            Experts = experts,
            ExpertsPerToken = perToken,
            ExpertIntermediateSize = width,
            SharedIntermediateSize = _fields.IntOr(SharedWidth(sharedCount, width), 0, Limits.Inner, "shared_expert_intermediate_size", "shared_intermediate_size", "moe_shared_expert_intermediate_size"),
            SharedGate = _traits.SharedGate && _fields.IntOr(1, 0, Limits.Inner, "shared_expert_intermediate_size") > 0,
            ParallelDenseIntermediateSize = gemma4 ? DenseWidth() : 0,
            Gated = _traits.Gated,
            ExpertBias = gptOss,
            RouterBias = _traits.RouterBias,
            HashRouting = layer < _fields.IntOr(0, 0, Limits.Layers, "num_hash_layers"),
            RouterGroups = _fields.IntOr(1, 1, Limits.Experts, "n_group"),
            RouterGroupsPerToken = _fields.IntOr(1, 1, Limits.Experts, "topk_group"),
            ScaleExpertInput = llama4,
            NormalizeTopK = _fields.BoolOr(_traits.NormalizeTopK, "norm_topk_prob"),
            SigmoidRouter = _traits.SigmoidRouter,
            RoutedScale = _fields.PositiveOr(1, "routed_scaling_factor"),
            Activation = Activation(),
        };
    }

    private int SharedWidth(int count, int expertWidth)
    {
        long width = (long)count * expertWidth;
        return width <= Limits.Inner
            ? (int)width
            : throw new InferometerException($"{_fields.Source}: {count} shared experts of width {expertWidth} are beyond any model's width.");
    }

    private bool HasExperts(int layer)
    {
        if (_experts == 0 || (_experts == 1 && !_shape.IsKnown) || !_fields.BoolOr(true, "enable_moe_block"))
        {
            return false;
        }

        if (_moeLayers is not null)
        {
            return layer < _moeLayers.Length && _moeLayers[layer] != 0;
        }

        int sparseStep = _fields.IntOr(1, 1, Limits.Layers, "decoder_sparse_step", "interleave_moe_layer_step");
        int frequency = _fields.IntOr(1, 1, Limits.Layers, "moe_layer_freq");
        return !_denseLayers.Contains(layer)
            && layer >= _fields.IntOr(0, 0, Limits.Layers, "first_k_dense_replace")
            && layer % frequency == 0
            && (layer + 1) % sparseStep == 0;
    }

    private int DenseWidth()
    {
        if (_shape.ModelType is "llama4" or "llama4_text")
        {
            return _fields.Int(Limits.Inner, "intermediate_size_mlp", "intermediate_size");
        }

        // These classes take four times the hidden size where the file says nothing.
        bool fourfold = _shape.ModelType is "gpt2" or "falcon";
        return fourfold && !_fields.HasAny("n_inner", "ffn_hidden_size", "intermediate_size")
            ? 4 * _shape.HiddenSize
            : _fields.Int(Limits.Inner, "intermediate_size", "n_inner", "ffn_dim", "ffn_hidden_size");
    }

    private ActivationKind Activation()
    {
        // Gemma files say "gelu" where the published model uses the tanh form.
        string name = _traits.Activation is "gelu_pytorch_tanh" or "swiglu_oss" && _shape.ModelType is not "starcoder2"
            ? _traits.Activation
            : _fields.Text("hidden_act", "activation_function", "hidden_activation", "mlp_hidden_act", "activation") ?? _traits.Activation;
        return name switch
        {
            "silu" or "swish" or "swiglu" => ActivationKind.Silu,
            "gelu" or "gelu_python" => ActivationKind.Gelu,
            "gelu_pytorch_tanh" or "gelu_new" or "gelu_fast" or "gelu_tanh" => ActivationKind.GeluTanh,
            "relu" => ActivationKind.Relu,
            "relu2" or "squared_relu" => ActivationKind.ReluSquared,
            "swiglu_oss" => ActivationKind.SwigluOss,
            _ => throw new InferometerException(
                $"{_fields.Source}: the activation '{name}' is not known. Allowed: silu, gelu, gelu_pytorch_tanh, gelu_new, relu, relu2."),
        };
    }
}
