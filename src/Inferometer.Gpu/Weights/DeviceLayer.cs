using Inferometer.Core.Models;
using Inferometer.Cpu.Weights;
using Inferometer.Gpu.Devices;

namespace Inferometer.Gpu.Weights;

/// <summary>A layer's weights on the device.</summary>
internal sealed class DeviceLayer : IDisposable
{
    private readonly List<IDisposable> _owned = [];

    /// <summary>Copies a layer to the device.</summary>
    public DeviceLayer(GpuDevice device, LayerArchitecture shape, LayerWeights weights, string name)
    {
        try
        {
            Mixer = (AttentionMixer)shape.Mixer!;
            AttentionNorm = Norm(device, weights.AttentionNorm);
            PostAttentionNorm = Norm(device, weights.PostAttentionNorm);
            FeedForwardNorm = Norm(device, weights.FeedForwardNorm);
            PostFeedForwardNorm = Norm(device, weights.PostFeedForwardNorm);
            AttentionWeights attention = weights.Attention!;
            QueryNorm = Own(new DeviceVector(device, attention.QueryNorm?.Weight));
            KeyNorm = Own(new DeviceVector(device, attention.KeyNorm?.Weight));
            Sinks = Own(new DeviceVector(device, attention.Sinks));
            if (weights.Scale != 1 || weights.Input is not null || weights.Updates is not null
                || attention.Key is null || attention.Value is null || weights.Experts is { Scales: not null } or { Beside: not null })
            {
                throw new Core.InferometerException($"{name} has parts that the GPU has no kernels for. Use --device cpu.");
            }

            Projection[] inputs = [attention.Query, attention.Key, attention.Value];
            List<DeviceProjection> uploaded = [];
            for (int first = 0, end; first < inputs.Length; first = end)
            {
                end = first + 1;
                while (end < inputs.Length && inputs[end].Matrix.Type == inputs[first].Matrix.Type)
                {
                    end++;
                }

                uploaded.Add(Own(DeviceProjection.Upload(device, inputs[first..end], name + " attention inputs")));
            }

            Inputs = uploaded;
            Output = Own(DeviceProjection.Upload(device, [attention.Output], name + " attention output"));
            if (weights.Dense is { } dense)
            {
                Dense = Network(device, dense, name);
                Activation = (int)((DenseFeedForward)shape.FeedForward!).Activation;
            }
            else
            {
                LoadExperts(device, (MoeFeedForward)shape.FeedForward!, weights.Experts!, name);
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The attention's shape.</summary>
    public AttentionMixer Mixer { get; }

    /// <summary>Norm before attention.</summary>
    public DeviceVector AttentionNorm { get; }

    /// <summary>Norm of what attention gives.</summary>
    public DeviceVector PostAttentionNorm { get; }

    /// <summary>Norm before the feed-forward part.</summary>
    public DeviceVector FeedForwardNorm { get; }

    /// <summary>Norm of what that gives.</summary>
    public DeviceVector PostFeedForwardNorm { get; }

    /// <summary>Norm of query heads.</summary>
    public DeviceVector QueryNorm { get; }

    /// <summary>Norm of key heads.</summary>
    public DeviceVector KeyNorm { get; }

    /// <summary>Sinks of the softmax.</summary>
    public DeviceVector Sinks { get; }

    /// <summary>Queries, keys and values: neighbours of one format together.</summary>
    public IReadOnlyList<DeviceProjection> Inputs { get; }

    /// <summary>Whether weights before attention want their input rounded.</summary>
    public bool RoundsInput => Inputs.Any(input => input.Matrix.Kernels.RoundsActivations);

    /// <summary>Whether weights before the middle of the feed-forward part want theirs rounded.</summary>
    public bool RoundsMiddle => Router?.Matrix.Kernels.RoundsActivations == true || SharedGate?.Matrix.Kernels.RoundsActivations == true
        || Experts?.RoundsInput == true || Dense?.RoundsInput == true;

    /// <summary>Projection of attended values.</summary>
    public DeviceProjection Output { get; }

    /// <summary>The network where there is one for all tokens, or the one that all tokens share beside their experts.</summary>
    public DeviceNetwork? Dense { get; private set; }

    /// <summary>Activation's number.</summary>
    public int Activation { get; private set; }

    /// <summary>Experts, one above the other, or null.</summary>
    public DeviceNetwork? Experts { get; private set; }

    /// <summary>The router.</summary>
    public DeviceProjection? Router { get; private set; }

    /// <summary>Correction of the choice.</summary>
    public DeviceVector? Correction { get; private set; }

    /// <summary>Gate of the shared expert.</summary>
    public DeviceProjection? SharedGate { get; private set; }

    /// <summary>How tokens are routed.</summary>
    public MoeFeedForward? Moe { get; private set; }

    /// <summary>Device memory of matrices.</summary>
    public long Bytes => _owned.Sum(part => part is DeviceProjection projection ? projection.Bytes : 0);

    /// <inheritdoc/>
    public void Dispose() => _owned.ForEach(part => part.Dispose());

    private DeviceVector Norm(GpuDevice device, NormWeights? norm) => Own(new DeviceVector(device, norm?.Weight));

    private DeviceNetwork Network(GpuDevice device, FeedForwardWeights weights, string name) => new(
        Own(DeviceProjection.Upload(device, [weights.Gate!], name + " gate")),
        Own(DeviceProjection.Upload(device, [weights.Up], name + " up")),
        Own(DeviceProjection.Upload(device, [weights.Down], name + " down")));

    private void LoadExperts(GpuDevice device, MoeFeedForward moe, ExpertWeights experts, string name)
    {
        Moe = moe;
        Activation = (int)moe.Activation;
        Router = Own(DeviceProjection.Upload(device, [experts.Router], name + " router"));
        Correction = Own(new DeviceVector(device, experts.Correction));
        Experts = new DeviceNetwork(
            Own(DeviceProjection.Upload(device, [.. experts.Experts.Select(expert => expert.Gate!)], name + " experts' gates")),
            Own(DeviceProjection.Upload(device, [.. experts.Experts.Select(expert => expert.Up)], name + " experts' up")),
            Own(DeviceProjection.Upload(device, [.. experts.Experts.Select(expert => expert.Down)], name + " experts' down")));
        if (!Experts.HasLikeHalves)
        {
            throw new Core.InferometerException(
                $"{name}: gates of experts are stored as {Experts.Gate.Matrix.Type}, their other halves as {Experts.Up.Matrix.Type}; the "
                    + "GPU's kernels take both in one format. Use --device cpu.");
        }

        Dense = experts.Shared is { } shared ? Network(device, shared, name + " shared") : null;
        SharedGate = experts.SharedGate is { } gate ? Own(DeviceProjection.Upload(device, [gate], name + " shared gate")) : null;
    }

    private T Own<T>(T part)
        where T : IDisposable
    {
        _owned.Add(part);
        return part;
    }
}
