using System.Globalization;
using Inferometer.Core.Models;
using Inferometer.Core.Models.HuggingFace;

namespace Inferometer.Core.Gguf;

/// <summary>Puts an architecture together from GGUF metadata and tensor shapes.</summary>
internal sealed partial class GgufArchitectureBuilder
{
    // Llama 4 with so many experts (Maverick) norms neither queries nor keys; files do not say so.
    private const int MaverickExperts = 128;

    private readonly GgufHeader _header;
    private readonly GgufFamily _family;
    private readonly string _arch;
    private readonly int _hidden;
    private readonly int _context;

    public GgufArchitectureBuilder(GgufHeader header)
    {
        _header = header;
        _arch = header.Architecture;
        _family = GgufFamilies.Find(_arch) ?? throw new InferometerException(
            $"{header.Source}: the GGUF architecture '{_arch}' is not known. Known: {string.Join(", ", GgufFamilies.Known)}.");
        _hidden = Int("embedding_length", Limits.Width);
        _context = Int("context_length", int.MaxValue);
    }

    public ModelArchitecture Build()
    {
        GgufTensorInfo table = Tensor("token_embd.weight");
        if (table.Shape.Count != 2 || table.Shape[0] != _hidden || table.Shape[1] > Limits.Vocabulary)
        {
            throw Wrong($"'token_embd.weight' is [{string.Join(", ", table.Shape)}]; it should be [{_hidden}, vocabulary]");
        }

        // The blocks that are counted end with the layers of multi-token prediction, which llama.cpp neither loads nor runs by itself.
        int blocks = Int("block_count", Limits.Layers);
        int heads = IntOr(0, "nextn_predict_layers", 0, blocks - 1);
        int count = blocks - heads;
        var distinct = new Dictionary<LayerArchitecture, LayerArchitecture>();
        var layers = new LayerArchitecture[count];
        for (int i = 0; i < count; i++)
        {
            LayerArchitecture layer = Layer(i);
            if (!distinct.TryGetValue(layer, out LayerArchitecture? same))
            {
                distinct.Add(layer, same = layer);
            }

            layers[i] = same;
        }

        bool parallel = _header.GetBool(Key("use_parallel_residual"), _family.ParallelBlocks && !Has(0, "ffn_norm.weight"));
        bool behind = !_family.IsEncoder && !Has(0, "attn_norm.weight") && Has(0, "post_ffw_norm.weight");
        string? name = _header.GetString("general.name", null);
        LayerInputs? inputs = LayerInputs(count);
        AlternatingUpdates? updates = Updates();
        return new ModelArchitecture
        {
            Name = string.IsNullOrWhiteSpace(name) ? Path.GetFileNameWithoutExtension(_header.Source) : name,
            ModelType = _arch,
            HiddenSize = _hidden,
            VocabularySize = (int)table.Shape[1],
            MaxContextTokens = _context,
            Layers = new EquatableList<LayerArchitecture>(layers),
            IsEncoder = _family.IsEncoder,
            HasHead = !_family.IsEncoder,
            NormAfterResidual = _family.NormAfterResidual,
            TokenTypes = TokenTypes(),
            EmbeddingNorm = _family.IsEncoder && _header.TryGetTensor("token_embd_norm.weight", out _),
            TiedEmbeddings = !_family.IsEncoder && !_header.TryGetTensor("output.weight", out _),
            LmHeadBias = _header.TryGetTensor("output.bias", out _),
            Norm = _family.Norm,
            NormEpsilon =
                _header.GetDouble(Key("attention.layer_norm_rms_epsilon"), _header.GetDouble(Key("attention.layer_norm_epsilon"), 1e-5)),
            Position = _family.Position,
            LearnedPositionRows = _header.TryGetTensor("position_embd.weight", out GgufTensorInfo? rows) ? checked((int)rows.Shape[^1]) : 0,
            EmbeddingScale = _header.GetDouble(Key("embedding_scale"), _family.ScaledEmbedding ? Math.Sqrt(_hidden) : 1),
            FinalLogitSoftcap = _header.GetDouble(Key("final_logit_softcapping"), 0),
            LogitScale = LogitScale(),
            ResidualScale = _header.GetDouble(Key("residual_scale"), 1),
            PostBlockNorms = Has(0, "post_ffw_norm.weight") && !behind,
            NormsBehindBlocks = behind,
            ParallelBlocks = parallel,
            PreBlockNorms = parallel && !Has(0, "attn_norm_2.weight") && !Has(0, "ffn_norm.weight") ? 1 : 2,
            LayerInputs = inputs,
            Updates = updates,
            Parts = [.. Parts(inputs, updates, count), .. _family.NormAfterResidual ? EncoderParts.Tables(TokenTypes(), _hidden) : []],
            PredictionHeads = heads > 0 ? new PredictionHeads { Count = heads, Layers = [Layer(count)] } : null,
            PublishedWeights = GgufWeights.Of(_header, count),
            Source = _header.Source,
        };
    }

