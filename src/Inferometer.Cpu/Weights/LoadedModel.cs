using Inferometer.Core.Models;
using Inferometer.Cpu.Kernels.Elementwise;
using Inferometer.Cpu.Rotary;
using Inferometer.ModelFiles;

namespace Inferometer.Cpu.Weights;

/// <summary>
/// A model brought into memory: description, mapped files, weights, and rotary frequencies chosen for the context. What is in memory may be
/// shared: it is let go with the last that holds it.
/// </summary>
internal sealed class LoadedModel : IDisposable
{
    private readonly Holders _holders;
    private readonly RopeFrequencies[] _frequencies;
    private readonly Checkpoint _checkpoint;
    private readonly RepackedWeights _repacked;
    private readonly int[] _ropeOfLayer;
    private readonly RotaryEmbedding[] _embeddings;
    private readonly int[] _cacheLayers;
    private int _isDisposed;

    public LoadedModel(
        ModelArchitecture architecture, Checkpoint checkpoint, RepackedWeights repacked, ModelWeights weights, int contextTokens)
    {
        Architecture = architecture;
        ContextTokens = contextTokens;
        Weights = weights;
        _checkpoint = checkpoint;
        _repacked = repacked;
        WeightBytes = weights.Matrices().Sum(matrix => matrix.SizeBytes);
        _cacheLayers = [.. Enumerable.Range(0, architecture.LayerCount).Select(architecture.CacheLayerOf)];
        (RopeParameters Rope, int HeadDim)?[] ropes = [.. architecture.Layers.Select(layer =>
            layer.Mixer switch
            {
                AttentionMixer { Rope: { } rope } mixer => (rope, mixer.HeadDim),
                LatentAttentionMixer { Rope: { } rope } latent => (rope, latent.RopeHeadDim),
                _ => ((RopeParameters, int)?)null,
            })];
        (RopeParameters Rope, int HeadDim)[] distinct = [.. ropes.OfType<(RopeParameters, int)>().Distinct()];
        _ropeOfLayer = [.. ropes.Select(rope => rope is { } own ? Array.IndexOf(distinct, own) : -1)];
        _frequencies =
            [.. distinct.Select(rope => RopeFrequencies.Create(rope.Rope, rope.HeadDim, contextTokens, architecture.MaxContextTokens))];
        Rotary = new StepRotary(_frequencies);
        _embeddings = [.. _frequencies.Zip(distinct, (f, rope) => new RotaryEmbedding(f, rope.HeadDim, rope.Rope.Interleaved))];
        _holders = new Holders();
    }

    private LoadedModel(LoadedModel shared)
    {
        (Architecture, ContextTokens, Weights, WeightBytes) =
            (shared.Architecture, shared.ContextTokens, shared.Weights, shared.WeightBytes);
        (_checkpoint, _repacked, _cacheLayers) = (shared._checkpoint, shared._repacked, shared._cacheLayers);
        (_ropeOfLayer, _embeddings, _frequencies) = (shared._ropeOfLayer, shared._embeddings, shared._frequencies);
        Rotary = new StepRotary(_frequencies); // of the step that runs, which is another one
        _holders = shared._holders;
    }

    public ModelArchitecture Architecture { get; }

    /// <summary>Longest sequence that may be run.</summary>
    public int ContextTokens { get; }

    public ModelWeights Weights { get; }

    /// <summary>Bytes of all matrices, each once.</summary>
    public long WeightBytes { get; }

    /// <summary>What came of the file of repacked weights beside the model.</summary>
    public RepackedFileReport RepackedFile => _repacked.Report;

    /// <summary>Rotary tables of the step that runs.</summary>
    public StepRotary Rotary { get; }

    /// <summary>The layer whose keys and values a layer reads.</summary>
    public int CacheLayerOf(int layer) => _cacheLayers[layer];

    /// <summary>Rotates consecutive heads of a row of the step by the tables of a layer that has positions.</summary>
    public void Rotate(Span<float> heads, int width, int layer, int row, bool interleaved)
    {
        int rope = _ropeOfLayer[layer];
        ReadOnlySpan<float> cosines = Rotary.Cosines(rope, row), sines = Rotary.Sines(rope, row);
        if (interleaved)
        {
            Rope.RotatePairs(heads, width, cosines, sines);
        }
        else
        {
            Rope.RotateHalves(heads, width, cosines, sines);
        }
    }

    /// <summary>Which of the distinct rotary embeddings a layer uses; -1 for none.</summary>
    public int RopeOf(int layer) => _ropeOfLayer[layer];

    /// <summary>The rotary embedding of a layer; one of no pairs where positions do not enter it.</summary>
    public RotaryEmbedding EmbeddingOf(int layer) => _ropeOfLayer[layer] < 0
        ? new RotaryEmbedding(RopeFrequencies.None, ((AttentionMixer)Architecture.Layers[layer].Mixer!).HeadDim, interleaved: false)
        : _embeddings[_ropeOfLayer[layer]];

    /// <summary>The same model for another that runs steps beside this one: weights are shared, a step's tables are not.</summary>
    public LoadedModel Share()
    {
        _holders.Add();
        return new LoadedModel(this);
    }

    /// <summary>Lets go of the weights; the last to do so frees them.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) == 0 && _holders.Remove())
        {
            Weights.Dispose();
            _repacked.Dispose();
            _checkpoint.Dispose();
        }
    }

    /// <summary>How many hold the weights. Thread-safe.</summary>
    private sealed class Holders
    {
        private int _count = 1;

        public void Add() => Interlocked.Increment(ref _count);

        /// <returns>True for the last.</returns>
        public bool Remove() => Interlocked.Decrement(ref _count) == 0;
    }
}
