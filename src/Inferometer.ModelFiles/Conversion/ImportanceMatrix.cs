using Inferometer.Core;

namespace Inferometer.ModelFiles.Conversion;

/// <summary>
/// How much errors in a model's weights count, by the inputs they are multiplied with: mean squares of the inputs over a text, as
/// llama.cpp's imatrix collects them. Immutable; thread-safe.
/// </summary>
public sealed class ImportanceMatrix
{
    private readonly Dictionary<string, ImportanceEntry> _entries;

    /// <summary>Takes entries by the name their weight has in GGUF files.</summary>
    /// <exception cref="InferometerException">An entry holds negative or infinite numbers, or another number of sums than its counts ask
    /// for.</exception>
    public ImportanceMatrix(string source, IReadOnlyDictionary<string, ImportanceEntry> entries)
    {
        ArgumentNullException.ThrowIfNull(entries);
        Source = source;
        _entries = new(entries, StringComparer.Ordinal);
        foreach ((string name, ImportanceEntry entry) in _entries)
        {
            bool isSound = entry.Counts.Length > 0 && entry.Sums.Length > 0 && entry.Sums.Length % entry.Counts.Length == 0
                && Array.TrueForAll(entry.Sums, IsSound) && Array.TrueForAll(entry.Counts, IsSound);
            if (!isSound)
            {
                throw new InferometerException(
                    $"{source}: the entry '{name}' has {entry.Sums.Length} sums for {entry.Counts.Length} matrices; allowed are finite "
                        + "sums of squares, equally many for each matrix.");
            }
        }
    }

    /// <summary>The file it comes from, for messages.</summary>
    public string Source { get; }

    /// <summary>Entries by the name of the weight.</summary>
    public IReadOnlyDictionary<string, ImportanceEntry> Entries => _entries;

    /// <summary>The texts it was collected over, as they were named.</summary>
    public EquatableList<string> Texts { get; init; } = EquatableList<string>.Empty;

    /// <summary>Windows of text it was collected over.</summary>
    public int Windows { get; init; }

    /// <summary>Tokens of a window.</summary>
    public int WindowTokens { get; init; }

    /// <summary>
    /// Mean squares of the inputs of every matrix of a tensor, one row per matrix; null where nothing is known of it. A matrix that no
    /// token reached has ones.
    /// </summary>
    /// <param name="tensor">Name in GGUF files.</param>
    /// <param name="matrices">Matrices that the tensor holds.</param>
    /// <param name="columns">Inputs of each.</param>
    /// <exception cref="InferometerException">The entry is of another shape.</exception>
    public float[][]? For(string tensor, long matrices, long columns)
    {
        if (!_entries.TryGetValue(tensor, out ImportanceEntry? entry))
        {
            return null;
        }

        if (entry.Columns != columns || (entry.Counts.Length != matrices && entry.Counts.Length != 1))
        {
            throw new InferometerException(
                $"{Source}: the entry '{tensor}' is for {entry.Counts.Length} x {entry.Columns} inputs, the model's tensor has {matrices} "
                    + $"x {columns}; the importance matrix is of another model.");
        }

        return [.. Enumerable.Range(0, (int)matrices).Select(matrix => Means(entry, entry.Counts.Length == 1 ? 0 : matrix))];
    }

    private static float[] Means(ImportanceEntry entry, int matrix)
    {
        float count = entry.Counts[matrix];
        ReadOnlySpan<float> sums = entry.Sums.AsSpan(matrix * entry.Columns, entry.Columns);
        float[] means = new float[entry.Columns];
        for (int i = 0; i < means.Length; i++)
        {
            means[i] = count > 0 ? sums[i] / count : 1;
        }

        return means;
    }

    private static bool IsSound(float value) => value >= 0 && float.IsFinite(value);
}
