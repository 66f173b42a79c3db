namespace Inferometer.Runners;

/// <summary>
/// Low-rank changes to a model's linear layers (LoRA), loaded for one runner. Any number of sequences and steps may use it until it is
/// disposed.
/// </summary>
public interface IModelAdapter : IDisposable
{
    /// <summary>Name of the folder or file it came from.</summary>
    string Name { get; }

    /// <summary>Linear layers it changes.</summary>
    int ChangedLayers { get; }

    /// <summary>Highest rank among its pairs.</summary>
    int Rank { get; }

    /// <summary>Bytes its matrices take.</summary>
    long MemoryBytes { get; }
}
