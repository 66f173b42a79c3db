using System.Globalization;
using System.Text;

namespace Inferometer.Measurement.Tests.Watch;

/// <summary>Pages of metrics as serving programs write them.</summary>
internal static class Pages
{
    /// <summary>vLLM's, after so many requests of 100 tokens in and 20 out.</summary>
    /// <param name="requests">Requests that ended.</param>
    /// <param name="firstToken">Seconds to the first token, of each.</param>
    /// <param name="perToken">Seconds per token after it, of each.</param>
    /// <param name="running">Requests in the batch.</param>
    /// <param name="waiting">Requests in the queue.</param>
    public static string Vllm(int requests, double firstToken = 0.1, double perToken = 0.01, int running = 0, int waiting = 0)
    {
        const string Labels = "engine=\"0\",model_name=\"meta/llama\"";
        StringBuilder page = new();
        Line("vllm:num_requests_running", running);
        Line("vllm:num_requests_waiting", waiting);
        Line("vllm:kv_cache_usage_perc", 0.25);
        page.Append(CultureInfo.InvariantCulture, $"vllm:request_success_total{{{Labels},finished_reason=\"length\"}} {requests}\n");
        page.Append(CultureInfo.InvariantCulture, $"vllm:request_success_total{{{Labels},finished_reason=\"stop\"}} 0.0\n");
        Line("vllm:prompt_tokens_total", requests * 100);
        Line("vllm:generation_tokens_total", requests * 20);
        Line("vllm:prefix_cache_queries_total", requests * 100);
        Line("vllm:prefix_cache_hits_total", 0);
        Histogram("vllm:request_prompt_tokens", requests, 100, [50, 100, 200]);
        Histogram("vllm:request_generation_tokens", requests, 20, [10, 20, 50]);
        Histogram("vllm:time_to_first_token_seconds", requests, firstToken, [0.1, 1, 10]);
        Histogram("vllm:request_time_per_output_token_seconds", requests, perToken, [0.01, 0.1, 1]);
        Histogram("vllm:e2e_request_latency_seconds", requests, firstToken + (19 * perToken), [1, 10, 100]);
        return page.ToString();

        void Line(string name, double value) => page.Append(CultureInfo.InvariantCulture, $"{name}{{{Labels}}} {value}\n");

        void Histogram(string name, int count, double each, double[] bounds)
        {
            page.Append(CultureInfo.InvariantCulture, $"# HELP {name} Of each request.\n# TYPE {name} histogram\n");
            foreach (double bound in bounds)
            {
                page.Append(
                    CultureInfo.InvariantCulture, $"{name}_bucket{{{Labels},le=\"{bound}\"}} {(each <= bound ? count : 0)}\n");
            }

            page.Append(CultureInfo.InvariantCulture, $"{name}_bucket{{{Labels},le=\"+Inf\"}} {count}\n");
            Line(name + "_sum", count * each);
            Line(name + "_count", count);
        }
    }

    /// <summary>llama.cpp's, which counts tokens and the time of slots.</summary>
    public static string LlamaCpp(double prompt, double promptSeconds, double output, double outputSeconds) => string.Create(
        CultureInfo.InvariantCulture,
        $"""
        # HELP llamacpp:prompt_tokens_total Number of prompt tokens processed.
        # TYPE llamacpp:prompt_tokens_total counter
        llamacpp:prompt_tokens_total {prompt}
        llamacpp:prompt_seconds_total {promptSeconds}
        llamacpp:tokens_predicted_total {output}
        llamacpp:tokens_predicted_seconds_total {outputSeconds}
        llamacpp:predicted_tokens_seconds nan
        llamacpp:requests_processing 2
        llamacpp:requests_deferred 1

        """);

