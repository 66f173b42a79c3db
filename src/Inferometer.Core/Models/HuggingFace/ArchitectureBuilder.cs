using System.Text.Json;

namespace Inferometer.Core.Models.HuggingFace;

/// <summary>Puts an architecture together from configuration fields and family traits.</summary>
internal sealed class ArchitectureBuilder
{
    private static readonly string[] SizeNames =
    [
        "hidden_size", "n_embd", "d_model", "num_hidden_layers", "n_layer", "num_layers", "n_layers", "layers_block_type", "vocab_size",
        "padded_vocab_size",
    ];

    private static readonly string[] ContextNames =
        ["max_position_embeddings", "model_max_length", "n_positions", "n_ctx", "seq_length", "max_seq_len", "context_length"];

    private static readonly string[] EpsilonNames =
        ["rms_norm_eps", "layer_norm_epsilon", "layer_norm_eps", "norm_epsilon", "norm_eps", "layernorm_epsilon", "eps"];

    private readonly JsonFields _outer;
    private readonly JsonFields _fields;
    private readonly FamilyTraits _traits;
    private readonly string _modelType;
    private readonly string? _name;
    private readonly bool _toRun;

    /// <param name="outer">The file.</param>
    /// <param name="name">Name to give the model, or null.</param>
    /// <param name="toRun">Encoders are taken too, and the class that the file names decides whether there is a head.</param>
    public ArchitectureBuilder(JsonFields outer, string? name, bool toRun = false)
    {
        _outer = outer;
        JsonFields? inner = outer.Object("text_config") ?? outer.Object("language_config") ?? outer.Object("llm_config")
            ?? (outer.TextOrNull("model_type") is "blt" ? outer.Object("decoder_config") : null);
        JsonFields own = inner ?? outer;
        _modelType = own.Text("model_type") ?? outer.Text("model_type")
            ?? throw new InferometerException(
                $"{outer.Source}: the field 'model_type' is missing; it should be a string such as \"llama\".");
        _toRun = toRun;
        FamilyTraits? encoder = toRun ? EncoderFamilies.Find(_modelType) : null;
        if (encoder is null)
        {
            NotDecoders.Refuse(_modelType, outer.Source, toRun);
            NotDecoders.Refuse(outer.Text("model_type") ?? _modelType, outer.Source, toRun);
        }

        FamilyTraits? known = encoder ?? Families.Find(_modelType) ?? Families.Find(outer.Text("model_type") ?? _modelType);
        IsKnown = known is not null;
        // A file of its own that states no size at all is no model; a part of a larger one may be the class's default model.
        bool statesSizes = inner is not null || own.HasAny(SizeNames);
        _fields = known is not null && statesSizes ? own.Over(ClassDefaults(known, outer.Source)) : own;
        _traits = Adjust(known ?? Families.Unknown);
        _name = name;
        Contradictions.Refuse(_fields);
    }

    private bool IsKnown { get; }

