using Inferometer.Runners;

namespace Inferometer.Cpu.Lora;

/// <summary>
/// Low-rank changes to a model's linear layers (LoRA, arXiv 2106.09685), applied per sequence while a step runs; the model's own weights
/// stay as they are. Loaded for one model. Immutable; any number of steps may use it until it is disposed.
/// </summary>
public sealed class LoraAdapter : IModelAdapter
{
    private readonly LoraPair?[] _pairs;

    internal LoraAdapter(string name, object owner, LoraPair?[] pairs)
    {
        Name = name;
        Owner = owner;
        _pairs = pairs;
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public int ChangedLayers => _pairs.Count(pair => pair is not null);

    /// <inheritdoc/>
    public int Rank => _pairs.Max(pair => pair?.Down.Rows ?? 0);

    /// <inheritdoc/>
    public long MemoryBytes => _pairs.Sum(pair => pair is null ? 0 : pair.Down.SizeBytes + pair.Up.SizeBytes);

    /// <summary>The weights it was loaded for.</summary>
    internal object Owner { get; }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (LoraPair? pair in _pairs)
        {
            pair?.Dispose();
        }
    }

    internal LoraPair? PairAt(int site) => _pairs[site];
}
