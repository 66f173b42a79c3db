using System.Buffers;
using System.Diagnostics;
using System.Globalization;
using Inferometer.Inference.Engine;
using Inferometer.Scheduling;

namespace Inferometer.Server.Metrics;

/// <summary>
/// The page that Prometheus reads: vLLM's names, so that dashboards drawn for it work, and what only this server can say under
/// <c>inferometer_</c>. What is not counted here is not on it.
/// </summary>
internal static class MetricsPage
{
    private const string Counter = "counter";
    private const string Gauge = "gauge";

    private static readonly (FinishReason Reason, string Word)[] Reasons =
    [
        (FinishReason.Stop, "stop"), (FinishReason.Length, "length"), (FinishReason.Cancelled, "abort"), (FinishReason.Error, "error"),
        (FinishReason.Deadline, "timeout"),
    ];

    /// <summary>Writes all metrics as they are now.</summary>
    /// <param name="output">Where they go.</param>
    /// <param name="models">What is counted of each engine of the model; none where no model is served.</param>
    /// <param name="others">What others count.</param>
    public static void Write(IBufferWriter<byte> output, IReadOnlyList<ServerMetrics> models, IEnumerable<Action<PrometheusText>> others)
    {
        PrometheusText text = new(output);
        if (models.Count > 0)
        {
            EngineReading[] engines = [.. models.Select(metrics => new EngineReading(metrics, metrics.Statistics))];
            WriteState(text, engines);
            WriteCounters(text, engines);
            WriteLatencies(text, engines);
            WriteOwn(text, engines);
            if (models[0].Predictions is { } predictions)
            {
                WritePredictions(text, predictions);
            }
        }

        foreach (Action<PrometheusText> write in others)
        {
            write(text);
        }

        WriteProcess(text);
    }

    private static void Each(
        PrometheusText text, string name, string kind, string help, EngineReading[] engines, Func<EngineReading, double> value)
    {
        text.Begin(name, kind, help);
        foreach (EngineReading engine in engines)
        {
            text.Sample(name, engine.Metrics.Labels, value(engine));
        }
    }

    private static void Each(PrometheusText text, string name, string help, EngineReading[] engines, Func<ServerMetrics, Histogram> of)
    {
        text.Begin(name, "histogram", help);
        foreach (EngineReading engine in engines)
        {
            text.Buckets(name, engine.Metrics.Labels, of(engine.Metrics));
        }
    }

    private static void WriteState(PrometheusText text, EngineReading[] engines)
    {
        Each(text, "vllm:num_requests_running", Gauge, "Sequences in the batch.", engines, e => e.Statistics.RunningSequences);
        Each(text, "vllm:num_requests_waiting", Gauge, "Requests in the queue.", engines, e => e.Statistics.WaitingRequests);
        Each(
            text, "vllm:kv_cache_usage_perc", Gauge, "Share of the cache's blocks in use, 0 to 1.", engines,
            e => (double)e.Statistics.KvBlocksUsed / e.Statistics.KvBlocksTotal);
        text.Begin("vllm:cache_config_info", Gauge, "How the cache is set up.");
        foreach (EngineReading engine in engines)
        {
            InferenceOptions options = engine.Metrics.Engine.Options;
            string labels = string.Create(
                CultureInfo.InvariantCulture,
                $"block_size=\"{engine.Metrics.Engine.BlockTokens}\",cache_dtype=\"{options.KvElement.ToString().ToLowerInvariant()}\","
                    + $"enable_prefix_caching=\"{(options.PrefixCache ? "True" : "False")}\","
                    + $"num_gpu_blocks=\"{engine.Statistics.KvBlocksTotal}\",");
            text.Sample("vllm:cache_config_info", labels + engine.Metrics.Labels, 1);
        }
    }