    public ModelArchitecture Build()
    {
        int hidden = _fields.Int(Limits.Width, "hidden_size", "n_embd", "d_model");
        int context = _fields.IntOr(2048, 1, int.MaxValue, ContextNames);
        var shape = new ModelShape(_fields, _outer, _traits, _modelType, IsKnown, hidden, context, LayerCount());
        var factory = new LayerFactory(shape);
        bool learned = _traits.Position == PositionKind.Learned;
        bool postNorm = _traits.NormAfterResidual || !_fields.BoolOr(true, "do_layer_norm_before");
        EquatableList<LayerArchitecture> layers = Layers(factory);
        EquatableList<SidePart> parts = [.. _traits.ModelParts?.Invoke(factory) ?? [], .. Towers.Of(_outer, hidden)];
        PublishedFormats published = QuantizationReader.Read(_outer, _fields);
        var model = new ModelArchitecture
        {
            Name = _name ?? _outer.Text("hf_id", "_name_or_path", "name") ?? _modelType,
            ModelType = _modelType,
            IsKnownFamily = IsKnown,
            HiddenSize = hidden,
            PredictionHeads = Prediction(layers),
            VocabularySize = _fields.Int(Limits.Vocabulary, "vocab_size", "padded_vocab_size"),
            MaxContextTokens = context,
            Layers = layers,
            IsEncoder = _traits.IsEncoder || (_toRun && _fields.BoolOr(false, "use_bidirectional_attention")),
            HasHead = HasHead(),
            TiedEmbeddings = !_traits.UntiedWhateverTheFileSays
                && _fields.BoolOr(_outer.BoolOr(_traits.TiedEmbeddings, "tie_word_embeddings"), "tie_word_embeddings"),
            LmHeadBias = _fields.BoolOr(_traits.LmHeadBias, "lm_head_bias", "decoder_bias"),
            Norm = _traits.Norm,
            NormEpsilon = _fields.PositiveOr(_traits.NormEpsilon, EpsilonNames),
            Position = _traits.Position,
            LearnedPositionRows = learned ? context + _traits.LearnedPositionOffset : 0,
            EmbeddingProjectionSize = EmbeddingProjection(hidden),
            EmbeddingScale = _fields.PositiveOr(
                _traits.ScaledEmbedding ? Math.Sqrt(hidden) : 1, "embedding_multiplier", "scale_emb", "embedding_scale"),
            FinalLogitSoftcap = _fields.NumberOr(
                _fields.Mentions("final_logit_softcapping") ? 0 : _traits.FinalLogitSoftcap, "final_logit_softcapping"),
            LogitScale = LogitScale(hidden),
            ResidualScale = _fields.PositiveOr(1, "residual_multiplier"),
            PostBlockNorms = _fields.BoolOr(_traits.PostBlockNorms, "use_post_norm"),
            NormsBehindBlocks = _traits.NormsBehindBlocks,
            NormAfterResidual = postNorm,
            ParallelBlocks = _fields.BoolOr(_traits.ParallelBlocks, "parallel_attn", "use_parallel_residual"),
            PreBlockNorms = PreBlockNorms(),
            ResidualStreams = _modelType is "deepseek_v4" ? _fields.IntOr(4, 1, 64, "hc_mult") : 1,
            Parts = parts,
            Notes = [.. Notes(layers, parts), .. published.Notes],
            PublishedWeights = published.Weights,
            PublishedKvCache = published.KvCache,
            Source = _fields.Text("source") ?? _outer.Source,
        };
        return _traits.FinishModel?.Invoke(factory, model) ?? model;
    }

