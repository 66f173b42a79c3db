using Inferometer.Core.Models;
using Inferometer.Gpu.Devices;
using Inferometer.Gpu.Kernels;

namespace Inferometer.Gpu.Execution;

/// <summary>Intermediate rows of a step in device memory; they grow to the largest step and stay.</summary>
internal sealed class GpuWorkspace : IDisposable
{
    private readonly List<IDisposable> _owned = [];
    private readonly int _hidden;
    private readonly int _inputs;
    private readonly int _inputHeads;
    private readonly int _attended;
    private readonly int _inner;
    private readonly int _experts;
    private readonly int _choices;

    public GpuWorkspace(GpuDevice device, ModelArchitecture architecture)
    {
        var mixers = architecture.Layers.Select(layer => (AttentionMixer)layer.Mixer!).ToList();
        _hidden = architecture.HiddenSize;
        _inputs = mixers.Max(mixer => (mixer.Heads + (2 * mixer.KvHeads)) * mixer.HeadDim);
        _inputHeads = mixers.Max(mixer => mixer.Heads + (2 * mixer.KvHeads));
        _attended = mixers.Max(mixer => mixer.Heads * mixer.HeadDim);
        List<MoeFeedForward> mixtures = [.. architecture.Layers.Select(layer => layer.FeedForward).OfType<MoeFeedForward>()];
        (_experts, _choices) = (mixtures.Select(m => m.Experts).DefaultIfEmpty(0).Max(),
            mixtures.Select(m => m.ExpertsPerToken).DefaultIfEmpty(0).Max());
        _inner = architecture.Layers.Max(layer => layer.FeedForward switch
        {
            DenseFeedForward dense => dense.IntermediateSize,
            MoeFeedForward moe => Math.Max(moe.ExpertsPerToken * moe.ExpertIntermediateSize, moe.SharedIntermediateSize),
            _ => 0,
        });
        DeviceBuffer<T> New<T>()
            where T : unmanaged
        {
            DeviceBuffer<T> buffer = new(device.Accelerator);
            _owned.Add(buffer);
            return buffer;
        }

        (Residual, Normed, BlockOutput, Inputs, Attended, Inner, Up, Router) =
            (New<float>(), New<float>(), New<float>(), New<float>(), New<float>(), New<float>(), New<float>(), New<float>());
        (Quants, Scales, MiddleQuants, MiddleScales) = (New<int>(), New<ActivationScale>(), New<int>(), New<ActivationScale>());
        (Shares, Chosen, Parts, SharedGates, Lora, Arrivals) =
            (New<float>(), New<int>(), New<float>(), New<float>(), New<float>(), New<int>());
    }

    /// <summary>Residual stream, [tokens][hidden].</summary>
    public DeviceBuffer<float> Residual { get; }

    /// <summary>Normed input of a block, [tokens][hidden].</summary>
    public DeviceBuffer<float> Normed { get; }

    /// <summary>Output of a block, [tokens][hidden].</summary>
    public DeviceBuffer<float> BlockOutput { get; }

    /// <summary>Queries, keys and values of each token.</summary>
    public DeviceBuffer<float> Inputs { get; }

    /// <summary>What attention gives.</summary>
    public DeviceBuffer<float> Attended { get; }

    /// <summary>Middle of the feed-forward network.</summary>
    public DeviceBuffer<float> Inner { get; }

    /// <summary>The other half of its middle, where that is computed by itself.</summary>
    public DeviceBuffer<float> Up { get; }

    /// <summary>Scores of experts.</summary>
    public DeviceBuffer<float> Router { get; }

    /// <summary><see cref="Normed"/> rounded, four numbers in a word.</summary>
    public DeviceBuffer<int> Quants { get; }

    /// <summary>Their scales.</summary>
    public DeviceBuffer<ActivationScale> Scales { get; }

    /// <summary>
    /// <see cref="Attended"/> or <see cref="Inner"/> rounded. Apart from the former: the launch that reads one of both writes the other.
    /// </summary>
    public DeviceBuffer<int> MiddleQuants { get; }

    /// <summary>Their scales.</summary>
    public DeviceBuffer<ActivationScale> MiddleScales { get; }

    /// <summary>Counters of <see cref="Kernels.Arrivals"/>, zero between launches.</summary>
    public DeviceBuffer<int> Arrivals { get; }

    /// <summary>Shares of chosen experts.</summary>
    public DeviceBuffer<float> Shares { get; }

    /// <summary>Chosen experts.</summary>
    public DeviceBuffer<int> Chosen { get; }

    /// <summary>Parts of attention.</summary>
    public DeviceBuffer<float> Parts { get; }

    /// <summary>Gates of shared experts, before their sigmoid.</summary>
    public DeviceBuffer<float> SharedGates { get; }

    /// <summary>Between the factors of an adapter, [tokens][rank].</summary>
    public DeviceBuffer<float> Lora { get; }

    /// <summary>Bytes held.</summary>
    public long Bytes => _owned.Sum(buffer => buffer switch
    {
        DeviceBuffer<float> floats => floats.Bytes,
        DeviceBuffer<int> numbers => numbers.Bytes,
        DeviceBuffer<ActivationScale> scales => scales.Bytes,
        _ => 0,
    });

    /// <summary>Makes room for a step.</summary>
    public void Reserve(int tokens)
    {
        long rows = tokens;
        Residual.Reserve(rows * _hidden);
        Normed.Reserve(rows * _hidden);
        BlockOutput.Reserve(rows * _hidden);
        Inputs.Reserve(rows * _inputs);
        Attended.Reserve(rows * _attended);
        Inner.Reserve(rows * _inner);
        Router.Reserve(rows * _experts);
        Shares.Reserve(rows * _choices);
        Chosen.Reserve(rows * _choices);
        SharedGates.Reserve(rows);
        long middle = Math.Max(_attended, _inner);
        Quants.Reserve(rows * _hidden / 4);
        Scales.Reserve(rows * _hidden / QuantBlock.Width);
        MiddleQuants.Reserve(rows * middle / 4);
        MiddleScales.Reserve(rows * middle / QuantBlock.Width);
        Arrivals.ReserveZeros(rows * Math.Max(_inputHeads, (_inner / QuantBlock.Width) + 1));
    }

    /// <inheritdoc/>
    public void Dispose() => _owned.ForEach(buffer => buffer.Dispose());
}
