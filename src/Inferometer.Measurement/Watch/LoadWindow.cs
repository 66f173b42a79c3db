namespace Inferometer.Measurement.Watch;

/// <summary>
/// Keeps the last pages of a service's metrics and works out what came between the first and the last of them. A service that was started
/// anew, or was away, begins the window anew: counts of before say nothing of what came after.
/// </summary>
/// <param name="length">Span between the first page and the last: the first is the one that comes nearest to it.</param>
/// <param name="outputTokens">
/// Mean tokens of an answer, of a program that does not count requests; null = nothing is said, and requests remain unknown there.
/// </param>
internal sealed class LoadWindow(TimeSpan length, double? outputTokens)
{
    private readonly LinkedList<Scrape> _pages = [];

    /// <summary>Whether there are two pages, between which something can have come.</summary>
    public bool IsOpen => _pages.Count > 1;

    /// <summary>The span between the first page and the last.</summary>
    public TimeSpan Span => IsOpen ? _pages.Last!.Value.At - _pages.First!.Value.At : TimeSpan.Zero;

    /// <summary>Adds a page.</summary>
    /// <returns>Whether the program was started anew since the page before.</returns>
    public bool Add(Scrape page)
    {
        bool isReset = _pages.Last is { } last && page.IsResetSince(last.Value);
        if (isReset)
        {
            _pages.Clear();
        }

        _pages.AddLast(page);

        // Pages come a little early or late: the first is the one that is nearest to where the window is to begin.
        while (_pages.Count > 2
            && (page.At - _pages.First!.Next!.Value.At - length).Duration() <= (page.At - _pages.First!.Value.At - length).Duration())
        {
            _pages.RemoveFirst();
        }

        return isReset;
    }

    /// <summary>Forgets everything: the service was away.</summary>
    public void Clear() => _pages.Clear();

    /// <summary>What came in the window.</summary>
    /// <exception cref="InvalidOperationException">There are not two pages.</exception>
    public ObservedLoad Observe()
    {
        if (!IsOpen)
        {
            throw new InvalidOperationException("A window of one page holds nothing.");
        }

        Scrape first = _pages.First!.Value, last = _pages.Last!.Value;
        double seconds = (last.At - first.At).TotalSeconds;
        double? output = last.OutputTokens - first.OutputTokens, cached = last.CachedTokens - first.CachedTokens;
        double? prompt = last.PromptTokens - first.PromptTokens + (cached ?? 0);
        HistogramReading? inputs = last.InputLength?.Since(first.InputLength), outputs = last.OutputLength?.Since(first.OutputLength);
        double? ended = last.Requests - first.Requests ?? outputs?.Count ?? output / outputTokens;
        double? grew = last.Running + last.Waiting - first.Running - first.Waiting;
        double? queries = last.CacheQueries - first.CacheQueries;
        return new ObservedLoad
        {
            Program = last.Program,
            Seconds = seconds,
            Scrapes = _pages.Count,
            Requests = ended,
            RequestsPerSecond = ended is { } n ? Math.Max(0, n + (grew ?? 0)) / seconds : null,
            InputTokens = inputs?.Mean ?? (ended > 0 ? prompt / ended : null),
            OutputTokens = outputs?.Mean ?? (ended > 0 ? output / ended : null),
            PromptTokensPerSecond = (prompt ?? inputs?.Sum) / seconds,
            OutputTokensPerSecond = (output ?? outputs?.Sum) / seconds,
            CachedShare = queries > 0 ? (last.CacheHits - first.CacheHits) / queries : prompt > 0 ? cached / prompt : null,
            Running = _pages.Select(p => p.Running).Average(),
            Waiting = _pages.Select(p => p.Waiting).Average(),
            CacheUse = _pages.Select(p => p.CacheUse).Average(),
            Latencies = [.. Latencies(first, last, ended, output)],
            InputLengths = inputs,
            OutputLengths = outputs,
        };
    }

    private static IEnumerable<ObservedLatency> Latencies(Scrape first, Scrape last, double? ended, double? output)
    {
        (WatchedLatency, HistogramReading?, HistogramReading?)[] shown =
        [
            (WatchedLatency.TimeToFirstToken, first.TimeToFirstToken, last.TimeToFirstToken),
            (WatchedLatency.TimePerOutputToken, first.TimePerOutputToken, last.TimePerOutputToken),
            (WatchedLatency.InterTokenLatency, first.InterTokenLatency, last.InterTokenLatency),
            (WatchedLatency.EndToEnd, first.EndToEnd, last.EndToEnd),
            (WatchedLatency.Prefill, first.Prefill, last.Prefill),
            (WatchedLatency.Queue, first.Queue, last.Queue),
        ];
        foreach ((WatchedLatency latency, HistogramReading? before, HistogramReading? now) in shown)
        {
            if (now?.Since(before) is { Mean: { } mean } came)
            {
                yield return new ObservedLatency(latency, mean, came.Count);
            }
        }

        // Counters of slots' time in place of histograms; the first token's time is the prompt's.
        if (ended is not (> 0 and { } count))
        {
            yield break;
        }

        if (output - count is > 0 and { } gaps && last.OutputSeconds - first.OutputSeconds is > 0 and { } decoding)
        {
            yield return new ObservedLatency(WatchedLatency.TimePerOutputToken, decoding / gaps, count);
        }

        if (last.PromptSeconds - first.PromptSeconds is > 0 and { } reading)
        {
            yield return new ObservedLatency(WatchedLatency.Prefill, reading / count, count);
        }
    }
}
