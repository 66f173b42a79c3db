using System.Collections;
using System.Runtime.CompilerServices;

namespace Inferometer.Core;

/// <summary>
/// An immutable list that is equal to another when their elements are, so that records holding one compare by value. Written <c>[a, b, ..
/// others]</c>.
/// </summary>
/// <typeparam name="T">Element type; compared with its default comparer.</typeparam>
[CollectionBuilder(typeof(EquatableList), nameof(EquatableList.Create))]
public sealed class EquatableList<T> : IReadOnlyList<T>, IEquatable<EquatableList<T>>
{
    private readonly T[] _items;

    /// <summary>Copies <paramref name="items"/> in order.</summary>
    public EquatableList(IEnumerable<T> items) => _items = [.. items];

    internal EquatableList(ReadOnlySpan<T> items) => _items = [.. items];

    /// <summary>The list without elements.</summary>
    public static EquatableList<T> Empty { get; } = new(ReadOnlySpan<T>.Empty);

    /// <inheritdoc/>
    public int Count => _items.Length;

    /// <inheritdoc/>
    public T this[int index] => _items[index];

    /// <summary>The elements as a span over the list's own storage.</summary>
    public ReadOnlySpan<T> AsSpan() => _items;

    /// <inheritdoc/>
    public IEnumerator<T> GetEnumerator() => ((IEnumerable<T>)_items).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => _items.GetEnumerator();

    /// <inheritdoc/>
    public bool Equals(EquatableList<T>? other) => other is not null && _items.AsSpan().SequenceEqual(other._items);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as EquatableList<T>);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        HashCode hash = default;
        foreach (T item in _items)
        {
            hash.Add(item);
        }

        return hash.ToHashCode();
    }
}

/// <summary>Makes lists from collection expressions.</summary>
public static class EquatableList
{
    /// <summary>Copies <paramref name="items"/> in order.</summary>
    public static EquatableList<T> Create<T>(ReadOnlySpan<T> items) => items.IsEmpty ? EquatableList<T>.Empty : new(items);
}
