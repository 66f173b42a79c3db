using Inferometer.Compression.Calibration;
using Inferometer.Compression.Configuration;
using Inferometer.Compression.Decomposition;
using Inferometer.Compression.Memory;
using Inferometer.Core;
using Inferometer.Cpu.Execution;

namespace Inferometer.Compression.Profiles;

/// <summary>
/// Makes profiles of fixed ranks: <c>low</c>, <c>med</c> and <c>high</c> keep as many f16 latents as the configuration says, whatever that
/// costs. Levels that keep a measured bound are the business of <see cref="CalibratedProfileBuilder"/>. Thread-safe. </summary>
public sealed class CompressionProfileBuilder : ICompressionProfileBuilder
{
    private readonly IModelLoader _model;
    private readonly CompressionConfig _config;
    private readonly ModelBases? _calibrated;
    private readonly IMemoryManager _memory;
    private readonly ICompressionAlgorithm _algorithm;

    /// <summary>A builder for a model.</summary>
    /// <param name="modelLoader">The weights.</param>
    /// <param name="config">Ranks per head and head groups; null for the defaults.</param>
    /// <param name="calibrated">Calibrated bases, which then decide the head groups; null decomposes the projection weights alone, the
    /// baseline.</param>
    /// <param name="memory">Admits each layer before it is built; null for the memory of this machine, cleaned up as the configuration
    /// says.</param>
    /// <param name="algorithm">Decomposes weights; null chooses by size.</param>
    /// <exception cref="InferometerException">The configuration is not valid, or the model's KV heads cannot be grouped as it
    /// says.</exception>
    public CompressionProfileBuilder(
        IModelLoader modelLoader, CompressionConfig? config = null, ModelBases? calibrated = null, IMemoryManager? memory = null,
        ICompressionAlgorithm? algorithm = null)
    {
        ArgumentNullException.ThrowIfNull(modelLoader);
        _config = config ?? new CompressionConfig();
        _config.Validate();
        HeadGroups.Require(modelLoader.Architecture, calibrated?.HeadGroupSize ?? _config.HeadGroupSize);
        (_model, _calibrated) = (modelLoader, calibrated);
        (_memory, _algorithm) = (memory ?? _config.CreateMemoryManager(), algorithm ?? new SvdCompressionAlgorithm());
    }

    /// <inheritdoc/>
    public int LayerCount => _model.Architecture.LayerCount;

    /// <inheritdoc/>
    /// <exception cref="InferometerException">There is no such layer, or its decomposition does not fit into memory.</exception>
    public LayerCompressionProfiles BuildCompressionProfiles(int layer, CancellationToken cancellationToken = default)
    {
        if ((uint)layer >= (uint)LayerCount)
        {
            throw new InferometerException($"layer {layer}: the model has {LayerCount}, counted from 0.");
        }

        using IDisposable computation = _memory.ManagedComputation(
            $"building the compression profiles of layer {layer}", _calibrated is null ? DecompositionBytes(layer) : 0);
        IReadOnlyList<GroupBases> groups = _calibrated?.Layers[layer]
            ?? ModelBases.LayerFromWeights(_model, layer, _config.HeadGroupSize, _algorithm, cancellationToken);
        return new LayerCompressionProfiles(
            layer, groups,
            [Level("low", _config.ValueRankLow), Level("med", _config.ValueRankMedium), Level("high", _config.ValueRankHigh)]);

        (string, IReadOnlyList<(Codecs.LatentFormat, Codecs.LatentFormat)>) Level(string name, int valueRank) =>
            (name, LatentAllocation.Fixed(groups, _calibrated?.HeadGroupSize ?? _config.HeadGroupSize, _config.KeyRank, valueRank, 16));
    }

    /// <summary>Profiles of all layers.</summary>
    /// <param name="progress">Told of the share of layers done, from the calling thread.</param>
    /// <param name="cancellationToken">Stops between head groups.</param>
    /// <exception cref="InferometerException">A layer does not fit into memory.</exception>
    public IReadOnlyList<LayerCompressionProfiles> BuildCompressionProfiles(
        IProgress<double>? progress = null, CancellationToken cancellationToken = default)
    {
        var layers = new LayerCompressionProfiles[LayerCount];
        for (int layer = 0; layer < layers.Length; layer++)
        {
            layers[layer] = BuildCompressionProfiles(layer, cancellationToken);
            progress?.Report((layer + 1.0) / layers.Length);
        }

        return layers;
    }

    // The decoded projections as floats, one group's rows in double precision and again as factors.
    private long DecompositionBytes(int layer)
    {
        var mixer = (Core.Models.AttentionMixer)_model.Architecture.Layers[layer].Mixer!;
        long queries = (long)mixer.Heads * (mixer.HeadDim + mixer.ValueHeadDim),
            keys = (long)mixer.KvHeads * (mixer.HeadDim + mixer.ValueHeadDim);
        long rows = (long)_config.HeadGroupSize * Math.Max(mixer.HeadDim, mixer.ValueHeadDim);
        return _model.Architecture.HiddenSize * ((queries + keys) * sizeof(float) + 4 * rows * sizeof(double));
    }
}
