using ILGPU.Runtime;
using Inferometer.Core;
using Inferometer.Core.Models;
using Inferometer.Cpu.Kernels.Matrices;
using Inferometer.Cpu.Lora;
using Inferometer.Cpu.Threading;
using Inferometer.Cpu.Weights;
using Inferometer.Gpu.Devices;
using Inferometer.Gpu.Weights;
using Inferometer.ModelFiles;

namespace Inferometer.Gpu.Execution;

/// <summary>A network's weights on a device.</summary>
internal sealed class GpuModel : IDisposable
{
    private readonly LoadedModel _loaded;
    private readonly bool _isTied;

    private GpuModel(GpuDevice device, LoadedModel loaded, IProgress<LoadProgress>? progress, CancellationToken cancellationToken)
    {
        _loaded = loaded;
        ModelWeights weights = loaded.Weights;
        List<DeviceLayer> layers = [];
        DeviceProjection? head = null, embedding = null;
        try
        {
            long total = loaded.WeightBytes, done = 0;
            string source = loaded.Architecture.Source ?? loaded.Architecture.Name;
            for (int layer = 0; layer < weights.Layers.Length; layer++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                progress?.Report(new LoadProgress(done, total, $"layer {layer + 1} of {weights.Layers.Length} to the GPU"));
                layers.Add(new DeviceLayer(
                    device, loaded.Architecture.Layers[layer], weights.Layers[layer], $"{source}: layer {layer}"));
                done += layers[^1].Bytes;
            }

            cancellationToken.ThrowIfCancellationRequested();
            head = DeviceProjection.Upload(device, [weights.Head!], source + ": head");
            _isTied = ReferenceEquals(weights.Head!.Matrix, weights.Embedding);
            embedding = _isTied
                ? head
                : DeviceProjection.Upload(device, [new Projection(weights.Embedding)], source + ": embedding");
            FinalNorm = new DeviceVector(device, weights.FinalNorm!.Weight);
        }
        catch (Exception error)
        {
            head?.Dispose();
            if (!_isTied)
            {
                embedding?.Dispose();
            }

            layers.ForEach(layer => layer.Dispose());
            if (error is AcceleratorException)
            {
                throw new InferometerException(
                    $"{loaded.Architecture.Source ?? loaded.Architecture.Name}: the model does not fit into the memory of {device.Name}: "
                        + error.Message, error);
            }

            throw;
        }

        (Layers, Head, Embedding) = (layers, head, embedding);
        Pairs = [.. Enumerable.Range(0, Layers.Count).Where(layer => loaded.RopeOf(layer) >= 0).GroupBy(loaded.RopeOf).OrderBy(g => g.Key)
            .Select(group => loaded.EmbeddingOf(group.First()).Pairs)];
    }

    /// <summary>What the model is.</summary>
    public ModelArchitecture Architecture => _loaded.Architecture;

    /// <summary>Longest sequence.</summary>
    public int ContextTokens => _loaded.ContextTokens;

    /// <summary>Layers from bottom to top.</summary>
    public IReadOnlyList<DeviceLayer> Layers { get; }

    /// <summary>The embedding table.</summary>
    public DeviceProjection Embedding { get; }

    /// <summary>The head; the embedding itself where they are tied.</summary>
    public DeviceProjection Head { get; }

    /// <summary>Norm after the last layer.</summary>
    public DeviceVector FinalNorm { get; }

    /// <summary>Rotated pairs of each distinct rotary embedding.</summary>
    public int[] Pairs { get; }

    /// <summary>Rotary tables, computed on the processor.</summary>
    public Cpu.Rotary.StepRotary Rotary => _loaded.Rotary;

    /// <summary>Device memory of matrices.</summary>
    public long Bytes => Layers.Sum(layer => layer.Bytes) + Head.Bytes + (_isTied ? 0 : Embedding.Bytes);

    /// <summary>Reads a checkpoint and copies its weights; the model owns it from here on, also when this throws.</summary>
    public static GpuModel Load(
        GpuDevice device, Checkpoint checkpoint, int contextTokens, bool checksWeights, IProgress<LoadProgress>? progress,
        CancellationToken cancellationToken)
    {
        // As stored: matrices are views of the mapped files until they are copied.
        LoadOptions options = new()
        {
            ContextTokens = contextTokens,
            CheckWeights = checksWeights,
            RepackedFile = RepackedFileUse.Ignore,
            Packing = new WeightPackingOptions { QuantizeActivations = false },
        };
        LoadedModel loaded;
        using (WorkerPool pool = new(Environment.ProcessorCount))
        {
            loaded = ModelLoader.Load(checkpoint, options, pool, progress, cancellationToken);
        }

        try
        {
            return new GpuModel(device, loaded, progress, cancellationToken);
        }
        catch
        {
            loaded.Dispose();
            throw;
        }
    }

    /// <summary>Reads a LoRA adapter made for this model and copies it to the device.</summary>
    /// <param name="device">The device of the model.</param>
    /// <param name="path">A PEFT folder or a GGUF adapter file.</param>
    /// <param name="scale">Factor on what the adapter adds, on top of its own alpha over rank.</param>
    /// <exception cref="InferometerException">The adapter is damaged or does not fit the model or the device's memory.</exception>
    public DeviceAdapter LoadAdapter(GpuDevice device, string path, double scale)
    {
        using LoraAdapter adapter = LoraLoader.Load(path, _loaded, scale);
        return new DeviceAdapter(device, adapter, Layers.Count);
    }

    /// <summary>Which of the distinct rotary embeddings a layer uses; -1 for none.</summary>
    public int RopeOf(int layer) => _loaded.RopeOf(layer);

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (DeviceLayer layer in Layers)
        {
            layer.Dispose();
        }

        Head.Dispose();
        if (!_isTied)
        {
            Embedding.Dispose();
        }

        FinalNorm.Dispose();
        _loaded.Dispose();
    }
}
