namespace Inferometer.ModelFiles.Templates.Jinja.Values;

/// <summary>
/// A merge sort that keeps equal elements in their order. The sorts of .NET wrap what a comparison throws, and comparing values may well
/// throw: text and numbers have no order.
/// </summary>
internal static class StableSort
{
    public static T[] Sort<T>(IReadOnlyList<T> items, Func<T, T, int> compare)
    {
        T[] sorted = [.. items], spare = new T[sorted.Length];
        for (int width = 1; width < sorted.Length; width *= 2)
        {
            for (int start = 0; start < sorted.Length; start += 2 * width)
            {
                int middle = Math.Min(start + width, sorted.Length), end = Math.Min(start + (2 * width), sorted.Length);
                for (int left = start, right = middle, to = start; to < end; to++)
                {
                    bool takesLeft = left < middle && (right >= end || compare(sorted[left], sorted[right]) <= 0);
                    spare[to] = takesLeft ? sorted[left++] : sorted[right++];
                }
            }

            (sorted, spare) = (spare, sorted);
        }

        return sorted;
    }
}
