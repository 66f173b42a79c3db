namespace Inferometer.Core.Models.HuggingFace;

/// <summary>Builds mixers with a fixed state per sequence; sizes and biases as in the families' published modelling code.</summary>
internal sealed class RecurrentBuilder(ModelShape shape)
{
    private readonly JsonFields _fields = shape.Fields;
    private readonly int _hidden = shape.HiddenSize;

    public TokenMixer Build(RecurrentKind kind) => kind switch
    {
        RecurrentKind.GatedDelta => GatedDelta(),
        RecurrentKind.Mamba2 => Mamba(),
        RecurrentKind.Mamba1 => SelectiveScan(),
        RecurrentKind.Lightning => Lightning(),
        RecurrentKind.ShortConvolution => ShortConvolution(),
        RecurrentKind.KimiDelta => KimiDelta(),
        RecurrentKind.LinearUnit => LinearUnit(),
        RecurrentKind.Rwkv4 => Rwkv(),
        _ => MatrixLstm(),
    };

    public MambaMixer Mamba()
    {
        int heads = _fields.Int(Limits.Heads, "mamba_num_heads", "mamba_n_heads", "n_mamba_heads", "num_heads");
        int inner = _fields.IntOr(Expanded(), 1, Limits.Width, "mamba_d_ssm");

        // Elsewhere the plain name is that of the attention heads.
        string own = shape.ModelType is "mamba2" ? "head_dim" : "mamba_head_dim";
        return new()
        {
            Heads = heads,
            HeadDim = _fields.IntOr(inner / heads, 1, Limits.Width, "mamba_head_dim", "mamba_d_head", "mamba_headdim", own),
            StateSize = _fields.Int(Limits.HeadDim, "ssm_state_size", "mamba_d_state", "state_size"),
            Groups = _fields.Int(Limits.Heads, "n_groups", "mamba_n_groups", "mamba_ngroups"),
            ConvolutionTaps = _fields.Int(1024, "conv_kernel", "mamba_d_conv"),
            ConvolutionBias = _fields.BoolOr(true, "use_conv_bias", "mamba_conv_bias"),
            ProjectionBias = _fields.BoolOr(false, "mamba_proj_bias", "use_bias", "add_bias_linear"),
            GatedNorm = _fields.BoolOr(shape.ModelType is not "falcon_h1", "mamba_rms_norm"),
        };
    }

    private GatedDeltaMixer GatedDelta() => new()
    {
        KeyHeads = _fields.Int(Limits.Heads, "linear_num_key_heads"),
        ValueHeads = _fields.Int(Limits.Heads, "linear_num_value_heads"),
        KeyHeadDim = _fields.Int(Limits.HeadDim, "linear_key_head_dim"),
        ValueHeadDim = _fields.Int(Limits.HeadDim, "linear_value_head_dim"),
        ConvolutionTaps = _fields.Int(1024, "linear_conv_kernel_dim"),
        SplitProjections = shape.ModelType is not "qwen3_next",
    };

    // arXiv:2312.00752: x and gate in; dt, B and C from x; dt through a low rank; A per channel and state, D per channel.
    private RecurrentMixer SelectiveScan()
    {
        bool alone = shape.ModelType is "mamba" or "falcon_mamba";
        int inner = _fields.IntOr(Expanded(), 1, Limits.Width, alone ? "intermediate_size" : "mamba_d_inner");
        int state = _fields.Int(Limits.HeadDim, "state_size", "mamba_d_state");
        int rank = _fields.IntOr((_hidden + 15) / 16, 1, Limits.Width, "time_step_rank", "mamba_dt_rank");
        bool bias = _fields.BoolOr(false, "use_bias", "mamba_proj_bias");
        return new()
        {
            Kind = "Mamba-1",
            Heads = inner,
            Projections =
            [
                new("in_projection", _hidden, 2 * inner, Bias: bias),
                new("parameter_projection", inner, rank + (2 * state), ProjectionSplit.Inputs),
                new("step_projection", rank, inner, Bias: true),
                new("out_projection", inner, _hidden, ProjectionSplit.Inputs, bias),
            ],
            // Jamba norms dt, B and C.
            ElementParameters = ((long)inner * (state + 1)) + (shape.ModelType is "jamba" ? rank + (2 * state) : 0),
            ConvolutionChannels = inner,
            ConvolutionTaps = _fields.Int(1024, "conv_kernel", "mamba_d_conv"),
            ConvolutionBias = _fields.BoolOr(true, "use_conv_bias", "mamba_conv_bias"),
            StateElements = (long)inner * state,
            FlopsPerStateElement = 7,
        };
    }

    // arXiv:2501.08313: queries, keys and values of all heads, an output gate, a norm, and k'v summed with decay.
    private RecurrentMixer Lightning()
    {
        int heads = _fields.Int(Limits.Heads, "num_attention_heads");
        int headDim = _fields.IntOr(_hidden / heads, 1, Limits.HeadDim, "head_dim");
        int inner = heads * headDim;
        return new()
        {
            Kind = "lightning attention",
            Heads = heads,
            Projections =
            [
                new("qkv_projection", _hidden, 3 * inner),
                new("gate_projection", _hidden, inner),
                new("out_projection", inner, _hidden, ProjectionSplit.Inputs),
            ],
            ElementParameters = inner,
            StateElements = (long)inner * headDim,
            FlopsPerStateElement = 5,
        };
    }