    private int TokenTypes() => !_header.TryGetTensor("token_types.weight", out GgufTensorInfo? types) ? 0
        : types.Shape[0] == _hidden && types.ElementCount / _hidden <= Limits.Vocabulary ? (int)(types.ElementCount / _hidden)
        : throw Wrong($"'token_types.weight' is [{string.Join(", ", types.Shape)}]; it should be [{_hidden}, types]");

    private LayerArchitecture Layer(int index) =>
        new() { Mixer = Mixer(index), FeedForward = FeedForward(index), Parts = [.. PartsOfLayer(index)] };

    // A layer of Mamba-2 alone ends with its recurrence.
    private bool IsMixerAlone(int layer) =>
        _family.States == GgufStates.Mamba && Has(layer, "ssm_in.weight") && !Has(layer, "ffn_up.weight")
            && !Has(layer, "ffn_gate_inp.weight");

    private TokenMixer Mixer(int layer)
    {
        if (Recurrence(layer) is { } recurrence)
        {
            return recurrence;
        }

        int heads = Int("attention.head_count", Limits.Heads, layer);
        if (_header.Metadata.ContainsKey(Key("attention.kv_lora_rank")))
        {
            return Latent(layer, heads);
        }

        int kvHeads = IntOr(heads, "attention.head_count_kv", 1, Limits.Heads, layer);
        int window = IntOr(0, "attention.sliding_window", 0, int.MaxValue);
        bool sliding = window > 0 && IsSliding(layer);
        int headDim = IntOr(_hidden / heads, "attention.key_length", 1, Limits.HeadDim);
        int valueDim = IntOr(headDim, "attention.value_length", 1, Limits.HeadDim);
        if (sliding)
        {
            headDim = IntOr(headDim, "attention.key_length_swa", 1, Limits.HeadDim);
            valueDim = IntOr(valueDim, "attention.value_length_swa", 1, Limits.HeadDim);
        }

        if (heads % kvHeads != 0)
        {
            throw Wrong($"{heads} query heads cannot share {kvHeads} key/value heads");
        }

        bool fused = Has(layer, "attn_qkv.weight");
        long queries = (long)heads * (headDim + (_family.FusesOutputGate ? valueDim : 0));
        CheckWidth(
            layer, fused
                ? "attn_qkv.weight"
                : "attn_q.weight", queries + (fused ? (long)kvHeads * (headDim + valueDim) : 0));
        bool local = sliding && window < _context;
        bool hasRope = _family.Position == PositionKind.Rotary && !(_family.NoRopeEvery > 0 && (layer + 1) % _family.NoRopeEvery == 0)
            && !(_family.GlobalWithoutRope && window > 0 && !sliding)
            && !(_family.RopeIsOptional && !_header.GetBool(Key("rope.scaling.finetuned"), false));
        bool chunked = _family.ChunkTokens > 0 && hasRope;
        bool reuses = ReusesCache(layer);
        (double growth, int growthTokens, int growthOffset) = QueryGrowth(hasRope);
        return new AttentionMixer
        {
            Heads = heads,
            KvHeads = kvHeads,
            HeadDim = headDim,
            ValueHeadDim = valueDim,
            WindowTokens = !local ? 0 : _family.IsEncoder ? (window / 2) + 1 : window,
            ChunkTokens = chunked ? IntOr(_family.ChunkTokens, "attention.chunk_length", 1, int.MaxValue) : 0,
            QkvBias = Has(layer, "attn_q.bias") || Has(layer, "attn_qkv.bias"),
            OutputBias = Has(layer, "attn_output.bias"),
            OutputGate = _family.FusesOutputGate,
            ReusesCache = reuses,
            ValuesAreKeys = !reuses && !fused && !Has(layer, "attn_v.weight"),
            ValueNorm = _family.ValueNorm,
            TemperatureScale = growth,
            TemperatureTokens = growthTokens,
            TemperatureOffset = growthOffset,
            QkNorm = chunked && IntOr(0, "expert_count", 0, Limits.Experts) != MaverickExperts
                ? QkNormKind.NonParametric
                : QkNorm(layer, headDim),
            QkNormAfterRope = _family.QkNormAfterRope,
            QkvClip = _header.GetDouble(Key("attention.clamp_kqv"), 0),
            AttentionSink = Has(layer, "attn_sinks.weight"),
            ScoreSoftcap = _header.GetDouble(Key("attn_logit_softcapping"), 0),
            ScoreScale = _header.GetDouble(Key("attention.scale"), ScoreScale(heads, headDim)),
            Rope = hasRope ? Rope(headDim, local) : null,
        };
    }

