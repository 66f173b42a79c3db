using Inferometer.Core;
using Inferometer.Core.Models;
using Inferometer.ModelFiles.Formats;

namespace Inferometer.ModelFiles.Conversion;

/// <summary>The <c>general.*</c> and architecture keys of a GGUF file, from a model's architecture.</summary>
/// <remarks>Keys as in github.com/ggml-org/ggml/blob/master/docs/gguf.md.</remarks>
internal sealed class ArchitectureMetadata
{
    private readonly ModelArchitecture _model;
    private readonly AttentionMixer _attention;

    /// <exception cref="InferometerException">GGUF has no architecture for the model, or this converter cannot describe it.</exception>
    public ArchitectureMetadata(ModelArchitecture model, string source)
    {
        _model = model;
        Architecture = model.ModelType switch
        {
            "llama" or "mistral" or "mixtral" => "llama",
            "qwen2" or "qwen3" or "gemma" or "gemma2" or "phi3" => model.ModelType,
            "qwen2_moe" => "qwen2moe",
            "qwen3_moe" => "qwen3moe",
            "gemma3_text" or "gemma3" => "gemma3",
            _ => throw new InferometerException(
                $"{source}: model_type '{model.ModelType}' cannot be converted. Supported: llama, mistral, mixtral, qwen2, qwen2_moe, "
                    + $"qwen3, qwen3_moe, gemma, gemma2, gemma3, phi3."),
        };
        _attention = model.Layers.Select(layer => layer.Mixer).OfType<AttentionMixer>().FirstOrDefault()
            ?? throw new InferometerException($"{source}: the model has no attention layer.");
    }

    /// <summary>The value of <c>general.architecture</c>.</summary>
    public string Architecture { get; }

    public void Write(GgufWriter writer)
    {
        writer.Set("general.architecture", Architecture);
        writer.Set("general.name", _model.Name);
        writer.Set(Key("context_length"), (uint)_model.MaxContextTokens);
        writer.Set(Key("embedding_length"), (uint)_model.HiddenSize);
        writer.Set(Key("block_count"), (uint)_model.LayerCount);
        WriteFeedForward(writer);
        writer.Set(Key("attention.head_count"), (uint)_attention.Heads);
        writer.Set(Key("attention.head_count_kv"), (uint)_attention.KvHeads);
        writer.Set(Key("attention.key_length"), (uint)_attention.HeadDim);
        writer.Set(Key("attention.value_length"), (uint)_attention.ValueHeadDim);
        writer.Set(Key("attention.layer_norm_rms_epsilon"), (float)_model.NormEpsilon);
        int window = _model.Layers.Select(layer => layer.Mixer).OfType<AttentionMixer>().Max(mixer => mixer.WindowTokens);
        if (window > 0)
        {
            writer.Set(Key("attention.sliding_window"), (uint)window);
        }

        SetPositive(writer, "attn_logit_softcapping", _attention.ScoreSoftcap);
        SetPositive(writer, "final_logit_softcapping", _model.FinalLogitSoftcap);
        WriteRope(writer);
        writer.Set(Key("vocab_size"), (uint)_model.VocabularySize);
    }

    /// <summary>The rotary parameters of global layers; local ones of Gemma 3 are fixed by the architecture.</summary>
    public static RopeParameters? GlobalRope(ModelArchitecture model) => model.Layers.Select(layer => layer.Mixer).OfType<AttentionMixer>()
        .OrderBy(mixer => mixer.WindowTokens > 0).Select(mixer => mixer.Rope).FirstOrDefault();

    private void WriteFeedForward(GgufWriter writer)
    {
        DenseFeedForward? dense = _model.Layers.Select(layer => layer.FeedForward).OfType<DenseFeedForward>().FirstOrDefault();
        MoeFeedForward? experts = _model.Layers.Select(layer => layer.FeedForward).OfType<MoeFeedForward>().FirstOrDefault();
        writer.Set(Key("feed_forward_length"), (uint)(dense?.IntermediateSize ?? experts?.ExpertIntermediateSize ?? 0));
        if (experts is null)
        {
            return;
        }

        writer.Set(Key("expert_count"), (uint)experts.Experts);
        writer.Set(Key("expert_used_count"), (uint)experts.ExpertsPerToken);
        writer.Set(Key("expert_feed_forward_length"), (uint)experts.ExpertIntermediateSize);
        writer.Set(Key("expert_weights_norm"), experts.NormalizeTopK);
        if (experts.SharedIntermediateSize > 0)
        {
            writer.Set(Key("expert_shared_feed_forward_length"), (uint)experts.SharedIntermediateSize);
        }
    }

    private void WriteRope(GgufWriter writer)
    {
        if (GlobalRope(_model) is not RopeParameters rope)
        {
            return;
        }

        writer.Set(Key("rope.dimension_count"), (uint)(rope.RotaryDim == 0 ? _attention.HeadDim : rope.RotaryDim));
        writer.Set(Key("rope.freq_base"), (float)rope.Theta);
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

            SetPositive(writer, "rope.scaling.attn_factor", rope.AttentionFactor);
        }
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