    private static JsonFields ClassDefaults(FamilyTraits traits, string source)
    {
        using JsonDocument document = JsonDocument.Parse(traits.Defaults);
        return new JsonFields(document.RootElement.Clone(), source);
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

    // Whoever prices a model generates with it; whoever runs it has the weights of the class that the file names.
    private bool HasHead() => !_traits.IsEncoder && !(_toRun && _outer.Texts("architectures") is [{ } published, ..]
        && (published.EndsWith("ForSequenceClassification", StringComparison.Ordinal)
            || (published.EndsWith("Model", StringComparison.Ordinal) && !published.EndsWith("LMHeadModel", StringComparison.Ordinal)
                && !_fields.BoolOr(_outer.BoolOr(_traits.TiedEmbeddings, "tie_word_embeddings"), "tie_word_embeddings"))));

    private int LayerCount()
    {
        string[] names = ["num_hidden_layers", "n_layer", "num_layers", "n_layers"];
        string[]? kinds = _fields.Texts("layers_block_type");
        return kinds is not null && !_fields.HasAny(names) ? kinds.Length : _fields.Int(Limits.Layers, names);
    }

    // Cohere multiplies, Granite divides, MiniCPM divides by the width relative to its base model's.
    private double LogitScale(int hidden)
    {
        double scale = _fields.PositiveOr(1, "logit_scale", "lm_head_multiplier") / _fields.PositiveOr(1, "logits_scaling");
        return _fields.Has("dim_model_base") ? scale * _fields.PositiveOr(hidden, "dim_model_base") / hidden : scale;
    }

    private int PreBlockNorms() => _modelType switch
    {
        "falcon" => _fields.BoolOr(false, "new_decoder_architecture") ? _fields.IntOr(2, 1, 2, "num_ln_in_parallel_attn") : 1,
        "phi" => 1,
        _ => _traits.PreBlockNorms,
    };

    private int EmbeddingProjection(int hidden)
    {
        int width = _fields.IntOr(hidden, 1, Limits.Width, "word_embed_proj_dim");
        return width == hidden ? 0 : width;
    }

    private EquatableList<LayerArchitecture> Layers(LayerFactory factory)
    {
        IEnumerable<LayerArchitecture> stacked = _traits.Stack?.Invoke(factory)
            ?? Enumerable.Range(0, factory.LayerCount).Select(factory.Standard);
        var distinct = new Dictionary<LayerArchitecture, LayerArchitecture>();
        var layers = new List<LayerArchitecture>();
        foreach (LayerArchitecture plain in stacked)
        {
            LayerArchitecture layer = _traits.FinishLayer?.Invoke(factory, layers.Count, plain) ?? plain;
            if (!distinct.TryGetValue(layer, out LayerArchitecture? same))
            {
                distinct.Add(layer, same = layer);
            }

            layers.Add(same);
        }

        return new EquatableList<LayerArchitecture>(layers);
    }

    // Built as the last layer is; where attention and feed-forward part are layers of their own, the last of each.
    private PredictionHeads? Prediction(EquatableList<LayerArchitecture> layers)
    {
        // Qwen3-Next's file does not mention the head that its checkpoint holds.
        int heads = _fields.IntOr(
            _modelType is "qwen3_next" ? 1 : 0, 0, Limits.Layers,
            "num_nextn_predict_layers", "num_mtp_layers", "mtp_num_hidden_layers", "num_mtp_modules");
        if (heads == 0 || !_fields.BoolOr(true, "use_mtp") || layers.Count == 0)
        {
            return null;
        }

        LayerArchitecture last = layers[^1];
        LayerArchitecture? attention = last.Mixer is not null && last.FeedForward is not null
            ? null
            : layers.LastOrDefault(layer => layer.Mixer is AttentionMixer or LatentAttentionMixer);
        LayerArchitecture? network = attention is null ? null : layers.LastOrDefault(layer => layer.FeedForward is not null);
        return new PredictionHeads
        {
            Count = heads,
            Layers = attention is not null && network is not null && !ReferenceEquals(attention, network) ? [attention, network] : [last],
        };
    }

    private EquatableList<string> Notes(EquatableList<LayerArchitecture> layers, EquatableList<SidePart> parts)
    {
        List<string> notes = [];
        if (!IsKnown)
        {
            notes.Add(
                $"Model type '{_modelType}' is not known: the parameter count is unverified and goes by the fields "
                + $"{string.Join(", ", _fields.ReadNames.Order(StringComparer.Ordinal))}.");
        }
        else if (_fields.DefaultedNames.Where(IsSize).Order(StringComparer.Ordinal).ToArray() is { Length: > 0 } filled)
        {
            notes.Add($"The file leaves out {string.Join(", ", filled)}; the defaults of the class for '{_modelType}' were taken.");
        }

        if (_modelType is "blt_local_decoder" or "blt")
        {
            notes.Add(
                "The encoder, the global transformer and the model that cuts patches are priced for every byte; some run once for a "
                    + "patch.");
        }

        if (parts.Where(part => part.Use == SidePartUse.Idle).ToArray() is { Length: > 0 } idle)
        {
            string named = string.Join("; ", idle.Select(part => $"{part.Name} ({part.Parameters} parameters)"));
            notes.Add($"Loaded and counted, but idle for text: {named}.");
        }

        notes.AddRange(Towers.LeftOut(_outer));
        return [.. notes];
    }

    private static bool IsSize(string name) =>
        SizeNames.Contains(name, StringComparer.Ordinal) || name.EndsWith("_size", StringComparison.Ordinal);
}
