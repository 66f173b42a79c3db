using Inferometer.Core.Models;
using Inferometer.Inference.Formats;
using Inferometer.Inference.Rotary;

namespace Inferometer.Inference.Weights;

/// <summary>A model brought into memory: description, mapped files, weights, and rotary frequencies chosen for the context.</summary>
internal sealed class LoadedModel : IDisposable
{
    private readonly ITensorSource _source;
    private readonly int[] _ropeOfLayer;

    public LoadedModel(ModelArchitecture architecture, ITensorSource source, ModelWeights weights, int contextTokens)
    {
        Architecture = architecture;
        ContextTokens = contextTokens;
        Weights = weights;
        _source = source;
        WeightBytes = weights.Matrices().Sum(matrix => matrix.SizeBytes);
        (RopeParameters Rope, int HeadDim)[] ropes =
            [.. architecture.Layers.Select(layer => (((AttentionMixer)layer.Mixer!).Rope!, ((AttentionMixer)layer.Mixer!).HeadDim))];
        (RopeParameters Rope, int HeadDim)[] distinct = [.. ropes.Distinct()];
        _ropeOfLayer = [.. ropes.Select(rope => Array.IndexOf(distinct, rope))];
        Rotary = new StepRotary(
            distinct.Select(rope => RopeFrequencies.Create(rope.Rope, rope.HeadDim, contextTokens, architecture.MaxContextTokens)));
    }

    public ModelArchitecture Architecture { get; }

    /// <summary>Longest sequence that may be run.</summary>
    public int ContextTokens { get; }

    public ModelWeights Weights { get; }

    /// <summary>Bytes of all matrices, each once.</summary>
    public long WeightBytes { get; }

    /// <summary>Rotary tables of the step that runs, numbered by <see cref="RopeOf"/>.</summary>
    public StepRotary Rotary { get; }

    /// <summary>Which of the distinct rotary embeddings a layer uses.</summary>
    public int RopeOf(int layer) => _ropeOfLayer[layer];

    public void Dispose()
    {
        Weights.Dispose();
        _source.Dispose();
    }
}