    private static void WriteCounters(PrometheusText text, EngineReading[] engines)
    {
        Each(
            text, "vllm:prefix_cache_queries_total", Counter, "Prompt tokens looked for in the prefix cache.", engines,
            e => e.Statistics.CachedPromptTokens + e.Statistics.PromptTokensComputed);
        Each(
            text, "vllm:prefix_cache_hits_total", Counter, "Prompt tokens taken from the prefix cache.", engines,
            e => e.Statistics.CachedPromptTokens);
        Each(
            text, "vllm:num_preemptions_total", Counter, "Sequences that lost their blocks to others.", engines,
            e => e.Statistics.Preemptions);
        Each(
            text, "vllm:prompt_tokens_total", Counter, "Prompt tokens read, those from the prefix cache among them.", engines,
            e => e.Statistics.PromptTokensRead);
        Each(text, "vllm:generation_tokens_total", Counter, "Tokens generated.", engines, e => e.Statistics.GeneratedTokens);
        text.Begin("vllm:request_success_total", Counter, "Sequences that ended, by reason.");
        foreach (EngineReading engine in engines)
        {
            foreach ((FinishReason reason, string word) in Reasons)
            {
                text.Sample(
                    "vllm:request_success_total", $"{engine.Metrics.Labels},finished_reason=\"{word}\"", engine.Metrics.Finished(reason));
            }
        }

        if (engines[0].Metrics.Engine.Options.Speculation is not null)
        {
            Each(
                text, "vllm:spec_decode_num_draft_tokens_total", Counter, "Drafted tokens verified.", engines,
                e => e.Statistics.DraftedTokens);
            Each(
                text, "vllm:spec_decode_num_accepted_tokens_total", Counter, "Drafted tokens accepted.", engines,
                e => e.Statistics.AcceptedDraftTokens);
        }
    }

    private static void WriteLatencies(PrometheusText text, EngineReading[] engines)
    {
        Each(text, "vllm:time_to_first_token_seconds", "Arrival to first token.", engines, m => m.FirstToken);
        Each(text, "vllm:inter_token_latency_seconds", "Between tokens.", engines, m => m.TokenGap);

        // The same under the name that vLLM's dashboards of 2024 and 2025 chart.
        Each(text, "vllm:time_per_output_token_seconds", "Between tokens, under its older name.", engines, m => m.TokenGap);
        Each(
            text, "vllm:request_time_per_output_token_seconds", "Mean per token after the first, of a request.", engines, m => m.PerToken);
        Each(text, "vllm:e2e_request_latency_seconds", "Submission to the end.", engines, m => m.EndToEnd);
        Each(text, "vllm:request_queue_time_seconds", "In the queue.", engines, m => m.Queue);
        Each(text, "vllm:request_inference_time_seconds", "First step to the end.", engines, m => m.Inference);
        Each(text, "vllm:request_prefill_time_seconds", "First step to the first token.", engines, m => m.Prefill);
        Each(text, "vllm:request_decode_time_seconds", "First token to the end.", engines, m => m.Decode);
        Each(text, "vllm:request_prompt_tokens", "Tokens of prompts.", engines, m => m.PromptLength);
        Each(text, "vllm:request_generation_tokens", "Tokens of outputs.", engines, m => m.OutputLength);
        Each(
            text, "vllm:request_max_num_generation_tokens", "Tokens of the longest output of a request.", engines, m => m.LongestOutput);
        Each(text, "vllm:request_params_n", "Outputs that a request asked for.", engines, m => m.Answers);
        Each(
            text, "vllm:request_params_max_tokens", "Longest output that a request allowed, where it said so.", engines,
            m => m.OutputLimit);
        Each(text, "vllm:iteration_tokens_total", "Tokens computed in a step.", engines, m => m.StepTokens);
    }

