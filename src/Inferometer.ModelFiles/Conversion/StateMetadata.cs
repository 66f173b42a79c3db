using Inferometer.Core.Models;
using Inferometer.ModelFiles.Formats;

namespace Inferometer.ModelFiles.Conversion;

/// <summary>The keys that describe layers with a state, as llama.cpp names them.</summary>
internal static class StateMetadata
{
    // The parts of Qwen3.5's heads that turn with time, height and width; over text all three are the position.
    private static readonly int[] s_sections = [11, 11, 10, 0];

    public static void Write(GgufWriter writer, string architecture, ModelArchitecture model)
    {
        void Set(string key, long value) => writer.Set($"{architecture}.{key}", (uint)value);
        if (architecture is "granitehybrid")
        {
            writer.Set("granitehybrid.rope.scaling.finetuned", model.Layers.Any(layer => layer.Mixer is AttentionMixer { Rope: not null }));
        }

        TokenMixer? state = model.Layers.Select(layer => layer.Mixer).FirstOrDefault(mixer => mixer is not (null or AttentionMixer));
        switch (state)
        {
            case GatedDeltaMixer delta:
                Set("ssm.conv_kernel", delta.ConvolutionTaps);
                Set("ssm.state_size", delta.KeyHeadDim);
                Set("ssm.group_count", delta.KeyHeads);
                Set("ssm.time_step_rank", delta.ValueHeads);
                Set("ssm.inner_size", (long)delta.ValueHeads * delta.ValueHeadDim);
                WriteOrder(writer, architecture, model);
                if (architecture.StartsWith("qwen35", StringComparison.Ordinal))
                {
                    writer.Set(architecture + ".rope.dimension_sections", (IReadOnlyList<int>)s_sections);
                }

                break;
            case MambaMixer mamba:
                Set("ssm.conv_kernel", mamba.ConvolutionTaps);
                Set("ssm.state_size", mamba.StateSize);
                Set("ssm.group_count", mamba.Groups);
                Set("ssm.time_step_rank", mamba.Heads);
                Set("ssm.inner_size", (long)mamba.Heads * mamba.HeadDim);
                break;
            case RecurrentMixer convolution:
                Set("shortconv.l_cache", convolution.ConvolutionTaps);
                break;
        }
    }

    // Every so many layers there is attention; where that is not so, a truth value for each tells.
    private static void WriteOrder(GgufWriter writer, string architecture, ModelArchitecture model)
    {
        bool[] states = [.. model.Layers.Select(layer => layer.Mixer is GatedDeltaMixer)];
        int interval = Array.IndexOf(states, false) + 1;
        writer.Set(architecture + ".full_attention_interval", (uint)Math.Max(1, interval));
        if (!states.Index().All(entry => entry.Item == ((entry.Index + 1) % Math.Max(1, interval) != 0)))
        {
            writer.Set(architecture + ".attention.recurrent_layers", (IReadOnlyList<bool>)states);
        }
    }
}
