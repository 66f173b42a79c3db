using Inferometer.Reports.Documents;
using Inferometer.Simulation.Results;

namespace Inferometer.Reports.Metrics;

/// <summary>
/// The metrics of an estimate, in the order of the columns. The one place to add another: the record it is read from is
/// <see cref="SimulationResult"/>, and docs/metrics.md holds the table that <see cref="MetricsPage"/> makes of this list.
/// I = prompt tokens, N = generated tokens (the first included), B = requests in flight over the deployment, D = devices.
/// </summary>
public static class EstimateMetrics
{
    private const string Milliseconds = "ms";
    private const string Rate = "tokens/s";
    private const string Bytes = "bytes";

    /// <summary>Time to first token.</summary>
    public static Metric<SimulationResult> TimeToFirstToken { get; } = new()
    {
        Key = "ttft_ms",
        Name = "Time to first token",
        Unit = Milliseconds,
        Heading = "TTFT ms",
        Better = Direction.LowerIsBetter,
        Definition = "TTFT: queueing + prefill; the prefill step yields the first token",
        Of = r => r.Metrics.TtftMs,
    };

    /// <summary>Time per output token after the first.</summary>
    public static Metric<SimulationResult> TimePerOutputToken { get; } = new()
    {
        Key = "tpot_ms",
        Name = "Time per output token",
        Unit = Milliseconds,
        Heading = "TPOT ms",
        Better = Direction.LowerIsBetter,
        Definition = "TPOT: decode time / (N - 1). A step is per token already: a step of 8.9 ms is a TPOT of 8.9 ms, "
            + "never divided again by the batch",
        Of = r => r.Metrics.TpotMs,
    };

    /// <summary>Time between deliveries.</summary>
    public static Metric<SimulationResult> TimeBetweenDeliveries { get; } = new()
    {
        Key = "itl_ms",
        Name = "Time between deliveries",
        Unit = Milliseconds,
        Better = Direction.LowerIsBetter,
        Definition = "ITL: time between deliveries of a sequence; equal to TPOT, or a whole round in speculative decoding",
        Of = r => r.Metrics.ItlMs,
    };

    /// <summary>End-to-end latency.</summary>
    public static Metric<SimulationResult> EndToEnd { get; } = new()
    {
        Key = "e2e_ms",
        Name = "End to end",
        Unit = Milliseconds,
        Heading = "E2E ms",
        Better = Direction.LowerIsBetter,
        Definition = "E2E: TTFT + (N - 1) x TPOT",
        Of = r => r.Metrics.E2eMs,
    };

    /// <summary>Latency of what was simulated.</summary>
    public static Metric<SimulationResult> Latency { get; } = new()
    {
        Key = "latency_ms",
        Name = "Latency",
        Unit = Milliseconds,
        Better = Direction.LowerIsBetter,
        Definition = "of what was simulated: the whole prompt (prefill), one token of every sequence (decode), the request (both), "
            + "the step (chunked)",
        Of = r => r.Latency,
    };

    /// <summary>Tokens per second, the one metric that every kind of estimate has.</summary>
    public static Metric<SimulationResult> Throughput { get; } = new()
    {
        Key = "throughput_tokens_per_s",
        Name = "Throughput",
        Unit = Rate,
        Heading = "tokens/s",
        Better = Direction.HigherIsBetter,
        Definition = "tokens of the latency per second over the deployment: prompt tokens (prefill), generated tokens (decode), "
            + "both (request), those of the step (chunked)",
        Of = r => r.Throughput,
    };

    /// <summary>Prompt tokens per second of prefill.</summary>
    public static Metric<SimulationResult> PrefillThroughput { get; } = new()
    {
        Key = "prefill_tokens_per_s",
        Name = "Prefill throughput",
        Unit = Rate,
        Better = Direction.HigherIsBetter,
        Definition = "B x I / prefill time",
        Of = r => r.Metrics.PrefillTokensPerSecond,
    };

    /// <summary>Generated tokens per second of decode.</summary>
    public static Metric<SimulationResult> DecodeThroughput { get; } = new()
    {
        Key = "decode_tokens_per_s",
        Name = "Decode throughput",
        Unit = Rate,
        Better = Direction.HigherIsBetter,
        Definition = "B / TPOT",
        Of = r => r.Metrics.DecodeTokensPerSecond,
    };