    private (double Scale, int Tokens, int Offset) QueryGrowth(bool hasRope)
    {
        if (_family.ChunkTokens > 0 && !hasRope)
        {
            return (
                _header.GetDouble(Key("attention.temperature_scale"), 0.1),
                IntOr(8192, "attention.temperature_length", 1, int.MaxValue),
                1);
        }

        double scale = _family.GrowsQueries ? _header.GetDouble(Key("attention.temperature_scale"), 0) : 0;
        return scale > 0 ? (scale, IntOr(_context, "rope.scaling.original_context_length", 1, int.MaxValue), 0) : default;
    }

    // Files say it as a list, as a number, or leave it to the architecture.
    private bool IsSliding(int layer)
    {
        if (!_header.Metadata.TryGetValue(Key("attention.sliding_window_pattern"), out GgufValue? pattern))
        {
            return _family.GlobalEvery == 0 || (layer + (_family.GlobalFirst ? 0 : 1)) % _family.GlobalEvery != 0;
        }

        return pattern.Kind == GgufValueKind.Array
            ? pattern.AsBools() is { } layers && layer < layers.Length
                ? layers[layer]
                : throw Wrong($"the metadata '{Key("attention.sliding_window_pattern")}' should have a truth value for each layer")
            : (layer + (_family.GlobalFirst ? 0 : 1)) % IntOr(1, "attention.sliding_window_pattern", 1, Limits.Layers) != 0;
    }

    // A weight of head width is shared by the heads, one of all heads' width norms them together, a matrix has a row for each.
    private QkNormKind QkNorm(int layer, int headDim)
    {
        if (!_header.TryGetTensor(Block(layer, "attn_q_norm.weight"), out GgufTensorInfo? norm))
        {
            return QkNormKind.None;
        }

        return norm.Shape.Count == 2 ? QkNormKind.EachHead : norm.Shape[0] == headDim ? QkNormKind.PerHead : QkNormKind.FullWidth;
    }

    private double LogitScale()
    {
        double scale = _header.GetDouble(Key("logit_scale"), 1);
        return scale is not 0 and not 1 && _family.DividesLogits ? 1 / scale : scale == 0 ? 1 : scale;
    }

    /// <summary>
    /// The 27B sizes of Gemma scale by the hidden width per head (144 and 168) where their heads are 128 wide; the file does not say so.
    /// </summary>
    private double ScoreScale(int heads, int headDim) => _family.PlainScores ? 1
        : _family.ScaledEmbedding && headDim == 128 ? 1 / Math.Sqrt(_hidden / (double)heads) : 0;

