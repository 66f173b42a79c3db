using Inferometer.Core;

namespace Inferometer.Serving.Arrivals;

/// <summary>Lengths of prompts and of their answers as they were seen together, without times.</summary>
public sealed class LengthPairs
{
    private readonly (int Input, int Output)[] _pairs;

    /// <summary>Takes pairs.</summary>
    /// <param name="pairs">Prompt and generated tokens, each at least 1.</param>
    /// <param name="name">What error messages call them.</param>
    /// <exception cref="InferometerException">There is none, or one is out of range.</exception>
    /// <param name="isEstimated">They were not counted but estimated from the lengths of texts.</param>
    public LengthPairs(IEnumerable<(int Input, int Output)> pairs, string name = "lengths", bool isEstimated = false)
    {
        ArgumentNullException.ThrowIfNull(pairs);
        ArgumentNullException.ThrowIfNull(name);
        _pairs = [.. pairs];
        (Name, IsEstimated) = (name, isEstimated);
        if (_pairs.Length == 0 || Array.Exists(_pairs, p => p.Input < 1 || p.Output < 1))
        {
            throw new InferometerException($"{name}: needed is at least one pair of lengths, each 1 token or more.");
        }
    }

    /// <summary>What error messages call them, such as the file they came from.</summary>
    public string Name { get; }

    /// <summary>They were not counted but estimated from the lengths of texts.</summary>
    public bool IsEstimated { get; }

    /// <summary>Pairs there are.</summary>
    public int Count => _pairs.Length;

    /// <summary>Mean prompt, tokens.</summary>
    public double MeanInput => _pairs.Average(p => (double)p.Input);

    /// <summary>Mean answer, tokens.</summary>
    public double MeanOutput => _pairs.Average(p => (double)p.Output);

    /// <summary>Longest prompt and answer together, tokens.</summary>
    public int Longest => _pairs.Max(p => p.Input + p.Output);

    internal (int Input, int Output) Draw(SeededRandom random) => _pairs[random.Below(_pairs.Length)];
}