    /// <summary>llama.cpp's of 2026, as its server writes it, with tokens of prompts that it found in the cache.</summary>
    public static string LlamaCppOf2026(double prompt, double cached, double promptSeconds, double output, double outputSeconds)
    {
        (string Type, string Name, double Value)[] items =
        [
            ("counter", "prompt_tokens_total", prompt), ("counter", "prompt_tokens_cached_total", cached),
            ("counter", "prompt_seconds_total", promptSeconds), ("counter", "tokens_predicted_total", output),
            ("counter", "tokens_predicted_seconds_total", outputSeconds), ("counter", "n_decode_total", output),
            ("counter", "n_tokens_max", 512), ("counter", "spec_decode_num_draft_tokens_total", 0),
            ("counter", "spec_decode_num_accepted_tokens_total", 0), ("counter", "spec_decode_num_drafts_total", 0),
            ("gauge", "prompt_tokens_seconds", 812.5), ("gauge", "predicted_tokens_seconds", 44.25), ("gauge", "requests_processing", 3),
            ("gauge", "requests_deferred", 1), ("gauge", "n_busy_slots_per_decode", 2.5),
        ];
        StringBuilder page = new();
        foreach ((string type, string name, double value) in items)
        {
            page.Append(
                CultureInfo.InvariantCulture,
                $"# HELP llamacpp:{name} What it is.\n# TYPE llamacpp:{name} {type}\nllamacpp:{name} {value}\n");
        }

        return page.ToString();
    }

    /// <summary>
    /// vLLM's of 2026 as its client library writes it: counters with the time of their making, prompts by where they came from, two
    /// engines; or as 0.9 wrote it, under older names.
    /// </summary>
    public static string VllmOfVersion(bool isOld, int requests)
    {
        StringBuilder page = new();
        foreach (int engine in (int[])[0, 1])
        {
            string labels = $"engine=\"{engine}\",model_name=\"meta/llama\"";
            Line("vllm:num_requests_running", 2);
            Line("vllm:num_requests_waiting", 0);
            Line(isOld ? "vllm:gpu_cache_usage_perc" : "vllm:kv_cache_usage_perc", 0.5);
            Counter("vllm:prompt_tokens", requests * 100);
            Counter("vllm:generation_tokens", requests * 20);
            Counter(isOld ? "vllm:gpu_prefix_cache_queries" : "vllm:prefix_cache_queries", requests * 100);
            Counter(isOld ? "vllm:gpu_prefix_cache_hits" : "vllm:prefix_cache_hits", requests * 25);
            page.Append(
                CultureInfo.InvariantCulture,
                $"vllm:request_success_total{{{labels},finished_reason=\"stop\"}} {requests}.0\n"
                    + $"vllm:request_success_created{{{labels},finished_reason=\"stop\"}} 1.79e+09\n"
                    + $"vllm:prompt_tokens_by_source_total{{{labels},source=\"local_compute\"}} {requests * 75}.0\n");
            Histogram("vllm:time_to_first_token_seconds", requests, 0.2);
            Histogram(
                isOld ? "vllm:time_per_output_token_seconds" : "vllm:inter_token_latency_seconds", requests * 19, 0.03);
            if (!isOld)
            {
                Histogram("vllm:request_time_per_output_token_seconds", requests, 0.03);
            }

            Histogram("vllm:e2e_request_latency_seconds", requests, 0.77);
            Histogram("vllm:request_queue_time_seconds", requests, 0.05);
            Histogram("vllm:request_prefill_time_seconds", requests, 0.15);

            void Line(string name, double value) => page.Append(CultureInfo.InvariantCulture, $"{name}{{{labels}}} {value}\n");

            void Counter(string name, double value)
            {
                Line(name + "_total", value);
                Line(name + "_created", 1.79e9);
            }

            void Histogram(string name, int count, double each)
            {
                page.Append(CultureInfo.InvariantCulture, $"{name}_bucket{{{labels},le=\"+Inf\"}} {count}.0\n");
                Line(name + "_count", count);
                Line(name + "_sum", count * each);
                Line(name + "_created", 1.79e9);
            }
        }

        return page.ToString();
    }

