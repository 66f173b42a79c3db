using Inferometer.Core;
using Inferometer.Core.Gguf;
using Inferometer.Core.Models;
using Inferometer.ModelFiles.Formats;
using Inferometer.ModelFiles.Generation;

namespace Inferometer.ModelFiles.Conversion;

/// <summary>The <c>general.*</c> and architecture keys of a GGUF file, from a model's architecture.</summary>
/// <remarks>Keys as in github.com/ggml-org/ggml/blob/master/docs/gguf.md.</remarks>
internal sealed class ArchitectureMetadata
{
    private readonly ModelArchitecture _model;
    private readonly AttentionMixer? _attention;
    private readonly AttentionMixer? _local;
    private readonly LatentAttentionMixer? _latent;

    /// <exception cref="InferometerException">GGUF has no architecture for the model, or this converter cannot describe it.</exception>
    public ArchitectureMetadata(ModelArchitecture model, string source)
    {
        _model = model;
        Architecture = GgufFamilies.ArchitectureOf(model.ModelType)
            ?? throw new InferometerException(
                $"{source}: model_type '{model.ModelType}' cannot be converted. Supported: {string.Join(
                    ", ", GgufFamilies.Known.SelectMany(name => GgufFamilies.Find(name)!.ModelTypes))}.");
        Family = GgufFamilies.Find(Architecture)!;
        _attention = model.Layers.Select(layer => layer.Mixer).OfType<AttentionMixer>().OrderBy(mixer => mixer.WindowTokens > 0)
            .FirstOrDefault();
        _local = model.Layers.Select(layer => layer.Mixer).OfType<AttentionMixer>().FirstOrDefault(mixer => mixer.WindowTokens > 0);
        _latent = model.Layers.Select(layer => layer.Mixer).OfType<LatentAttentionMixer>().FirstOrDefault();
        if (_attention is null && _latent is null && model.Layers.Any(layer => layer.Mixer is not MambaMixer))
        {
            throw new InferometerException($"{source}: the model has no attention layer.");
        }
    }

    /// <summary>The value of <c>general.architecture</c>.</summary>
    public string Architecture { get; }

    /// <summary>What the architecture fixes.</summary>
    public GgufFamily Family { get; }

    public void Write(GgufWriter writer)
    {
        writer.Set("general.architecture", Architecture);
        writer.Set("general.name", _model.Name);
        writer.Set(Key("context_length"), (uint)_model.MaxContextTokens);
        writer.Set(Key("embedding_length"), (uint)_model.HiddenSize);
        writer.Set(Key("block_count"), (uint)_model.LayerCount);
        WriteFeedForward(writer);
        WriteHeads(writer);
        // llama.cpp asks for the name of the other norm in files of Phi-3.5-MoE.
        bool isRms = _model.Norm is NormKind.RmsNorm or NormKind.RmsNormPlusOne || Architecture is "phimoe";
        writer.Set(Key(isRms ? "attention.layer_norm_rms_epsilon" : "attention.layer_norm_epsilon"), (float)_model.NormEpsilon);
        if (_model.IsEncoder)
        {
            writer.Set(Key("attention.causal"), false);
        }

        WriteWindows(writer);
        StateMetadata.Write(writer, Architecture, _model);
        WriteInputsAndUpdates(writer);
        if (Architecture is "gptneox" or "stablelm")
        {
            writer.Set(Key("use_parallel_residual"), _model.ParallelBlocks);
        }

        SetPositive(writer, "attn_logit_softcapping", _attention?.ScoreSoftcap ?? 0);
        SetPositive(writer, "final_logit_softcapping", _model.FinalLogitSoftcap);
        SetPositive(writer, "attention.clamp_kqv", _attention?.QkvClip ?? 0);
        WriteFactors(writer);
        WriteRope(writer);
        writer.Set(Key("vocab_size"), (uint)_model.VocabularySize);
    }

    /// <summary>How states become a vector, or a score, as llama.cpp numbers it.</summary>
    /// <exception cref="InferometerException">A classification head reads other states than such files mean.</exception>
    public void WritePooling(GgufWriter writer, EmbeddingDefaults defaults, bool hasClassifier)
    {
        bool readsMean = defaults.ClassifierPooling == EmbeddingPooling.Mean;
        if (hasClassifier && Architecture is "modern-bert" && !readsMean)
        {
            throw new InferometerException(
                $"{_model.Source}: the classification head reads a text's first state (classifier_pooling is not mean), that of such a "
                    + "GGUF file the mean; the model cannot be written as one.");
        }

        uint? kind = hasClassifier ? 4u : defaults.Refusal is not null ? null : defaults.Pooling switch
        {
            EmbeddingPooling.Mean => 1u,
            EmbeddingPooling.Cls => 2u,
            EmbeddingPooling.Last => 3u,
            _ => null,
        };
        if (kind is { } known)
        {
            writer.Set(Key("pooling_type"), known);
        }
    }

    /// <summary>
    /// The rotary parameters of global layers, or of local ones where those have none; local ones of Gemma 3 are fixed by the architecture.
    /// </summary>
    public static RopeParameters? GlobalRope(ModelArchitecture model) => model.Layers.Select(layer => layer.Mixer).OfType<AttentionMixer>()
        .Where(mixer => mixer.Rope is not null).OrderBy(mixer => mixer.WindowTokens > 0).Select(mixer => mixer.Rope).FirstOrDefault()
        ?? model.Layers.Select(layer => layer.Mixer).OfType<LatentAttentionMixer>().FirstOrDefault()?.Rope;

    // Of latent attention the plain lengths are those of the one head that queries meet, with what its keys and values are made of beside.
    private void WriteHeads(GgufWriter writer)
    {
        if (_latent is { } latent)
        {
            writer.Set(Key("attention.head_count"), (uint)latent.Heads);
            writer.Set(Key("attention.head_count_kv"), 1u);
            writer.Set(Key("attention.key_length"), (uint)(latent.KvRank + latent.RopeHeadDim));
            writer.Set(Key("attention.value_length"), (uint)latent.KvRank);
            writer.Set(Key("attention.key_length_mla"), (uint)(latent.NopeHeadDim + latent.RopeHeadDim));
            writer.Set(Key("attention.value_length_mla"), (uint)latent.ValueHeadDim);
            writer.Set(Key("attention.kv_lora_rank"), (uint)latent.KvRank);
            if (latent.QueryRank > 0)
            {
                writer.Set(Key("attention.q_lora_rank"), (uint)latent.QueryRank);
            }

            return;
        }

        if (_attention is not { } attention)
        {
            // llama.cpp asks for the key of models that are recurrences alone, too.
            writer.Set(Key("attention.head_count"), 0u);
            return;
        }

        writer.Set(Key("attention.head_count"), (uint)attention.Heads);
        SetForLayers(writer, "attention.head_count_kv", layer => layer.Mixer is AttentionMixer mixer ? mixer.KvHeads : 0);
        writer.Set(Key("attention.key_length"), (uint)attention.HeadDim);
        writer.Set(Key("attention.value_length"), (uint)attention.ValueHeadDim);
        if (Family.DenseBesideExperts && _local is { } local)
        {
            writer.Set(Key("attention.key_length_swa"), (uint)local.HeadDim);
            writer.Set(Key("attention.value_length_swa"), (uint)local.ValueHeadDim);
        }

        int sharing = _model.Layers.Count(layer => layer.Mixer is AttentionMixer { ReusesCache: true });
        if (sharing > 0 || Family.PlainScores)
        {
            writer.Set(Key("attention.shared_kv_layers"), (uint)sharing);
        }

        if (Family.ChunkTokens > 0)
        {
            WriteChunks(writer);
        }
        else if (Family.GrowsQueries)
        {
            WriteQueryGrowth(writer, attention);
        }
    }

    // Ministral 3: files have no key for the tokens of a step, which are those of the context before YaRN.
    private void WriteQueryGrowth(GgufWriter writer, AttentionMixer attention)
    {
        if (attention.TemperatureScale > 0 && GlobalRope(_model)?.OriginalContextTokens != attention.TemperatureTokens)
        {
            throw new InferometerException(
                $"{_model.Source}: queries grow every {attention.TemperatureTokens} tokens, which is not the context that YaRN starts "
                    + $"from; such a model cannot be written as '{Architecture}'.");
        }

        SetPositive(writer, "attention.temperature_scale", attention.TemperatureScale);
    }

    // Llama 4: llama.cpp takes every fourth layer to be without positions and whole; files tell the widths that are not Meta's.
    private void WriteChunks(GgufWriter writer)
    {
        AttentionMixer[] mixers = [.. _model.Layers.Select(layer => layer.Mixer).OfType<AttentionMixer>()];
        bool regular = mixers.Index().All(entry => (entry.Item.Rope is null) == ((entry.Index + 1) % Family.NoRopeEvery == 0)
            && (entry.Item.ChunkTokens > 0) == entry.Item.Rope is not null);
        if (!regular)
        {
            throw new InferometerException(
                $"{_model.Source}: layers without positions are not every fourth one; such a model cannot be written as '{Architecture}'.");
        }

        if (mixers.Max(mixer => mixer.ChunkTokens) is var chunk && chunk != Family.ChunkTokens)
        {
            writer.Set(Key("attention.chunk_length"), (uint)chunk);
        }

        if (mixers.FirstOrDefault(mixer => mixer.Rope is null) is { } whole)
        {
            writer.Set(Key("attention.temperature_scale"), (float)whole.TemperatureScale);
            writer.Set(Key("attention.temperature_length"), (uint)Math.Max(1, whole.TemperatureTokens));
        }

        int step = 1 + _model.Layers.TakeWhile(layer => layer.FeedForward is DenseFeedForward).Count();
        writer.Set(Key("interleave_moe_layer_step"), (uint)step);
    }

    private void WriteInputsAndUpdates(GgufWriter writer)
    {
        if (_model.LayerInputs is not null || Family.PlainScores)
        {
            writer.Set(Key("embedding_length_per_layer_input"), (uint)(_model.LayerInputs?.Width ?? 0));
        }

        if (_model.Updates is { } updates)
        {
            writer.Set(Key("altup.num_inputs"), (uint)updates.Streams);
            writer.Set(Key("altup.active_idx"), (uint)updates.Active);
            writer.Set(
                Key("activation_sparsity_scale"),
                (IReadOnlyList<float>)[.. _model.Layers.Select(layer =>
                    (float)((layer.FeedForward as DenseFeedForward)?.GateCutoff ?? double.NegativeInfinity))]);
        }
    }

    // A number where all layers that have it agree, otherwise one for each.
    private void SetForLayers(GgufWriter writer, string key, Func<LayerArchitecture, int> value)
    {
        int[] values = [.. _model.Layers.Select(value)];
        if (values.Distinct().Count() == 1)
        {
            writer.Set(Key(key), (uint)values[0]);
        }
        else
        {
            writer.Set(Key(key), (IReadOnlyList<int>)values);
        }
    }

    private void WriteWindows(GgufWriter writer)
    {
        int[] windows = [.. _model.Layers.Select(layer => layer.Mixer is AttentionMixer mixer ? mixer.WindowTokens : 0)];
        if (windows.Max() == 0)
        {
            return;
        }

        // Files give both sides of an encoder's window together.
        writer.Set(Key("attention.sliding_window"), (uint)(_model.IsEncoder ? 2 * (windows.Max() - 1) : windows.Max()));
        bool[] actual = [.. windows.Select(window => window > 0)];
        if (Family.GlobalFirst)
        {
            WritePeriod(writer, actual);
            return;
        }

        bool[] expected = [.. windows.Select((_, layer) => Family.GlobalEvery == 0 || (layer + 1) % Family.GlobalEvery != 0)];
        if (!expected.SequenceEqual(actual) || Family.PlainScores)
        {
            writer.Set(Key("attention.sliding_window_pattern"), actual);
        }
    }

    private void WritePeriod(GgufWriter writer, bool[] locals)
    {
        int period = Array.IndexOf(locals, false, 1) is > 0 and var next ? next : locals.Length;
        if (locals.Where((local, layer) => local != (layer % period != 0)).Any())
        {
            throw new InferometerException(
                $"{_model.Source}: layers that see all tokens do not come at equal distances from the first; such a model cannot be "
                    + $"written as '{Architecture}'.");
        }

        writer.Set(Key("attention.sliding_window_pattern"), (uint)period);
    }

    // Granite's factors; the scale of Gemma's scores follows from its widths, and readers work it out.
    private void WriteFactors(GgufWriter writer)
    {
        if (_model.LogitScale != 1)
        {
            writer.Set(Key("logit_scale"), (float)(Family.DividesLogits ? 1 / _model.LogitScale : _model.LogitScale));
        }

        if (_model.ResidualScale != 1)
        {
            writer.Set(Key("residual_scale"), (float)_model.ResidualScale);
        }

        if (_model.EmbeddingScale != 1 && !Family.ScaledEmbedding)
        {
            writer.Set(Key("embedding_scale"), (float)_model.EmbeddingScale);
        }

        if (!Family.ScaledEmbedding && _attention is not null)
        {
            SetPositive(writer, "attention.scale", _attention.ScoreScale);
        }
    }

    private void WriteFeedForward(GgufWriter writer)
    {
        DenseFeedForward? network = _model.Layers.Select(layer => layer.FeedForward).OfType<DenseFeedForward>().FirstOrDefault();
        MoeFeedForward? experts = _model.Layers.Select(layer => layer.FeedForward).OfType<MoeFeedForward>().FirstOrDefault();
        int usual = network?.IntermediateSize ?? experts?.ExpertIntermediateSize ?? 0;
        SetForLayers(
            writer, "feed_forward_length", layer => layer.FeedForward switch
            {
                DenseFeedForward dense => dense.IntermediateSize,
                MoeFeedForward { ParallelDenseIntermediateSize: > 0 and var beside } => beside,
                null => 0,
                _ => usual,
            });
        if (experts is null)
        {
            return;
        }

        writer.Set(Key("expert_count"), (uint)experts.Experts);
        writer.Set(Key("expert_used_count"), (uint)experts.ExpertsPerToken);
        writer.Set(Key("expert_feed_forward_length"), (uint)experts.ExpertIntermediateSize);
        writer.Set(Key("expert_weights_norm"), experts.NormalizeTopK);
        if (experts.SigmoidRouter)
        {
            writer.Set(Key("expert_gating_func"), 2u);
        }

        if (experts.RoutedScale != 1)
        {
            writer.Set(Key("expert_weights_scale"), (float)experts.RoutedScale);
        }

        if (experts.RouterGroups > 1)
        {
            writer.Set(Key("expert_group_count"), (uint)experts.RouterGroups);
            writer.Set(Key("expert_group_used_count"), (uint)experts.RouterGroupsPerToken);
        }

        int dense = _model.Layers.TakeWhile(layer => layer.FeedForward is DenseFeedForward).Count();
        if (dense > 0)
        {
            writer.Set(Key("leading_dense_block_count"), (uint)dense);
        }

        if (experts.SharedIntermediateSize > 0)
        {
            if (!experts.SharedGate)
            {
                writer.Set(Key("expert_shared_count"), (uint)Math.Max(1, experts.SharedIntermediateSize / experts.ExpertIntermediateSize));
            }

            writer.Set(Key("expert_shared_feed_forward_length"), (uint)experts.SharedIntermediateSize);
        }
    }

    private void WriteRope(GgufWriter writer)
    {
        if (GlobalRope(_model) is not RopeParameters rope)
        {
            return;
        }

        writer.Set(Key("rope.dimension_count"), (uint)(rope.RotaryDim == 0 ? _latent?.RopeHeadDim ?? _attention!.HeadDim : rope.RotaryDim));
        writer.Set(Key("rope.freq_base"), (float)rope.Theta);
        if (Family.LocalRopeTheta > 0 && _local?.Rope is { } localRope)
        {
            writer.Set(Key("rope.freq_base_swa"), (float)localRope.Theta);
        }

        if (Family.DenseBesideExperts && _local is { } local)
        {
            writer.Set(Key("rope.dimension_count_swa"), (uint)(local.Rope!.RotaryDim == 0 ? local.HeadDim : local.Rope.RotaryDim));
        }

        if (rope.Scaling is RopeScaling.DynamicNtk)
        {
            throw new InferometerException(
                $"{_model.Source}: dynamic NTK rotary scaling cannot be written to GGUF, which has no key for it.");
        }

        if (rope.Scaling is RopeScaling.Linear or RopeScaling.Yarn or RopeScaling.LongRope)
        {
            writer.Set(Key("rope.scaling.type"), rope.Scaling.ToString().ToLowerInvariant());
            SetPositive(writer, "rope.scaling.factor", rope.Factor);
            if (rope.OriginalContextTokens > 0)
            {
                writer.Set(Key("rope.scaling.original_context_length"), (uint)rope.OriginalContextTokens);
            }

            if (_latent is { ScoreScale: > 0 } latent)
            {
                double factor = Math.Sqrt(latent.ScoreScale * Math.Sqrt(latent.NopeHeadDim + latent.RopeHeadDim));
                writer.Set(Key("rope.scaling.yarn_log_multiplier"), (float)((factor - 1) / Math.Log(rope.Factor)));
                return;
            }

            if (Family.GrowsQueries && rope.Scaling == RopeScaling.Yarn)
            {
                WriteYarn(writer, rope);
                return;
            }

            SetPositive(writer, "rope.scaling.attn_factor", rope.AttentionFactor);
        }
    }

    // Ministral 3: what cosines carry is (1 + 0.1 ln factor) over (1 + 0.1 multiplier ln factor).
    private void WriteYarn(GgufWriter writer, RopeParameters rope)
    {
        double log = 0.1 * Math.Log(Math.Max(1, rope.Factor)), amplitude = rope.AttentionFactor > 0 ? rope.AttentionFactor : 1 + log;
        writer.Set(Key("rope.scaling.yarn_log_multiplier"), log > 0 ? (float)((((1 + log) / amplitude) - 1) / log) : 1f);
        writer.Set(Key("rope.scaling.yarn_beta_fast"), (float)rope.BetaFast);
        writer.Set(Key("rope.scaling.yarn_beta_slow"), (float)rope.BetaSlow);
    }

    private void SetPositive(GgufWriter writer, string key, double value)
    {
        if (value > 0)
        {
            writer.Set(Key(key), (float)value);
        }
    }

    private string Key(string name) => Architecture + "." + name;
}