    /// <summary>Generated tokens per second of the whole request.</summary>
    public static Metric<SimulationResult> OutputThroughput { get; } = new()
    {
        Key = "output_tokens_per_s",
        Name = "Output throughput",
        Unit = Rate,
        Better = Direction.HigherIsBetter,
        Definition = "B x N / E2E",
        Of = r => r.Metrics.OutputTokensPerSecond,
    };

    /// <summary>Prompt and generated tokens per second of the whole request.</summary>
    public static Metric<SimulationResult> TotalThroughput { get; } = new()
    {
        Key = "total_tokens_per_s",
        Name = "Total throughput",
        Unit = Rate,
        Better = Direction.HigherIsBetter,
        IsColumn = false,
        Definition = "B x (I + N) / E2E",
        Of = r => r.Metrics.TotalTokensPerSecond,
    };

    /// <summary>Requests per second.</summary>
    public static Metric<SimulationResult> RequestRate { get; } = new()
    {
        Key = "requests_per_s",
        Name = "Request rate",
        Unit = "requests/s",
        Better = Direction.HigherIsBetter,
        Definition = "B / E2E",
        Of = r => r.Metrics.RequestsPerSecond,
    };

    /// <summary>Tokens per millisecond.</summary>
    public static Metric<SimulationResult> TokensPerMillisecond { get; } = new()
    {
        Key = "tokens_per_ms",
        Name = "Tokens per millisecond",
        Unit = "tokens/ms",
        Better = Direction.HigherIsBetter,
        Definition = "throughput / 1000",
        Of = r => r.Metrics.TokensPerMs,
    };

    /// <summary>Milliseconds per token.</summary>
    public static Metric<SimulationResult> MillisecondsPerToken { get; } = new()
    {
        Key = "ms_per_token",
        Name = "Milliseconds per token",
        Unit = "ms/token",
        Better = Direction.LowerIsBetter,
        Definition = "1000 / throughput",
        Of = r => r.Metrics.MsPerToken,
    };

    /// <summary>US dollars per million generated tokens.</summary>
    public static Metric<SimulationResult> Cost { get; } = new()
    {
        Key = "usd_per_million_output_tokens",
        Name = "Cost",
        Unit = "US dollars",
        Heading = "$/Mtok",
        Better = Direction.LowerIsBetter,
        Definition = "per million generated tokens: price x D x (prefill + decode time) / (B x N) x 10^6",
        Of = r => r.Metrics.CostPerMillionTokensUsd,
        Format = (_, usd) => Numbers.Dollars(usd)[1..],
    };

    /// <summary>US dollars per hour of the deployment.</summary>
    public static Metric<SimulationResult> HourlyCost { get; } = new()
    {
        Key = "usd_per_hour",
        Name = "Price",
        Unit = "US dollars per hour",
        Heading = "$/h",
        Better = Direction.LowerIsBetter,
        Definition = "price of a device-hour x D",
        Of = r => r.Metrics.CostPerHourUsd,
        Format = (_, usd) => Numbers.Dollars(usd)[1..],
    };

    /// <summary>Energy per generated token.</summary>
    public static Metric<SimulationResult> Energy { get; } = new()
    {
        Key = "joules_per_output_token",
        Name = "Energy",
        Unit = "J",
        Heading = "J/tok",
        Better = Direction.LowerIsBetter,
        Definition = "per generated token: D x (prefill power x prefill time + decode power x decode time) / (B x N)",
        Of = r => r.Metrics.EnergyPerTokenJoules,
    };

    /// <summary>Mean power of the deployment.</summary>
    public static Metric<SimulationResult> Power { get; } = new()
    {
        Key = "average_power_watts",
        Name = "Power",
        Unit = "W",
        Definition = "mean over the request and all devices; of a device TDP x (idle + (1 - idle) x u), u = the sum of both utilisations, "
            + "at most 1, idle = 0.3 unless given",
        Of = r => r.Metrics.AveragePowerWatts,
    };

    /// <summary>Devices of the deployment.</summary>
    public static Metric<SimulationResult> Devices { get; } = new()
    {
        Key = "devices",
        Name = "Devices",
        Unit = "devices",
        Definition = "D: tensor x pipeline x data parallelism",
        Of = r => r.Devices,
    };

    /// <summary>Memory taken on the fullest device.</summary>
    public static Metric<SimulationResult> Memory { get; } = new()
    {
        Key = "memory_bytes",
        Name = "Memory",
        Unit = Bytes,
        Heading = "memory GB",
        Better = Direction.LowerIsBetter,
        Definition = "on the fullest device: weights + KV cache at full length + activations + reserve",
        Of = r => r.MemoryUsage?.TotalBytes,
        Format = (r, total) => $"{Numbers.Short(total / 1e9)}/{Numbers.Short(r.MemoryUsage!.CapacityBytes / 1e9)}",
    };