    /// <summary>Of all engines together.</summary>
    private static void WriteOwn(PrometheusText text, EngineReading[] engines)
    {
        All("inferometer_kv_blocks_used", Gauge, "Blocks of the cache in use.", s => s.KvBlocksUsed);
        All("inferometer_kv_blocks", Gauge, "Blocks of the cache.", s => s.KvBlocksTotal);
        All("inferometer_steps_total", Counter, "Steps run.", s => s.TotalBatchesProcessed);
        All("inferometer_step_seconds_total", Counter, "Time spent in steps.", s => s.TotalSeconds);
        All("inferometer_drafted_tokens_total", Counter, "Drafted tokens verified.", s => s.DraftedTokens);
        All("inferometer_accepted_draft_tokens_total", Counter, "Drafted tokens accepted.", s => s.AcceptedDraftTokens);

        void All(string name, string kind, string help, Func<PerformanceStatistics, double> of) =>
            text.Single(name, kind, help, "", engines.Sum(engine => of(engine.Statistics)));
    }

    private static void WritePredictions(PrometheusText text, PredictionMetrics metrics)
    {
        LatencyForecast forecast = metrics.Forecast;
        text.Single(
            "inferometer_prediction_info", Gauge, "What the predictions rest on.",
            $"cost_model=\"{PrometheusText.Escape(forecast.CostModel)}\",basis=\"{PrometheusText.Escape(forecast.Basis)}\"", 1);
        Pair("time_to_first_token", "First step to first token", metrics.MeasuredFirstToken, metrics.PredictedFirstToken);
        Pair("time_per_output_token", "Mean per token after the first", metrics.MeasuredToken, metrics.PredictedToken);
        Pair("request_inference_time", "First step to the end", metrics.MeasuredRequest, metrics.PredictedRequest);

        void Pair(string name, string what, Histogram measured, Histogram predicted)
        {
            text.Histogram($"inferometer_measured_{name}_seconds", $"{what}, measured, the queue left out.", "", measured);
            text.Histogram($"inferometer_predicted_{name}_seconds", $"{what}, predicted for the same load.", "", predicted);
        }
    }

    private static void WriteProcess(PrometheusText text)
    {
        using var process = Process.GetCurrentProcess();
        text.Single(
            "process_resident_memory_bytes", Gauge, "Resident memory.", "", process.WorkingSet64);
        text.Single(
            "process_cpu_seconds_total", Counter, "Time of all processors.", "", process.TotalProcessorTime.TotalSeconds);
        text.Single(
            "process_start_time_seconds", Gauge, "When the process started, seconds since 1970.", "",
            new DateTimeOffset(process.StartTime.ToUniversalTime()).ToUnixTimeMilliseconds() / 1000.0);
        WriteCollector(text);
    }

    /// <summary>The heap between collections is mostly what nobody holds any more; what a collection left is what is held.</summary>
    private static void WriteCollector(PrometheusText text)
    {
        const string Collections = "inferometer_gc_collections_total";
        GCMemoryInfo last = GC.GetGCMemoryInfo(GCKind.Any);
        text.Single("inferometer_managed_heap_bytes", Gauge, "Managed heap.", "", GC.GetTotalMemory(forceFullCollection: false));
        text.Single(
            "inferometer_managed_heap_held_bytes", Gauge, "What the last collection left of the managed heap.", "",
            last.HeapSizeBytes - last.FragmentedBytes);
        text.Single(
            "inferometer_managed_heap_committed_bytes", Gauge, "Memory of the managed heap at the last collection.", "",
            last.TotalCommittedBytes);
        text.Single(
            "inferometer_gc_pause_seconds_total", Counter, "Time that collections stopped the program.", "",
            GC.GetTotalPauseDuration().TotalSeconds);
        text.Begin(Collections, Counter, "Collections by generation; one of a generation is one of those below it too.");
        for (int generation = 0; generation <= GC.MaxGeneration; generation++)
        {
            text.Sample(
                Collections, string.Create(CultureInfo.InvariantCulture, $"generation=\"{generation}\""), GC.CollectionCount(generation));
        }
    }

    /// <summary>An engine at the moment.</summary>
    private sealed record EngineReading(ServerMetrics Metrics, PerformanceStatistics Statistics);
}
