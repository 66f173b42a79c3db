using Inferometer.Core;
using Inferometer.Core.Gguf;
using Inferometer.Core.Models;
using Inferometer.ModelFiles.TensorNames;

namespace Inferometer.Cpu.Weights;

/// <summary>
/// Completes rotary parameters from a GGUF file's tensors: <c>rope_freqs</c> holds divisors (how such files carry the Llama 3.1 rule),
/// <c>rope_factors_short</c> and <c>rope_factors_long</c> those of LongRoPE, whose scheme the metadata may leave unnamed.
/// </summary>
internal static class GgufRope
{
    public static ModelArchitecture Complete(ModelArchitecture architecture, GgufHeader? header, TensorLoader tensors)
    {
        float[]? divisors = header is null ? null : tensors.OptionalVector(WeightRole.RopeDivisors);
        float[]? longDivisors = header is null ? null : tensors.OptionalVector(WeightRole.RopeLongDivisors);
        float[]? shortDivisors = header is null ? null : tensors.OptionalVector(WeightRole.RopeShortDivisors);
        if (divisors is null && longDivisors is null)
        {
            return architecture;
        }

        RopeParameters Change(RopeParameters rope) => longDivisors is null
            ? rope with { ShortFactors = List(divisors) }
            : LongRope(rope, architecture, header!) with { LongFactors = List(longDivisors), ShortFactors = List(shortDivisors) };
        bool globalOnly = GgufFamilies.Find(architecture.ModelType)?.ScalesGlobalRopeOnly is true;
        return architecture with
        {
            Layers = new EquatableList<LayerArchitecture>(
                architecture.Layers.Select(layer => layer.Mixer is AttentionMixer { Rope: RopeParameters rope } mixer
                    && !(globalOnly && mixer.WindowTokens > 0)
                ? layer with { Mixer = mixer with { Rope = Change(rope) } }
                : layer)),
        };
    }

    private static RopeParameters LongRope(RopeParameters rope, ModelArchitecture architecture, GgufHeader header)
    {
        string prefix = header.Architecture + ".rope.scaling.";
        return rope with
        {
            Scaling = RopeScaling.LongRope,
            OriginalContextTokens = (int)header.GetInt64(prefix + "original_context_length", architecture.MaxContextTokens),
            AttentionFactor = header.GetDouble(prefix + "attn_factor", 0),
        };
    }

    private static EquatableList<double> List(float[]? values) => new((values ?? []).Select(value => (double)value));
}
