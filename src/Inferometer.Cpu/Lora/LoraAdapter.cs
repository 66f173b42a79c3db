using Inferometer.Cpu.Execution;

namespace Inferometer.Cpu.Lora;

/// <summary>
/// Low-rank changes to a model's linear layers (LoRA, arXiv 2106.09685), applied per sequence while a step runs; the model's own weights stay as they are.
/// Loaded by <see cref="TransformerModel.LoadAdapter"/>. Immutable; any number of steps may use it until it is disposed.
/// </summary>
public sealed class LoraAdapter : IDisposable
{
    private readonly LoraPair?[] _pairs;

    internal LoraAdapter(string name, object owner, LoraPair?[] pairs)
    {
        Name = name;
        Owner = owner;
        _pairs = pairs;
    }

    /// <summary>Name of the folder or file it came from.</summary>
    public string Name { get; }

    /// <summary>Linear layers it changes.</summary>
    public int ChangedLayers => _pairs.Count(pair => pair is not null);

    /// <summary>Highest rank among its pairs.</summary>
    public int Rank => _pairs.Max(pair => pair?.Down.Rows ?? 0);

    /// <summary>Bytes its matrices take.</summary>
    public long MemoryBytes => _pairs.Sum(pair => pair is null ? 0 : pair.Down.SizeBytes + pair.Up.SizeBytes);

    /// <summary>The model it was loaded for.</summary>
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
