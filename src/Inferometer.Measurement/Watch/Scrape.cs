using Inferometer.Core;

namespace Inferometer.Measurement.Watch;

/// <summary>What a service's page of metrics said at a moment, by figure, summed over its label sets. What is missing is null.</summary>
internal sealed record Scrape
{
    private const string ModelLabel = "model_name";

    // Every rank of a group may show what the group does: one of them tells it.
    private static readonly string[] RankLabels = ["tp_rank", "pp_rank"];

    public required TimeSpan At { get; init; }

    public required WatchedProgram Program { get; init; }

    /// <summary>Names of models that its metrics are labelled with, each once; none where the program labels none.</summary>
    public EquatableList<string> Models { get; init; } = [];

    public double? Running { get; init; }

    public double? Waiting { get; init; }

    /// <summary>Share of the cache, 0 to 1, the mean over replicas.</summary>
    public double? CacheUse { get; init; }

    public double? Requests { get; init; }

    public double? PromptTokens { get; init; }

    public double? OutputTokens { get; init; }

    public double? PromptSeconds { get; init; }

    public double? OutputSeconds { get; init; }

    /// <summary>Tokens of prompts that were found in the cache, where <see cref="PromptTokens"/> leaves them out.</summary>
    public double? CachedTokens { get; init; }

    public double? CacheQueries { get; init; }

    public double? CacheHits { get; init; }

    public HistogramReading? InputLength { get; init; }

    public HistogramReading? OutputLength { get; init; }

    public HistogramReading? TimeToFirstToken { get; init; }

    public HistogramReading? TimePerOutputToken { get; init; }

    public HistogramReading? InterTokenLatency { get; init; }

    public HistogramReading? EndToEnd { get; init; }

    public HistogramReading? Prefill { get; init; }

    public HistogramReading? Queue { get; init; }

    /// <summary>Every counter, in one order, for a look at whether one fell.</summary>
    public IEnumerable<double?> Counters =>
    [
        Requests, PromptTokens, OutputTokens, PromptSeconds, OutputSeconds, CachedTokens, CacheQueries, CacheHits,
        InputLength?.Count, OutputLength?.Count, TimeToFirstToken?.Count, TimePerOutputToken?.Count, InterTokenLatency?.Count,
        EndToEnd?.Count, Prefill?.Count, Queue?.Count,
    ];

    /// <summary>Reads a page.</summary>
    /// <param name="text">The page.</param>
    /// <param name="at">When it was asked for, on the watch's clock.</param>
    /// <param name="model">Only what is labelled with this model, or with none; null = all.</param>
    /// <param name="origin">Where it came from, for errors.</param>
    /// <exception cref="InferometerException">The page is not one of metrics, or of no known program.</exception>
    public static Scrape Read(string text, TimeSpan at, string? model, string origin)
    {
        IReadOnlyList<MetricSample> all = MetricsText.Read(text, origin);
        var program = WatchedPrograms.Recognise(all, origin);
        MetricSample[] samples =
        [
            .. all.Where(s => model is null || s.Label(ModelLabel) is not { } name || string.Equals(name, model, StringComparison.Ordinal))
                .Where(s => RankLabels.All(rank => s.Label(rank) is null or "0")),
        ];
        if (model is not null && samples.Length < all.Count && !samples.Any(s => s.Label(ModelLabel) is not null))
        {
            string[] names = [.. all.Select(s => s.Label(ModelLabel)).OfType<string>().Distinct(StringComparer.Ordinal)];
            throw new InferometerException($"{origin}: no metric is of a model '{model}'; there are those of {string.Join(", ", names)}.");
        }

        ILookup<string, MetricSample> byName = samples.ToLookup(s => s.Name, StringComparer.Ordinal);
        return new Scrape
        {
            At = at,
            Program = program,
            Models = [.. samples.Select(s => s.Label(ModelLabel)).OfType<string>().Distinct(StringComparer.Ordinal)],
            Running = Sum("running"),
            Waiting = Sum("waiting"),
            CacheUse = Named("cache_use").Select(s => (double?)s.Value).Average(),
            Requests = Sum("requests"),
            PromptTokens = Sum("prompt_tokens"),
            OutputTokens = Sum("output_tokens"),
            PromptSeconds = Sum("prompt_seconds"),
            OutputSeconds = Sum("output_seconds"),
            CachedTokens = Sum("cached_tokens"),
            CacheQueries = Sum("cache_queries"),
            CacheHits = Sum("cache_hits"),
            InputLength = Histogram("input_length"),
            OutputLength = Histogram("output_length"),
            TimeToFirstToken = Histogram("time_to_first_token"),
            TimePerOutputToken = Histogram("time_per_output_token"),
            InterTokenLatency = Histogram("inter_token_latency"),
            EndToEnd = Histogram("end_to_end"),
            Prefill = Histogram("prefill"),
            Queue = Histogram("queue"),
        };

        IEnumerable<MetricSample> Named(string figure) =>
            program.Of(figure).Select(n => byName[n.Name]).FirstOrDefault(found => found.Any()) ?? [];

        double? Sum(string figure)
        {
            double? sum = null;
            foreach (MetricSample sample in Named(figure))
            {
                sum = (sum ?? 0) + sample.Value;
            }

            return sum;
        }

        HistogramReading? Histogram(string figure)
        {
            string? name = program.Of(figure).Select(n => n.Name)
                .FirstOrDefault(n => byName.Contains(n + "_count") && byName.Contains(n + "_sum"));
            return name is null ? null : new HistogramReading(
                byName[name + "_sum"].Sum(s => s.Value), byName[name + "_count"].Sum(s => s.Value), Buckets(byName[name + "_bucket"]));
        }
    }

    /// <summary>Whether a counter of this page stands lower than on an earlier one: the program was started anew between them.</summary>
    public bool IsResetSince(Scrape earlier) =>
        !ReferenceEquals(Program, earlier.Program) || Counters.Zip(earlier.Counters).Any(pair => pair.First < pair.Second);

    private static EquatableList<HistogramBucket> Buckets(IEnumerable<MetricSample> samples) =>
    [
        .. samples.Where(s => s.Label("le") is not null).GroupBy(s => Bound(s.Label("le")!))
            .OrderBy(g => g.Key).Select(g => new HistogramBucket(g.Key, g.Sum(s => s.Value))),
    ];

    private static double Bound(string text) => text is "+Inf"
        ? double.PositiveInfinity
        : double.TryParse(text, System.Globalization.CultureInfo.InvariantCulture, out double bound) ? bound : double.NaN;
}