    private LatentAttentionMixer Latent(int layer, int heads)
    {
        int rotary = Int("rope.dimension_count", Limits.HeadDim);
        int key = IntOr(Int("attention.key_length", Limits.HeadDim), "attention.key_length_mla", 1, Limits.HeadDim);
        int value = IntOr(Int("attention.value_length", Limits.HeadDim), "attention.value_length_mla", 1, Limits.HeadDim);
        if (key <= rotary)
        {
            throw Wrong($"keys of width {key} hold no {rotary} rotary channels and more");
        }

        RopeParameters rope = Rope(rotary, local: false);
        double scale = 0;
        if (rope.Scaling == RopeScaling.Yarn)
        {
            // The scores carry what YaRN would give to cosines and sines.
            double factor = 1 + (_header.GetDouble(Key("rope.scaling.yarn_log_multiplier"), 0) * Math.Log(rope.Factor));
            scale = factor * factor / Math.Sqrt(key);
            rope = rope with { AttentionFactor = 1 };
        }

        return new LatentAttentionMixer
        {
            Heads = heads,
            QueryRank = Has(layer, "attn_q_a.weight") ? Int("attention.q_lora_rank", Limits.Width) : 0,
            KvRank = Int("attention.kv_lora_rank", Limits.Width),
            NopeHeadDim = key - rotary,
            RopeHeadDim = rotary,
            ValueHeadDim = value,
            ScoreScale = scale,
            Rope = rope,
        };
    }

    private FeedForward? FeedForward(int layer)
    {
        if (IsMixerAlone(layer))
        {
            return null;
        }

        if (!Has(layer, "ffn_gate_inp.weight"))
        {
            int inner = Int("feed_forward_length", Limits.Inner, layer);
            bool fused = !Has(layer, "ffn_gate.weight") && Width(layer, "ffn_up.weight") == 2L * inner;
            CheckWidth(layer, "ffn_up.weight", fused ? 2L * inner : inner);
            return new DenseFeedForward
            {
                IntermediateSize = inner,
                Gated = fused || Has(layer, "ffn_gate.weight"),
                Bias = Has(layer, "ffn_up.bias"),
                Activation = _family.Activation,
                GateCutoff = GateCutoff(layer),
                Slopes = Slopes(layer),
            };
        }

        int experts = Int("expert_count", Limits.Experts);
        int perToken = Int("expert_used_count", Limits.Experts);
        if (perToken > experts)
        {
            throw Wrong($"{perToken} experts per token of {experts}");
        }

        bool sigmoid = IntOr(_family.SigmoidRouter ? 2 : 1, "expert_gating_func", 0, 100) == 2;
        return new MoeFeedForward
        {
            Experts = experts,
            ExpertsPerToken = perToken,
            ExpertIntermediateSize =
                IntOr(IntOr(1, "feed_forward_length", 1, Limits.Inner, layer), "expert_feed_forward_length", 1, Limits.Inner),
            SharedIntermediateSize = Has(layer, "ffn_up_shexp.weight") ? checked((int)Width(layer, "ffn_up_shexp.weight")) : 0,
            SharedGate = Has(layer, "ffn_gate_inp_shexp.weight"),
            ParallelDenseIntermediateSize = _family.DenseBesideExperts ? checked((int)Width(layer, "ffn_up.weight")) : 0,
            ScaleExpertInput = _family.ScalesExpertInput,
            ExpertBias = Has(layer, "ffn_up_exps.bias"),
            RouterBias = Has(layer, "ffn_gate_inp.bias") || Has(layer, "exp_probs_b.bias"),
            RouterGroups = IntOr(1, "expert_group_count", 1, Limits.Experts),
            RouterGroupsPerToken = IntOr(1, "expert_group_used_count", 1, Limits.Experts),
            RouterJitter = _family.RouterJitter,
            NormalizeTopK = _header.GetBool(Key("expert_weights_norm"), _family.NormalizeTopK),
            SigmoidRouter = sigmoid,
            RoutedScale = _header.GetDouble(Key("expert_weights_scale"), 0) is > 0 and var scale ? scale : 1,
            Activation = _family.Activation,
        };
    }

