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
