using Inferometer.Core;

namespace Inferometer.ModelFiles.Fuzzing;

/// <summary>A reader of what strangers write, with sound inputs to start from.</summary>
public sealed class FuzzTarget
{
    private readonly Lazy<IReadOnlyList<byte[]>> _seeds;

    /// <summary>A reader whose sound inputs are made when they are asked for.</summary>
    /// <param name="name">Name of the format, as on the command line.</param>
    /// <param name="seeds">Makes the sound inputs.</param>
    /// <param name="read">Reads an input; may throw <see cref="InferometerException"/> and nothing else.</param>
    public FuzzTarget(string name, Func<IReadOnlyList<byte[]>> seeds, Action<byte[]> read)
    {
        (Name, Read) = (name, read);
        _seeds = new Lazy<IReadOnlyList<byte[]>>(seeds);
    }

    /// <summary>A reader with its sound inputs.</summary>
    /// <param name="name">Name of the format, as on the command line.</param>
    /// <param name="seeds">Sound inputs.</param>
    /// <param name="read">Reads an input; may throw <see cref="InferometerException"/> and nothing else.</param>
    public FuzzTarget(string name, IReadOnlyList<byte[]> seeds, Action<byte[]> read)
        : this(name, () => seeds, read)
    {
    }

    /// <summary>Name of the format, as on the command line.</summary>
    public string Name { get; }

    /// <summary>Sound inputs.</summary>
    public IReadOnlyList<byte[]> Seeds => _seeds.Value;

    /// <summary>
    /// Bytes that a reader may allocate for each byte of its input, beside four megabytes; more for readers that compile what they read.
    /// </summary>
    public int AllocationFactor { get; init; } = 64;

    /// <summary>Reads an input; may throw <see cref="InferometerException"/> and nothing else.</summary>
    public Action<byte[]> Read { get; }
}