    /// <summary>SGLang's of 2026 with metrics of all ranks, as two of a tensor-parallel group show them.</summary>
    public static string SglangOfAllRanks(int requests)
    {
        StringBuilder page = new();
        foreach (int rank in (int[])[0, 1])
        {
            string labels = $"engine_type=\"unified\",model_name=\"m\",pp_rank=\"0\",tp_rank=\"{rank}\"";
            page.Append(
                CultureInfo.InvariantCulture,
                $"sglang:num_running_reqs{{{labels}}} 3.0\nsglang:num_queue_reqs{{{labels}}} 2.0\nsglang:token_usage{{{labels}}} 0.25\n"
                    + $"sglang:queue_time_seconds_count{{{labels}}} {requests}.0\n"
                    + $"sglang:queue_time_seconds_sum{{{labels}}} {requests * 0.1}\n");
        }

        page.Append(
            CultureInfo.InvariantCulture,
            $"""
            sglang:num_requests_total{"{"}model_name="m"{"}"} {requests}.0
            sglang:prompt_tokens_total{"{"}model_name="m"{"}"} {requests * 200}.0
            sglang:generation_tokens_total{"{"}model_name="m"{"}"} {requests * 10}.0
            sglang:cached_tokens_total{"{"}cache_source="device",model_name="m"{"}"} {requests * 40}.0
            sglang:cached_tokens_total{"{"}cache_source="host",model_name="m"{"}"} {requests * 10}.0
            sglang:request_time_per_output_token_seconds_sum{"{"}model_name="m",stream="true"{"}"} {requests * 0.02}
            sglang:request_time_per_output_token_seconds_count{"{"}model_name="m",stream="true"{"}"} {requests}.0

            """);
        return page.ToString();
    }

    /// <summary>SGLang's, without its histograms of lengths; two replicas.</summary>
    public static string Sglang(int requests) => string.Create(
        CultureInfo.InvariantCulture,
        $$"""
        sglang:num_running_reqs{engine_type="unified",dp_rank="0",model_name="m"} 3.0
        sglang:num_running_reqs{engine_type="unified",dp_rank="1",model_name="m"} 1.0
        sglang:num_queue_reqs{engine_type="unified",dp_rank="0",model_name="m"} 0.0
        sglang:num_queue_reqs{engine_type="unified",dp_rank="1",model_name="m"} 0.0
        sglang:token_usage{engine_type="unified",dp_rank="0",model_name="m"} 0.5
        sglang:token_usage{engine_type="unified",dp_rank="1",model_name="m"} 0.1
        sglang:num_requests_total{model_name="m"} {{requests}}.0
        sglang:prompt_tokens_total{model_name="m"} {{requests * 300}}.0
        sglang:cached_tokens_total{model_name="m",cache_source="total"} {{requests * 75}}.0
        sglang:generation_tokens_total{model_name="m"} {{requests * 40}}.0
        sglang:time_to_first_token_seconds_sum{model_name="m"} {{requests * 0.2}}
        sglang:time_to_first_token_seconds_bucket{le="0.1",model_name="m"} 0.0
        sglang:time_to_first_token_seconds_bucket{le="+Inf",model_name="m"} {{requests}}.0
        sglang:time_to_first_token_seconds_count{model_name="m"} {{requests}}.0
        sglang:inter_token_latency_seconds_sum{model_name="m"} {{requests * 39 * 0.02}}
        sglang:inter_token_latency_seconds_count{model_name="m"} {{requests * 39}}

        """);

    /// <summary>TGI's, which has neither time to first token nor per token.</summary>
    public static string Tgi(int requests) => string.Create(
        CultureInfo.InvariantCulture,
        $"""
        tgi_batch_current_size 5
        tgi_queue_size 2
        tgi_request_success {requests}
        tgi_request_input_length_sum {requests * 64}
        tgi_request_input_length_count {requests}
        tgi_request_generated_tokens_sum {requests * 16}
        tgi_request_generated_tokens_count {requests}
        tgi_request_duration_sum {requests * 0.5}
        tgi_request_duration_count {requests}
        tgi_request_queue_duration_sum {requests * 0.125}
        tgi_request_queue_duration_count {requests}
        tgi_request_mean_time_per_token_duration_sum {requests * 0.03}
        tgi_request_mean_time_per_token_duration_count {requests}

        """);
}
