using System.Text;
using Inferometer.Measurement.Published.Results;
using Inferometer.Measurement.Watch;
using Inferometer.ModelFiles.Fuzzing;
using Inferometer.Serving.Arrivals;

namespace Inferometer.Measurement.Fuzzing;

/// <summary>The readers of traces, of metrics that services show, and of what other programs measured.</summary>
public static class MeasurementTargets
{
    private const string Origin = "fuzzed";

    /// <summary>Traces of arrivals as comma-separated values, of every layout that is known.</summary>
    public static FuzzTarget Traces => Text("traces",
        [
            "time,input,output,priority,group\n0,100,20,1,a\n0.5,200,30,0,\n",
            "TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:17:03.9799600,374,44\n2023-11-16 18:17:04.0319600,396,109\n",
            "Timestamp,Model,Request tokens,Response tokens,Total tokens,Log Type\n5,ChatGPT,472,18,490,Conversation log\n",
            "arrived_at,num_prefill_tokens,num_decode_tokens\n0.1,\"512\",64\n",
        ],
        static text => ArrivalTraceReader.ReadCsv(new StringReader(text), Origin));

    /// <summary>Traces of arrivals as an object a line.</summary>
    public static FuzzTarget TraceLines => Text("trace-lines",
        [
            "{\"time\":0,\"input\":3,\"output\":2,\"prompt\":[1,2,3]}\n{\"time\":1.5,\"input\":7,\"output\":1,\"priority\":2,\"gr"
                + "oup\":\"g\"}\n",
            "{\"timestamp\": 27482, \"input_length\": 6955, \"output_length\": 52, \"hash_ids\": [46, 47, 48, 49, 50, 51, 52, 53,"
                + " 54, 55, 56, 57, 2353, 2354]}\n",
            "{\"input_toks\":86,\"output_toks\":70,\"arrival_time_ns\":480000000}\n",
        ],
        static text => ArrivalTraceReader.ReadJsonLines(new StringReader(text), Origin));

    /// <summary>ShareGPT's conversations.</summary>
    public static FuzzTarget ShareGpt => new("sharegpt", ["""
        [{"id":"a","conversations":[{"from":"human","value":"What is the capital of France, and why?"},{"from":"gpt","value":"Paris, since the tenth century."}]},
         {"id":"b","conversations":[{"from":"human","value":"Hello there, how do you do today?"},{"from":"gpt","value":"Well, thank you for asking me."},{"from":"human","value":"x"}]}]
        """u8.ToArray()],
        static input =>
        {
            using MemoryStream stream = new(input, writable: false);
            _ = LengthPairsReader.ReadShareGpt(stream, Origin);
        });

    /// <summary>A service's page of metrics.</summary>
    public static FuzzTarget Metrics => Text("metrics",
        [
            """
            # HELP vllm:num_requests_running Number of requests in model execution batches.
            # TYPE vllm:num_requests_running gauge
            vllm:num_requests_running{engine="0",model_name="meta/llama"} 3.0
            vllm:num_requests_waiting{engine="0",model_name="meta/llama"} 0
            vllm:kv_cache_usage_perc{engine="0",model_name="meta/llama"} 0.25
            vllm:request_success_total{engine="0",finished_reason="length",model_name="meta/llama"} 12
            vllm:prompt_tokens_total{engine="0",model_name="meta/llama"} 1.2e+03
            vllm:generation_tokens_total{engine="0",model_name="meta/llama"} 240
            vllm:time_to_first_token_seconds_bucket{engine="0",le="0.1",model_name="meta/llama"} 4
            vllm:time_to_first_token_seconds_bucket{engine="0",le="+Inf",model_name="meta/llama"} 12
            vllm:time_to_first_token_seconds_sum{engine="0",model_name="meta/llama"} 2.5
            vllm:time_to_first_token_seconds_count{engine="0",model_name="meta/llama"} 12

            """,
            "llamacpp:prompt_tokens_total 100\nllamacpp:prompt_seconds_total 0.5\nllamacpp:tokens_predicted_total 20\nllamacpp:to"
                + "kens_predicted_seconds_total 1 1395066363000\nllamacpp:requests_processing 1\nllamacpp:requests_deferred 0\n",
        ],
        static text => Scrape.Read(text, TimeSpan.Zero, model: null, Origin));

    /// <summary>Results of llama-bench, vLLM, AIPerf and tables of measurements.</summary>
    public static FuzzTarget Results => Text("results",
        [
            """[{"build_commit":"f5a9a1c","cpu_info":"AMD EPYC","gpu_info":"","backends":"CPU","model_filename":"tiny-q8_0.gguf","model_type":"llama 1B Q8_0","model_size":1234567,"model_n_params":1100000,"n_batch":512,"n_threads":2,"n_prompt":512,"n_gen":0,"test_time":"2026-01-31T08:30:00Z","avg_ns":1,"stddev_ns":1,"avg_ts":101.0,"stddev_ts":1.0,"samples_ts":[100.0,101.0,102.0]}]""",
            "| model                          |       size |     params | backend    | threads |          test |                 "
                + " t/s |\n| ------------------------------ | ---------: | ---------: | ---------- | ------: | ------------: | --"
                + "-----------------: |\n| llama 1B Q8_0                  |   1.22 GiB |     1.24 B | CPU        |       2 |     "
                + "    pp512 |        101.00 ± 1.00 |\n",
            """{"date":"20260131-083000","backend":"vllm","model_id":"meta-llama/Llama-3.1-8B","num_prompts":4,"request_rate":"inf","max_concurrency":2,"duration":10.0,"completed":4,"total_input_tokens":400,"total_output_tokens":12,"request_throughput":0.4,"output_throughput":1.2,"mean_ttft_ms":25.0,"median_ttft_ms":25.0,"mean_tpot_ms":10.0,"ttfts":[0.01,0.02],"itls":[[0.01],[0.01]],"input_lens":[100,100],"output_lens":[3,3]}""",
            """{"aiperf_version":"0.3.0","time_to_first_token":{"unit":"ms","avg":50.0,"p50":48.0,"p99":90.0},"inter_token_latency":{"unit":"s","avg":0.02},"output_token_throughput":{"unit":"tokens/sec","avg":321.0},"request_count":{"unit":"requests","avg":100},"input_sequence_length":{"unit":"tokens","avg":100},"output_sequence_length":{"unit":"tokens","avg":20},"input_config":{"endpoint":{"model_names":["qwen3-8b"]},"loadgen":{"concurrency":8}}}""",
        ],
        static text => BenchmarkResultReader.Read(text, Origin, Subject));

    /// <summary>All of the above.</summary>
    public static IReadOnlyList<FuzzTarget> All => [Traces, TraceLines, ShareGpt, Metrics, Results];

    private static BenchmarkSubject Subject => new() { Model = "llama-3.1-8b", System = "h100", Framework = "vllm", Precision = "bf16" };

    private static FuzzTarget Text(string name, string[] seeds, Action<string> read) =>
        new(name, [.. seeds.Select(Encoding.UTF8.GetBytes)], input => read(Encoding.UTF8.GetString(input)));
}
