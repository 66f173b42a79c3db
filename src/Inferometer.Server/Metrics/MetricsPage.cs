using System.Buffers;
using System.Diagnostics;
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
    /// <param name="model">What is counted of the model; null = none is served.</param>
    /// <param name="others">What others count.</param>
    public static void Write(IBufferWriter<byte> output, ServerMetrics? model, IEnumerable<Action<PrometheusText>> others)
    {
        PrometheusText text = new(output);
        if (model is not null)
        {
            PerformanceStatistics engine = model.Engine.Statistics;
            WriteState(text, engine, model.Labels);
            WriteCounters(text, engine, model);
            WriteLatencies(text, model, model.Labels);
            WriteOwn(text, engine);
            if (model.Forecast is { } forecast)
            {
                WriteForecast(text, model, forecast);
            }
        }

        foreach (Action<PrometheusText> write in others)
        {
            write(text);
        }

        WriteProcess(text);
    }

    private static void WriteState(PrometheusText text, PerformanceStatistics engine, string labels)
    {
        text.Single("vllm:num_requests_running", Gauge, "Sequences in the batch.", labels, engine.RunningSequences);
        text.Single("vllm:num_requests_waiting", Gauge, "Requests in the queue.", labels, engine.WaitingRequests);
        text.Single(
            "vllm:kv_cache_usage_perc", Gauge, "Share of the cache's blocks in use, 0 to 1.", labels,
            (double)engine.KvBlocksUsed / engine.KvBlocksTotal);
    }

    private static void WriteCounters(PrometheusText text, PerformanceStatistics engine, ServerMetrics metrics)
    {
        string labels = metrics.Labels;
        text.Single(
            "vllm:prefix_cache_queries_total", Counter, "Prompt tokens looked for in the prefix cache.", labels,
            engine.CachedPromptTokens + engine.PromptTokensComputed);
        text.Single(
            "vllm:prefix_cache_hits_total", Counter, "Prompt tokens taken from the prefix cache.", labels, engine.CachedPromptTokens);
        text.Single("vllm:num_preemptions_total", Counter, "Sequences that lost their blocks to others.", labels, engine.Preemptions);
        text.Single("vllm:prompt_tokens_total", Counter, "Prompt tokens of requests that ended.", labels, metrics.PromptTokens);
        text.Single("vllm:generation_tokens_total", Counter, "Tokens generated.", labels, engine.GeneratedTokens);
        text.Begin("vllm:request_success_total", Counter, "Sequences that ended, by reason.");
        foreach ((FinishReason reason, string word) in Reasons)
        {
            text.Sample("vllm:request_success_total", $"{labels},finished_reason=\"{word}\"", metrics.Finished(reason));
        }
    }

    private static void WriteLatencies(PrometheusText text, ServerMetrics metrics, string labels)
    {
        text.Histogram("vllm:time_to_first_token_seconds", "Arrival to first token.", labels, metrics.FirstToken);
        text.Histogram("vllm:inter_token_latency_seconds", "Between tokens.", labels, metrics.TokenGap);
        text.Histogram(
            "vllm:request_time_per_output_token_seconds", "Mean per token after the first, of a request.", labels, metrics.PerToken);
        text.Histogram("vllm:e2e_request_latency_seconds", "Submission to the end.", labels, metrics.EndToEnd);
        text.Histogram("vllm:request_queue_time_seconds", "In the queue.", labels, metrics.Queue);
        text.Histogram("vllm:request_inference_time_seconds", "First step to the end.", labels, metrics.Inference);
        text.Histogram("vllm:request_prefill_time_seconds", "First step to the first token.", labels, metrics.Prefill);
        text.Histogram("vllm:request_decode_time_seconds", "First token to the end.", labels, metrics.Decode);
        text.Histogram("vllm:request_prompt_tokens", "Tokens of prompts.", labels, metrics.PromptLength);
        text.Histogram("vllm:request_generation_tokens", "Tokens of outputs.", labels, metrics.OutputLength);
        text.Histogram(
            "vllm:request_max_num_generation_tokens", "Tokens of the longest output of a request.", labels, metrics.LongestOutput);
        text.Histogram("vllm:request_params_n", "Outputs that a request asked for.", labels, metrics.Answers);
    }

    private static void WriteOwn(PrometheusText text, PerformanceStatistics engine)
    {
        text.Single("inferometer_kv_blocks_used", Gauge, "Blocks of the cache in use.", "", engine.KvBlocksUsed);
        text.Single("inferometer_kv_blocks", Gauge, "Blocks of the cache.", "", engine.KvBlocksTotal);
        text.Single("inferometer_steps_total", Counter, "Steps run.", "", engine.TotalBatchesProcessed);
        text.Single("inferometer_step_seconds_total", Counter, "Time spent in steps.", "", engine.TotalSeconds);
        text.Single("inferometer_drafted_tokens_total", Counter, "Drafted tokens verified.", "", engine.DraftedTokens);
        text.Single("inferometer_accepted_draft_tokens_total", Counter, "Drafted tokens accepted.", "", engine.AcceptedDraftTokens);
    }

    private static void WriteForecast(PrometheusText text, ServerMetrics metrics, LatencyForecast forecast)
    {
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
        text.Single("inferometer_managed_heap_bytes", Gauge, "Managed heap.", "", GC.GetTotalMemory(forceFullCollection: false));
    }
}
