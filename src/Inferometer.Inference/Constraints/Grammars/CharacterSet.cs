using System.Runtime.InteropServices;

namespace Inferometer.Inference.Constraints.Grammars;

/// <summary>A stretch of code points or other symbols, both ends included.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct SymbolRange(int First, int Last);

/// <summary>A set of Unicode scalar values: sorted stretches that do not touch. Immutable.</summary>
internal sealed class CharacterSet
{
    private const int LastCodePoint = 0x10FFFF;

    private readonly SymbolRange[] _ranges;

    private CharacterSet(SymbolRange[] ranges) => _ranges = ranges;

    /// <summary>Every character.</summary>
    public static CharacterSet Any { get; } = Of(new SymbolRange(0, LastCodePoint));

    /// <summary>The stretches, in ascending order.</summary>
    public IReadOnlyList<SymbolRange> Ranges => _ranges;

    public bool IsEmpty => Ranges.Count == 0;

    /// <summary>The union of some stretches, without surrogates, which are no characters.</summary>
    public static CharacterSet Of(params IEnumerable<SymbolRange> ranges)
    {
        List<SymbolRange> merged = [];
        foreach (SymbolRange range in ranges.SelectMany(WithoutSurrogates).OrderBy(range => range.First))
        {
            if (merged.Count > 0 && range.First <= merged[^1].Last + 1)
            {
                merged[^1] = merged[^1] with { Last = Math.Max(merged[^1].Last, range.Last) };
            }
            else
            {
                merged.Add(range);
            }
        }

        return new CharacterSet([.. merged]);
    }

    /// <summary>The characters of a text.</summary>
    public static CharacterSet OfText(string text) => Of(text.EnumerateRunes().Select(rune => new SymbolRange(rune.Value, rune.Value)));

    /// <summary>One character.</summary>
    public static CharacterSet One(int codePoint) => Of(new SymbolRange(codePoint, codePoint));

    public CharacterSet Union(CharacterSet other) => Of(Ranges.Concat(other.Ranges));

    public CharacterSet Complement()
    {
        List<SymbolRange> gaps = [];
        int from = 0;
        foreach (SymbolRange range in Ranges)
        {
            if (range.First > from)
            {
                gaps.Add(new SymbolRange(from, range.First - 1));
            }

            from = range.Last + 1;
        }

        if (from <= LastCodePoint)
        {
            gaps.Add(new SymbolRange(from, LastCodePoint));
        }

        return Of(gaps);
    }

    public CharacterSet Intersect(CharacterSet other) => Complement().Union(other.Complement()).Complement();

    public CharacterSet Except(CharacterSet other) => Complement().Union(other).Complement();

    public bool Contains(int codePoint)
    {
        foreach (SymbolRange range in _ranges)
        {
            if (codePoint >= range.First && codePoint <= range.Last)
            {
                return true;
            }
        }

        return false;
    }

    private static IEnumerable<SymbolRange> WithoutSurrogates(SymbolRange range)
    {
        if (range.First < 0xD800 && range.First <= range.Last)
        {
            yield return range with { Last = Math.Min(range.Last, 0xD7FF) };
        }

        if (range.Last > 0xDFFF && range.First <= range.Last)
        {
            yield return range with { First = Math.Max(range.First, 0xE000) };
        }
    }
}