    private RopeParameters Rope(int headDim, bool local)
    {
        int rotary = IntOr(headDim, "rope.dimension_count", 1, Limits.HeadDim);
        rotary = local ? IntOr(rotary, "rope.dimension_count_swa", 1, Limits.HeadDim) : rotary;
        bool ownTheta = local && _family.LocalRopeTheta > 0;
        var rope = new RopeParameters
        {
            Theta = ownTheta
                ? _header.GetDouble(Key("rope.freq_base_swa"), _family.LocalRopeTheta)
                : _header.GetDouble(Key("rope.freq_base"), 10000),
            RotaryDim = rotary >= headDim ? 0 : rotary,
            Interleaved = _family.InterleavedRope,
        };
        string scaling = _header.GetString(Key("rope.scaling.type"), "none");
        RopeScaling scheme = scaling switch
        {
            "none" => RopeScaling.None,
            "linear" => RopeScaling.Linear,
            "yarn" => RopeScaling.Yarn,
            "longrope" => RopeScaling.LongRope,
            _ => throw Wrong($"'{Key("rope.scaling.type")}' is '{scaling}'; allowed are none, linear, yarn, longrope"),
        };
        return scheme == RopeScaling.None || ownTheta || (local && _family.ScalesGlobalRopeOnly)
            ? rope
            : rope with
            {
                Scaling = scheme,
                Factor = _header.GetDouble(Key("rope.scaling.factor"), 1),
                OriginalContextTokens = IntOr(_context, "rope.scaling.original_context_length", 1, int.MaxValue),
                BetaFast = _header.GetDouble(Key("rope.scaling.yarn_beta_fast"), rope.BetaFast),
                BetaSlow = _header.GetDouble(Key("rope.scaling.yarn_beta_slow"), rope.BetaSlow),
                TruncateRange = _family.TruncatesYarnRange,
                AttentionFactor = RopeAmplitude(scheme),
            };
    }

    // 0 where the scheme's own formula holds. Two of YaRN's, one over the other, are written as the multiplier of the lower one.
    private double RopeAmplitude(RopeScaling scheme)
    {
        if (scheme == RopeScaling.Yarn && _family.GrowsQueries)
        {
            double log = 0.1 * Math.Log(Math.Max(1, _header.GetDouble(Key("rope.scaling.factor"), 1)));
            return (1 + log) / (1 + (_header.GetDouble(Key("rope.scaling.yarn_log_multiplier"), 1) * log));
        }

        return scheme == RopeScaling.LongRope ? _header.GetDouble(Key("rope.scaling.attn_factor"), 0) : 0;
    }

    private string Key(string name) => $"{_arch}.{name}";

    private static string Block(int layer, string name) => string.Create(CultureInfo.InvariantCulture, $"blk.{layer}.{name}");

    private bool Has(int layer, string name) => _header.TryGetTensor(Block(layer, name), out _);

    private GgufTensorInfo Tensor(string name) => _header.TryGetTensor(name, out GgufTensorInfo? tensor)
        ? tensor
        : throw Wrong($"the tensor '{name}' is missing");

    private long Width(int layer, string name) => Tensor(Block(layer, name)).Shape is { Count: 2 } shape
        ? shape[1]
        : throw Wrong($"'{Block(layer, name)}' has not two dimensions");

    private void CheckWidth(int layer, string name, long expected)
    {
        long width = Width(layer, name);
        if (width != expected)
        {
            throw Wrong($"'{Block(layer, name)}' has {width} outputs where the metadata gives {expected}");
        }
    }

    private int Int(string name, int max, int layer = 0)
    {
        if (!_header.Metadata.ContainsKey(Key(name)))
        {
            throw Wrong($"the metadata '{Key(name)}' is missing; it should be an integer of at least 1");
        }

        return IntOr(0, name, 1, max, layer);
    }

    private int IntOr(int fallback, string name, int min, int max, int layer = 0)
    {
        if (!_header.Metadata.TryGetValue(Key(name), out GgufValue? value))
        {
            return fallback;
        }

        // Per-layer values are stored as an array.
        long? number = value.Kind == GgufValueKind.Array
            ? value.AsInt64s() is { } all && layer < all.Length ? all[layer] : null
            : value.AsInt64();
        return number >= min && number <= max
            ? (int)number.Value
            : throw Wrong($"the metadata '{Key(name)}' is {value}; it should be an integer from {min} to {max}");
    }

    private InferometerException Wrong(string problem) => new($"{_header.Source}: {problem}.");
}
