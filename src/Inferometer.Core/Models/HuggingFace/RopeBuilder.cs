namespace Inferometer.Core.Models.HuggingFace;

/// <summary>
/// Reads rotary parameters from <c>rope_theta</c> with <c>rope_scaling</c>, or from the newer <c>rope_parameters</c> (flat, or one object
/// per layer type).
/// </summary>
internal sealed class RopeBuilder(ModelShape shape)
{
    private readonly JsonFields _fields = shape.Fields;

    /// <param name="headDim">Width of the rotated heads.</param>
    /// <param name="layerType">Key in a per-layer-type <c>rope_parameters</c>, such as <c>sliding_attention</c>.</param>
    /// <param name="theta">Base where the file gives none.</param>
    /// <param name="partial">Rotated fraction where the file gives none.</param>
    /// <param name="scaled">False for layers that the scaling does not reach (local layers of Gemma 3).</param>
    /// <param name="partialOfFile">False where <paramref name="headDim"/> already is the rotated width.</param>
    public RopeParameters Build(int headDim, string layerType, double theta, double partial, bool scaled = true, bool partialOfFile = true)
    {
        JsonFields? parameters = _fields.Object("rope_parameters");
        JsonFields? ofKind = parameters?.Object(layerType);
        JsonFields? scaling = ofKind ?? (scaled ? parameters ?? _fields.Object("rope_scaling") : null);
        double fraction = partialOfFile ? (ofKind ?? parameters)?.PositiveOr(partial, "partial_rotary_factor") ?? partial : 1;
        int share = (int)(headDim * fraction);
        int rotary = _fields.IntOr(share + (share % 2), 1, Limits.HeadDim, "rotary_dim");
        if (rotary > headDim || rotary % 2 != 0)
        {
            throw new InferometerException(
                $"{_fields.Source}: {rotary} rotated channels of a head of {headDim}; they should be even and no more than the head.");
        }

        var rope = new RopeParameters
        {
            Theta = (ofKind ?? parameters)?.PositiveOr(theta, "rope_theta") ?? theta,
            RotaryDim = rotary == headDim ? 0 : rotary,
            Interleaved = _fields.BoolOr(shape.Traits.RopeInterleaved, "rope_interleave"),
        };
        return scaling is null ? rope : Scale(rope, scaling, rotary);
    }

    private RopeParameters Scale(RopeParameters rope, JsonFields scaling, int rotary)
    {
        string kind = scaling.Text("rope_type", "type") ?? "default";
        RopeScaling scheme = kind switch
        {
            "default" or "mrope" or "proportional" => RopeScaling.None,
            "linear" => RopeScaling.Linear,
            "dynamic" => RopeScaling.DynamicNtk,
            "llama3" => RopeScaling.Llama3,
            "yarn" or "deepseek_yarn" => RopeScaling.Yarn,
            "longrope" or "su" => RopeScaling.LongRope,
            _ => throw scaling.Wrong(
                scaling.Has("rope_type") ? "rope_type" : "type", "one of default, linear, dynamic, llama3, yarn, longrope"),
        };
        if (scheme == RopeScaling.None)
        {
            return rope;
        }

        // Hunyuan: a base grown once for all contexts, whatever else the object says.
        if (scheme == RopeScaling.DynamicNtk && scaling.PositiveOr(0, "alpha") is > 0 and var alpha)
        {
            return rope with { Theta = rope.Theta * Math.Pow(alpha, rotary / (rotary - 2.0)) };
        }

        int original = scaling.IntOr(
            _fields.IntOr(shape.MaxContextTokens, 1, int.MaxValue, "original_max_position_embeddings"),
            1,
            int.MaxValue,
            "original_max_position_embeddings");
        double factor = scheme == RopeScaling.LongRope
            ? scaling.PositiveOr((double)shape.MaxContextTokens / original, "factor")
            : scaling.PositiveOr(0, "factor");
        if (factor == 0)
        {
            throw scaling.Wrong("factor", "a number above 0");
        }

        return rope with
        {
            Scaling = scheme,
            Factor = factor,
            OriginalContextTokens = original,
            LowFrequencyFactor = scaling.PositiveOr(1, "low_freq_factor"),
            HighFrequencyFactor = scaling.PositiveOr(4, "high_freq_factor"),
            BetaFast = scaling.PositiveOr(32, "beta_fast"),
            BetaSlow = scaling.PositiveOr(1, "beta_slow"),
            TruncateRange = scaling.BoolOr(true, "truncate"),
            AttentionFactor = AttentionFactor(scaling, scheme, factor),
            ShortFactors = Factors(scaling, "short_factor", scheme, rotary),
            LongFactors = Factors(scaling, "long_factor", scheme, rotary),
        };
    }

    /// <summary>YaRN with both mscale values (DeepSeek): the cosines carry their ratio, the scores the square of mscale_all_dim.</summary>
    private static double AttentionFactor(JsonFields scaling, RopeScaling scheme, double factor)
    {
        double mscale = scaling.NumberOr(0, "mscale");
        double allDim = scaling.NumberOr(0, "mscale_all_dim");
        double own = scheme == RopeScaling.Yarn && mscale > 0 && allDim > 0 ? Mscale(factor, mscale) / Mscale(factor, allDim) : 0;
        return scaling.PositiveOr(own, "attention_factor");
    }

    /// <summary>DeepSeek's factor on the softmax scale under YaRN, squared; 1 without it.</summary>
    public double ScoreFactor()
    {
        JsonFields? scaling = _fields.Object("rope_parameters") ?? _fields.Object("rope_scaling");
        double allDim = scaling?.NumberOr(0, "mscale_all_dim") ?? 0;
        double factor = scaling?.PositiveOr(1, "factor") ?? 1;
        double mscale = allDim > 0 ? Mscale(factor, allDim) : 1;
        return mscale * mscale;
    }

    // YaRN, arXiv:2309.00071, section 3.4, with DeepSeek's coefficient.
    private static double Mscale(double factor, double mscale) => factor <= 1 ? 1 : (0.1 * mscale * Math.Log(factor)) + 1;

    private static EquatableList<double> Factors(JsonFields scaling, string name, RopeScaling scheme, int rotary)
    {
        if (scheme != RopeScaling.LongRope)
        {
            return EquatableList<double>.Empty;
        }

        double[]? values = scaling.Numbers(name);
        return values is not null && values.Length == rotary / 2 && values.All(v => v > 0)
            ? new EquatableList<double>(values)
            : throw scaling.Wrong(name, $"an array of {rotary / 2} numbers above 0");
    }
}