    private RecurrentMixer ShortConvolution() =>
        RecurrentMixer.ShortConvolution(_hidden, _fields.Int(1024, "conv_L_cache"), _fields.BoolOr(false, "conv_bias"));

    // arXiv:2510.26692: a delta rule whose decay is per channel of the keys; decay and output gate through a rank of one head's width.
    private RecurrentMixer KimiDelta()
    {
        JsonFields? nested = _fields.Object("linear_attn_config");
        int heads = nested?.Int(Limits.Heads, "num_heads") ?? _fields.Int(Limits.Heads, "linear_num_key_heads");
        int width = nested?.Int(Limits.HeadDim, "head_dim") ?? _fields.Int(Limits.HeadDim, "linear_key_head_dim");
        int inner = heads * width;
        return new()
        {
            Kind = "Kimi delta attention",
            Heads = heads,
            Projections =
            [
                new("qkv_projection", _hidden, 3 * inner),
                new("beta_projection", _hidden, heads),
                new("decay_down_projection", _hidden, width, ProjectionSplit.None),
                new("decay_up_projection", width, inner),
                new("gate_down_projection", _hidden, width, ProjectionSplit.None),
                new("gate_up_projection", width, inner),
                new("out_projection", inner, _hidden, ProjectionSplit.Inputs),
            ],
            ElementParameters = heads + inner + width,
            ConvolutionChannels = 3 * inner,
            ConvolutionTaps = nested?.Int(1024, "short_conv_kernel_size") ?? _fields.Int(1024, "linear_conv_kernel_dim"),
            StateElements = (long)inner * width,
            FlopsPerStateElement = 7,
        };
    }

    // arXiv:2402.19427: two branches, a convolution, and a diagonal recurrence whose two gates are block-diagonal, one block per head.
    private RecurrentMixer LinearUnit()
    {
        int width = _fields.IntOr(_hidden, 1, Limits.Width, "lru_width");
        int heads = _fields.Int(Limits.Heads, "num_attention_heads");
        return new()
        {
            Kind = "gated linear recurrent unit",
            Heads = heads,
            Projections =
            [
                new("in_projection", _hidden, 2 * width, Bias: true),
                new("gate_projection", width / heads, 2 * width, Bias: true),
                new("out_projection", width, _hidden, ProjectionSplit.Inputs, Bias: true),
            ],
            ElementParameters = width,
            ConvolutionChannels = width,
            ConvolutionTaps = _fields.Int(1024, "conv1d_width"),
            ConvolutionBias = true,
            StateElements = width,
            FlopsPerStateElement = 10,
        };
    }

    // arXiv:2305.13048: receptance, key and value, a decay and a bonus per channel, mixes with the token before; numerator, denominator
    // and maximum kept.
    private RecurrentMixer Rwkv()
    {
        int width = _fields.IntOr(_hidden, 1, Limits.Width, "attention_hidden_size");
        return new()
        {
            Kind = "RWKV-4",
            Heads = width,
            Projections = [new("in_projection", _hidden, 3 * width), new("out_projection", width, _hidden, ProjectionSplit.Inputs)],
            ElementParameters = (2L * width) + (3L * _hidden),
            StateElements = (3L * width) + (2L * _hidden),
            FlopsPerStateElement = 5,
        };
    }

    // arXiv:2503.13427: queries and keys of half the width, values and an output gate of all of it, two scalar gates per head, a norm per
    // head.
    private RecurrentMixer MatrixLstm()
    {
        int heads = _fields.Int(Limits.Heads, "num_heads", "num_attention_heads");
        int keys = Rounded("qk_dim_factor", 0.5);
        int values = Rounded("v_dim_factor", 1);
        bool bias = _fields.BoolOr(false, "use_bias");
        return new()
        {
            Kind = "matrix LSTM",
            Heads = heads,
            Projections =
            [
                new("qkv_projection", _hidden, (2 * keys) + values, Bias: bias),
                new("output_gate_projection", _hidden, values, Bias: bias),
                new("gate_projection", _hidden, 2 * heads, Bias: true),
                new("out_projection", values, _hidden, ProjectionSplit.Inputs, bias),
            ],
            ElementParameters = values + (bias ? values : 0),
            StateElements = ((long)keys * values / heads) + keys + heads,
            FlopsPerStateElement = 5,
        };
    }

    private int Expanded() => _fields.IntOr(2, 1, 64, "expand", "mamba_expand") * _hidden;

    private int Rounded(string factor, double fallback)
    {
        int step = _fields.IntOr(64, 1, Limits.Width, "mlstm_round_up_to_multiple_of");
        return (int)Math.Ceiling(_hidden * _fields.PositiveOr(fallback, factor) / step) * step;
    }
}
