using System.Diagnostics;
using System.Globalization;
using Inferometer.Inference.Engine;

namespace Inferometer.Reports.Generation;

/// <summary>What <c>--verbose</c> prints after an answer, in the words and units Ollama uses.</summary>
public static class RateReport
{
    /// <summary>The rates of one request.</summary>
    /// <param name="usage">What it took.</param>
    /// <param name="loadSeconds">Time to load the model.</param>
    /// <remarks>The first token comes out of the prompt's last step; the eval rate is that of the tokens after it.</remarks>
    public static IEnumerable<string> Lines(GenerationUsage usage, double loadSeconds)
    {
        ArgumentNullException.ThrowIfNull(usage);
        return Rates(usage, loadSeconds);
    }

    private static IEnumerable<string> Rates(GenerationUsage usage, double loadSeconds)
    {
        bool any = double.IsFinite(usage.TimeToFirstTokenSeconds);
        double prompt = any ? usage.TimeToFirstTokenSeconds - Math.Max(0, usage.QueueSeconds) : 0;
        double eval = any ? usage.TotalSeconds - usage.TimeToFirstTokenSeconds : 0;
        int computed = usage.PromptTokens - usage.CachedPromptTokens;
        int decoded = Math.Max(0, usage.OutputTokens - 1);
        string cached = usage.CachedPromptTokens > 0
            ? string.Create(CultureInfo.InvariantCulture, $" (and {usage.CachedPromptTokens} from the prefix cache)")
            : "";
        yield return Line("total duration", Duration(loadSeconds + usage.TotalSeconds));
        yield return Line("load duration", Duration(loadSeconds));
        yield return Line("prompt eval count", Count(computed) + cached);
        yield return Line("prompt eval duration", Duration(prompt));
        yield return Line("prompt eval rate", Rate(computed, prompt));
        yield return Line("eval count", Count(usage.OutputTokens));
        yield return Line("eval duration", Duration(eval));
        yield return Line("eval rate", Rate(decoded, eval)
            + (decoded > 0 && eval > 0 ? string.Create(CultureInfo.InvariantCulture, $" ({decoded} after the first)") : ""));
    }

    /// <summary>What the engine did, of that only what was in play.</summary>
    public static IEnumerable<string> Lines(PerformanceStatistics statistics)
    {
        ArgumentNullException.ThrowIfNull(statistics);
        return Counts(statistics);
    }

    private static IEnumerable<string> Counts(PerformanceStatistics statistics)
    {
        yield return Line("steps", string.Create(
            CultureInfo.InvariantCulture,
            $"{statistics.TotalBatchesProcessed} in {Duration(statistics.TotalSeconds)}, mean batch {statistics.MeanBatchSize:0.##}"));
        yield return Line("attention calls", string.Create(
            CultureInfo.InvariantCulture, $"{statistics.FlashAttentionCalls} flash, {statistics.StandardAttentionCalls} standard"));
        yield return Line("prefix cache", string.Create(
            CultureInfo.InvariantCulture,
            $"{statistics.CacheHits} hits, {statistics.CacheMisses} misses, {statistics.CacheEvictions} evictions"));
        yield return Line("KV blocks", string.Create(
            CultureInfo.InvariantCulture,
            $"{statistics.KvBlocksTotal} of 16 tokens, {100 * statistics.KvSlotUtilisation:0.#} % of taken slots filled"));
        if (statistics.DraftedTokens > 0)
        {
            yield return Line("drafted tokens", string.Create(
                CultureInfo.InvariantCulture, $"{statistics.DraftedTokens}, {100 * statistics.DraftAcceptanceRate:0.#} % accepted"));
        }
    }

    /// <summary>Memory of this process, of which the pages of mapped files that are in use are a part.</summary>
    public static string Memory()
    {
        using Process process = Process.GetCurrentProcess();
        return Line("memory", string.Create(
            CultureInfo.InvariantCulture,
            $"{process.WorkingSet64 / 1e9:0.000} GB resident, {process.PeakWorkingSet64 / 1e9:0.000} GB at most"));
    }

    private static string Line(string label, string value) => (label + ":").PadRight(22) + value;

    private static string Count(int tokens) => string.Create(CultureInfo.InvariantCulture, $"{tokens} token(s)");

    private static string Rate(int tokens, double seconds) => tokens > 0 && seconds > 0
        ? string.Create(CultureInfo.InvariantCulture, $"{tokens / seconds:0.00} tokens/s")
        : "-";

    private static string Duration(double seconds) => seconds < 1
        ? string.Create(CultureInfo.InvariantCulture, $"{1e3 * seconds:0.###}ms")
        : string.Create(CultureInfo.InvariantCulture, $"{seconds:0.######}s");
}
