using System.Globalization;
using Inferometer.Compression.Cache;
using Inferometer.Compression.Evaluation;
using Inferometer.Measurement.Evaluation;
using Inferometer.Reports.Documents;

namespace Inferometer.Reports.Compression;

/// <summary>Compressed caches of a model beside its exact one, as a page.</summary>
public static class CacheComparisonPage
{
    /// <summary>Builds the page.</summary>
    /// <param name="comparison">What was measured.</param>
    /// <param name="model">Name of the model.</param>
    /// <param name="text">The text that was predicted.</param>
    /// <param name="windows">Windows of it that were.</param>
    /// <param name="windowTokens">Tokens of a window.</param>
    public static Document Of(CacheComparison comparison, string model, string text, int windows, int windowTokens)
    {
        ArgumentNullException.ThrowIfNull(comparison);
        ComparedCache first = comparison.Caches[0];
        ExactWindow window = first.Cache.Window;
        long peak = comparison.PeakResidentBytes;
        return new Document(
            new Facts(null,
            [
                new("Model", "model", model),
                new("Text", "text", new Cell($"{text}, {windows} {(windows == 1 ? "window" : "windows")} of {windowTokens} tokens", text)),
                new("Scored", "scored_tokens",
                    new Cell($"{Numbers.Whole(first.Quality.TokensScored)} predictions", first.Quality.TokensScored)),
                .. comparison.ExactText is { } answers
                    ? (Fact[])[new("Answers", "answers", new Cell(
                        $"{Numbers.Whole(answers.Texts)}, each the likeliest token by token; BLEU as sacrebleu (13a, exp), exact: equal to "
                            + "a reference", answers.Texts))]
                    : [],
                new("Kept exact", "exact_window",
                    new Cell($"the first {window.SinkTokens} and the latest {window.RecentTokens} tokens", window.RecentTokens)),
            ]),
            Caches(comparison, first.Quality),
            new Facts(
                null,
                [
                    new("Peak memory", "peak_memory_bytes",
                        new Cell($"{Numbers.Fixed(peak / 1e6, 0)} MB, model and all caches side by side", peak)),
                ]));
    }

    private static Table Caches(CacheComparison comparison, CacheQuality first)
    {
        bool hasText = comparison.ExactText is not null;
        Table table = new(
            "caches", null,
            [
                Column.Text("cache", "cache"), Column.Number("bytes/token", "bytes_per_token"), Column.Number("saved", "saved"),
                Column.Number("perplexity", "perplexity"), Column.Number("increase", "perplexity_increase"),
                Column.Number("KL nats", "kl_divergence_nats"), Column.Number("top-1", "top_one_agreement"),
                Column.Number("cache MB", "cache_bytes"),
                .. hasText ? (Column[])[Column.Number("BLEU", "bleu"), Column.Number("exact", "exact_match")] : [],
                .. comparison.Contexts.SelectMany(c => (Column[])
                [
                    Column.Number($"tok/s @{c}", $"decode_tokens_per_second_at_{c}"),
                    Column.Number("", $"decode_tokens_per_second_at_{c}_std") with { Audience = Audience.Machines },
                ]),
            ]);
        Row(first with
        {
            Name = "f16 (exact)",
            Perplexity = first.ExactPerplexity,
            KlDivergence = 0,
            TopOneAgreement = 1,
            BytesPerToken = first.ExactBytesPerToken,
            CacheBytes = (long)(first.ExactBytesPerToken * first.TokensScored),
        },
            comparison.ExactDecodeRounds, comparison.ExactText);
        foreach (ComparedCache cache in comparison.Caches)
        {
            Row(cache.Quality, cache.DecodeRounds, cache.Text);
        }

        return table;

        void Row(CacheQuality q, IReadOnlyList<IReadOnlyList<double>> speeds, TextScore? text) => table.Add(
        [
            q.Name, Cell.Number(q.BytesPerToken, Numbers.Whole((long)Math.Round(q.BytesPerToken))), Cell.Share(q.Saved),
            Cell.Number(q.Perplexity, Numbers.Fixed(q.Perplexity, 4)), ProfilePage.Increase(q.PerplexityIncrease),
            Cell.Number(q.KlDivergence, q.KlDivergence == 0 ? "0" : q.KlDivergence.ToString("0.0e+0", CultureInfo.InvariantCulture)),
            ProfilePage.Agreement(q.TopOneAgreement), Cell.Number(q.CacheBytes, Numbers.Fixed(q.CacheBytes / 1e6, 1)),
            .. hasText
                ? (Cell[])[Cell.Number(text!.Bleu.Score, Numbers.Fixed(text.Bleu.Score, 2)), Cell.Share(text.ExactMatch)]
                : [],
            .. speeds.SelectMany(s => (Cell[])[Speed(s), Cell.Number(Deviation(s))]),
        ]);
    }

    private static Cell Speed(IReadOnlyList<double> rounds)
    {
        double mean = rounds.Average();
        string spread = rounds.Count > 1 ? " ± " + Numbers.Short(Deviation(rounds)) : "";
        return Cell.Number(mean, Numbers.Short(mean) + spread);
    }

    private static double Deviation(IReadOnlyList<double> rounds)
    {
        double mean = rounds.Average();
        return rounds.Count < 2 ? 0 : Math.Sqrt(rounds.Sum(r => (r - mean) * (r - mean)) / (rounds.Count - 1));
    }
}
