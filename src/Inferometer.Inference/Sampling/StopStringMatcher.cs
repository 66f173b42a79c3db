using System.Text;

namespace Inferometer.Inference.Sampling;

/// <summary>Finds stop strings in text that comes in pieces: holds back what may be the beginning of one. Not thread-safe.</summary>
internal sealed class StopStringMatcher(IReadOnlyList<string> stops, bool includesStop = false)
{
    private readonly StringBuilder _held = new();

    /// <summary>True once a stop string was seen; nothing is released after it.</summary>
    public bool IsStopped { get; private set; }

    /// <summary>Adds text and returns what is certain not to belong to a stop string.</summary>
    public string Append(string text)
    {
        if (IsStopped || text.Length == 0)
        {
            return string.Empty;
        }

        if (stops.Count == 0)
        {
            return text;
        }

        if (_held.Length == 0 && FirstStop(text) < 0 && LongestPartialMatch(text) == 0)
        {
            return text;
        }

        string all = _held.Append(text).ToString();
        _held.Clear();
        int end = FirstStop(all);
        if (end >= 0)
        {
            IsStopped = true;
            return all[..(includesStop ? end + LengthAt(all, end) : end)];
        }

        int held = LongestPartialMatch(all);
        _held.Append(all, all.Length - held, held);
        return all[..^held];
    }

    /// <summary>Ends the text: what was held back is no stop string after all.</summary>
    public string Flush()
    {
        string text = IsStopped ? string.Empty : _held.ToString();
        _held.Clear();
        return text;
    }

    private int FirstStop(string text)
    {
        int first = -1;
        for (int i = 0; i < stops.Count; i++)
        {
            string stop = stops[i];
            int index = text.IndexOf(stop, StringComparison.Ordinal);
            if (index >= 0 && (first < 0 || index < first))
            {
                first = index;
            }
        }

        return first;
    }

    private int LengthAt(string text, int index) =>
        stops.First(stop => text.AsSpan(index).StartsWith(stop, StringComparison.Ordinal)).Length;

    private int LongestPartialMatch(string text)
    {
        int longest = 0;
        for (int i = 0; i < stops.Count; i++)
        {
            string stop = stops[i];
            for (int length = Math.Min(stop.Length - 1, text.Length); length > longest; length--)
            {
                if (text.AsSpan(text.Length - length).SequenceEqual(stop.AsSpan(0, length)))
                {
                    longest = length;
                }
            }
        }

        return longest;
    }
}
