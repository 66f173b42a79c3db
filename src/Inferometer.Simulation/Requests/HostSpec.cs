using Inferometer.Core;
using Inferometer.Core.Hardware;

namespace Inferometer.Simulation.Requests;

/// <summary>
/// A part of the network lies in the host's memory and is computed by the host's processor there, as llama.cpp does it: whole layers
/// (<c>-ngl</c>), or the routed experts of layers (<c>--n-cpu-moe</c>, <c>-ot exps=CPU</c>).
/// </summary>
public sealed record HostSpec
{
    /// <summary>The processor with its memory.</summary>
    public required Device Device { get; init; }

    /// <summary>
    /// Layers that the device keeps, counted from the last; the output layer counts as the one behind them, as in llama.cpp. The others,
    /// their cache, and the embedding table are the host's. Null = the device keeps all layers.
    /// </summary>
    public int? GpuLayers { get; init; }

    /// <summary>Layers, counted from the first, of which the routed experts are the host's.</summary>
    public int ExpertLayers { get; init; }

    /// <summary>
    /// Least tokens of a step from which the device computes the host's part too, the weights brought over the link: 32 in llama.cpp on
    /// CUDA. The host computes it all the same where that is faster.
    /// </summary>
    public int StreamFromTokens { get; init; } = 32;

    internal void Validate()
    {
        if (GpuLayers is < 0 || ExpertLayers < 0 || StreamFromTokens < 1)
        {
            throw new InferometerException(
                $"host: layers on the device {GpuLayers} and layers with experts on the host {ExpertLayers} must not be negative, and a "
                    + $"step from which weights are brought over ({StreamFromTokens} tokens) has at least one.");
        }
    }
}
