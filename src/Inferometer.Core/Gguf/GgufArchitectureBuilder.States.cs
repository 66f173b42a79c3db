using Inferometer.Core.Models;
using Inferometer.Core.Models.HuggingFace;

namespace Inferometer.Core.Gguf;

/// <content>Layers that keep a state.</content>
internal sealed partial class GgufArchitectureBuilder
{
    /// <summary>A layer that keeps a state, told by its convolution; null for others.</summary>
    private TokenMixer? Recurrence(int layer)
    {
        if (_family.States == GgufStates.None || !Has(layer, Convolution()))
        {
            return null;
        }

        if (_family.States == GgufStates.ShortConvolution)
        {
            return RecurrentMixer.ShortConvolution(_hidden, Int("shortconv.l_cache", 1024), Has(layer, "shortconv.conv.bias"));
        }

        int heads = Int("ssm.time_step_rank", Limits.Heads), size = Int("ssm.state_size", Limits.HeadDim);
        int inner = Int("ssm.inner_size", Limits.Width), groups = Int("ssm.group_count", Limits.Heads);
        if (inner % heads != 0)
        {
            throw Wrong($"an inner width of {inner} is not shared evenly by {heads} heads");
        }

        return _family.States == GgufStates.Mamba
            ? new MambaMixer
            {
                Heads = heads,
                HeadDim = inner / heads,
                StateSize = size,
                Groups = groups,
                ConvolutionTaps = Int("ssm.conv_kernel", 1024),
                ConvolutionBias = Has(layer, "ssm_conv1d.bias"),
                ProjectionBias = Has(layer, "ssm_in.bias"),
                GatedNorm = Has(layer, "ssm_norm.weight"),
            }
            : new GatedDeltaMixer
            {
                KeyHeads = groups,
                ValueHeads = heads,
                KeyHeadDim = size,
                ValueHeadDim = inner / heads,
                ConvolutionTaps = Int("ssm.conv_kernel", 1024),
                ValueHeadsInTurn = _family.ValueHeadsInTurn,
                SplitProjections = !Has(layer, "ssm_ba.weight"),
            };
    }

    private string Convolution() =>
        _family.States == GgufStates.ShortConvolution ? "shortconv.conv.weight" : "ssm_conv1d.weight";
}