    /// <summary>Memory of a device.</summary>
    public static Metric<SimulationResult> MemoryCapacity { get; } = new()
    {
        Key = "memory_capacity_bytes",
        Name = "Memory there",
        Unit = Bytes,
        Definition = "what the deployment may fill of that device: its usable memory, or the share that it or its framework takes",
        Of = r => r.MemoryUsage?.CapacityBytes,
    };

    /// <summary>Memory that programs can allocate.</summary>
    public static Metric<SimulationResult> UsableMemory { get; } = new()
    {
        Key = "usable_memory_bytes",
        Name = "Usable memory",
        Unit = Bytes,
        Definition = "memory of that device that programs can allocate, as its driver reports it",
        Of = r => r.MemoryUsage?.UsableBytes,
    };

    /// <summary>Tokens the KV cache holds.</summary>
    public static Metric<SimulationResult> KvCapacity { get; } = new()
    {
        Key = "kv_capacity_tokens",
        IsSearched = true,
        Name = "KV capacity",
        Unit = "tokens",
        Heading = "KV tokens",
        Better = Direction.HigherIsBetter,
        Definition = "tokens that the KV cache of one replica holds, in sequences of this length: (memory there - weights - activations - "
            + "reserve) / bytes per token, in whole blocks of the framework",
        Of = r => r.MemoryUsage?.KvCapacityTokens,
        Format = (_, tokens) => Numbers.Tokens(tokens),
    };

    /// <summary>Requests the KV caches hold at once.</summary>
    public static Metric<SimulationResult> ConcurrentRequests { get; } = new()
    {
        Key = "concurrent_requests",
        IsSearched = true,
        Name = "Concurrent requests",
        Unit = "requests",
        Heading = "at once",
        Better = Direction.HigherIsBetter,
        Definition = "KV capacity of all replicas / (I + N - 1): requests of this length that the caches hold at once",
        Of = r => r.MemoryUsage?.ConcurrentRequests,
        Format = (_, requests) => Numbers.Room(requests),
    };

    /// <summary>Weights on the fullest device.</summary>
    public static Metric<SimulationResult> Weights { get; } = new()
    {
        Key = "weight_bytes",
        Name = "Weights",
        Unit = Bytes,
        Better = Direction.LowerIsBetter,
        Definition = "weights and adapters on that device",
        Of = r => r.MemoryUsage?.WeightBytes,
    };

    /// <summary>KV cache on the fullest device.</summary>
    public static Metric<SimulationResult> KvCache { get; } = new()
    {
        Key = "kv_cache_bytes",
        Name = "KV cache",
        Unit = Bytes,
        Better = Direction.LowerIsBetter,
        Definition = "keys, values and recurrent state at full length on that device",
        Of = r => r.MemoryUsage?.KvCacheBytes,
    };

    /// <summary>Largest batch that fits.</summary>
    public static Metric<SimulationResult> LargestBatch { get; } = new()
    {
        Key = "largest_batch",
        IsSearched = true,
        Name = "Room for a batch",
        Unit = "requests",
        Better = Direction.HigherIsBetter,
        Definition = "largest batch that fits at this length; 0 = none",
        Of = r => r.MemoryUsage?.LargestBatch,
    };

    /// <summary>Longest context that fits.</summary>
    public static Metric<SimulationResult> LongestContext { get; } = new()
    {
        Key = "longest_context_tokens",
        IsSearched = true,
        Name = "Room for a context",
        Unit = "tokens",
        Better = Direction.HigherIsBetter,
        Definition = "longest context that fits at this batch; 0 = none",
        Of = r => r.MemoryUsage?.LongestContextTokens,
    };

    /// <summary>All of them, in the order of the columns.</summary>
    public static IReadOnlyList<Metric<SimulationResult>> All { get; } =
    [
        TimeToFirstToken, TimePerOutputToken, TimeBetweenDeliveries, EndToEnd, Latency, Throughput, PrefillThroughput, DecodeThroughput,
        OutputThroughput, TotalThroughput, RequestRate, TokensPerMillisecond, MillisecondsPerToken, Cost, HourlyCost, Energy, Power,
        Devices, Memory, MemoryCapacity, UsableMemory, Weights, KvCache, KvCapacity, ConcurrentRequests, LargestBatch, LongestContext,
    ];
}
