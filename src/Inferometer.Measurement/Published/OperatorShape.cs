using System.Globalization;

namespace Inferometer.Measurement.Published;

/// <summary>
/// The sizes of an operator by name. Names are the same over all tables: <c>tokens</c> (rows of a product, new tokens of all sequences
/// together or per sequence where <c>batch</c> stands beside it), <c>n</c>, <c>k</c>, <c>batch</c>, <c>context</c>, <c>heads</c>,
/// <c>kv_heads</c>, <c>head_dim</c>, <c>window</c>, <c>hidden</c>, <c>intermediate</c>, <c>experts</c>, <c>top_k</c>, <c>moe_tp</c>,
/// <c>moe_ep</c>, <c>tp</c>, <c>devices</c>, <c>bytes</c>; others are those of their table.
/// </summary>
public sealed class OperatorShape : IEquatable<OperatorShape>
{
    private readonly string[] _names;
    private readonly double[] _values;

    /// <summary>Takes names with their values, in order.</summary>
    /// <exception cref="ArgumentException">A name is there twice.</exception>
    public OperatorShape(params IEnumerable<(string Name, double Value)> sizes)
    {
        (string Name, double Value)[] all = [.. sizes];
        (_names, _values) = ([.. all.Select(s => s.Name)], [.. all.Select(s => s.Value)]);
        if (_names.Distinct(StringComparer.Ordinal).Count() != _names.Length)
        {
            throw new ArgumentException($"a size is named twice: {string.Join(", ", _names)}", nameof(sizes));
        }
    }

    /// <summary>Names in order.</summary>
    public IReadOnlyList<string> Names => _names;

    /// <summary>A size; null where there is none of that name.</summary>
    public double? this[string name] => Array.IndexOf(_names, name) is >= 0 and int i ? _values[i] : null;

    /// <summary>A size as a whole number, or <paramref name="fallback"/> where there is none of that name.</summary>
    public int Whole(string name, int fallback = 0) => this[name] is { } value ? (int)value : fallback;

    /// <inheritdoc/>
    public bool Equals(OperatorShape? other) =>
        other is not null && _names.AsSpan().SequenceEqual(other._names) && _values.AsSpan().SequenceEqual(other._values);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as OperatorShape);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        HashCode hash = default;
        foreach (double value in _values)
        {
            hash.Add(value);
        }

        return hash.ToHashCode();
    }

    /// <summary>The sizes as <c>name=value</c>, separated by blanks.</summary>
    public override string ToString() =>
        string.Join(' ', _names.Zip(_values, (name, value) => string.Create(CultureInfo.InvariantCulture, $"{name}={value}")));
}
