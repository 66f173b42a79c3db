using Inferometer.Core;
using Inferometer.History.Import;
using Inferometer.History.Records;
using Inferometer.Measurement.Published.Results;

namespace Inferometer.History.Tests.Import;

/// <summary>Results as their programs write them, by the fields of their documentation.</summary>
public sealed class ImportTests
{
    private const string LlamaBench = """
        [
          {"build_commit":"f5a9a1c","cpu_info":"AMD EPYC","gpu_info":"","backends":"CPU","model_filename":"models/tiny-q8_0.gguf","model_type":"llama 1B Q8_0",
           "n_threads":2,"n_prompt":512,"n_gen":0,"n_depth":0,"test_time":"2026-01-31T08:30:00Z","avg_ns":1,"stddev_ns":1,
           "avg_ts":101.0,"stddev_ts":1.0,"samples_ns":[1,2,3],"samples_ts":[100.0,101.0,102.0]},
          {"build_commit":"f5a9a1c","cpu_info":"AMD EPYC","gpu_info":"","backends":"CPU","model_filename":"models/tiny-q8_0.gguf","model_type":"llama 1B Q8_0",
           "n_threads":2,"n_prompt":0,"n_gen":128,"n_depth":256,"test_time":"2026-01-31T08:31:00Z","avg_ns":1,"stddev_ns":1,
           "avg_ts":20.0,"stddev_ts":1.0,"samples_ns":[1,2],"samples_ts":[19.0,21.0]}
        ]
        """;

    private const string Vllm = """
        {"date":"20260131-083000","backend":"vllm","model_id":"meta-llama/Llama-3.1-8B","num_prompts":4,"request_rate":2.0,"burstiness":1.0,
         "max_concurrency":null,"duration":10.0,"completed":4,"total_input_tokens":400,"total_output_tokens":12,"request_throughput":0.4,
         "output_throughput":1.2,"total_token_throughput":41.2,"mean_ttft_ms":25.0,"median_ttft_ms":25.0,"std_ttft_ms":11.180339887,
         "p99_ttft_ms":39.7,"mean_tpot_ms":10.0,"std_tpot_ms":2.0,"mean_e2el_ms":999.0,
         "ttfts":[0.01,0.02,0.03,0.04],"itls":[[0.01,0.01],[0.01,0.01],[0.01,0.01],[0.01,0.01]],"output_lens":[3,3,3,3]}
        """;

    private const string AiPerf = """
        {"aiperf_version":"0.3.0","time_to_first_token":{"unit":"ms","avg":50.0,"p50":48.0,"p99":90.0,"std":10.0},
         "inter_token_latency":{"unit":"s","avg":0.02,"p50":0.019},"request_latency":{"unit":"ms","avg":900.0},
         "output_token_throughput":{"unit":"tokens/sec","avg":321.0},"request_count":{"unit":"requests","avg":100},
         "input_config":{"endpoint":{"model_names":["qwen3-8b"]},"loadgen":{"concurrency":8}}}
        """;

    [Fact]
    public void Tests_of_llama_bench_are_one_run_with_their_repetitions()
    {
        RunRecord run = Assert.Single(Read(LlamaBench));
        Assert.Equal(("tiny-q8_0.gguf", "AMD EPYC", "llama-bench f5a9a1c"), (run.Model, run.On, run.Product));
        Assert.Equal(new DateTimeOffset(2026, 1, 31, 8, 30, 0, TimeSpan.Zero), run.At);
        Assert.Equal(["pp512", "tg128 @ d256"], run.Metrics.Select(m => m.Key));
        Assert.Equal([100.0, 101, 102], run.SeriesOf(run.Metrics[0])!.Values);
        Assert.All(run.Metrics, m => Assert.Equal(Better.Higher, m.Better));
    }

    [Fact]
    public void A_result_of_vLLM_keeps_its_keys_and_the_requests_that_give_its_figures()
    {
        RunRecord run = Assert.Single(Read(Vllm));
        Assert.Equal("meta-llama/Llama-3.1-8B", run.Model);
        Assert.Equal(("ttft_ms", Statistic.Mean), (run.Find("mean_ttft_ms")!.Series, run.Find("mean_ttft_ms")!.Statistic));
        Assert.Equal("ttft_ms", run.Find("p99_ttft_ms")!.Series);
        Assert.Equal("tpot_ms", run.Find("mean_tpot_ms")!.Series);
        Assert.Null(run.Find("mean_e2el_ms")!.Series); // the requests give another figure
        Assert.Equal((Better.Lower, Better.Higher, Better.Neither),
            (run.Find("median_ttft_ms")!.Better, run.Find("output_throughput")!.Better, run.Find("completed")!.Better));
        Assert.Contains("\"request_rate\":2.0", run.Config.Json, StringComparison.Ordinal);
        Assert.DoesNotContain("date", run.Config.Json, StringComparison.Ordinal);
    }

    [Fact]
    public void A_result_of_AIPerf_comes_under_the_same_keys()
    {
        RunRecord run = Assert.Single(Read(AiPerf));
        Assert.Equal(("qwen3-8b", "AIPerf 0.3.0"), (run.Model, run.Product));
        Assert.Equal((48.0, 19.0, 900.0, 321.0),
            (run.Find("median_ttft_ms")!.Value, run.Find("median_tpot_ms")!.Value, run.Find("mean_e2el_ms")!.Value,
            run.Find("output_throughput")!.Value));
        Assert.Equal(1.0, run.Find("mean_ttft_ms")!.StandardError!.Value, 1e-9); // 10 ms over the root of 100 requests
    }

    [Fact]
    public void Equal_files_are_equal_runs_and_what_is_said_beside_them_goes_before()
    {
        Assert.Equal(Read(Vllm)[0].Id, Read(Vllm)[0].Id);
        RunRecord run = ResultImport.Read(Vllm, "r.json", SampleRuns.Start, new BenchmarkSubject { Model = "mine", System = "h100" })[0];
        Assert.Equal(("mine", "h100"), (run.Model, run.On));
    }

    [Theory]
    [InlineData("{\"aiperf_version\":\"1\",\"request_count\":{\"avg\":100},\"time_to_first_token\":{\"unit\":\"ms\",\"avg\":50},"
        + "\"request_latency\":{\"unit\":\"ms\",\"avg\":9},\"output_token_throughput\":{\"avg\":3},\"request_throughput\":{\"avg\":1},"
        + "\"input_config\":{\"loadgen\":{\"a\":1},\"loadgen\":{\"b\":1,\"c\":[{\"d\":1,\"d\":2}],\"b\":3}}}",
        "\"loadgen\":{\"b\":3,\"c\":[{\"d\":2}]}")]
    [InlineData("[{\"build_commit\":\"f\",\"model_filename\":\"m.gguf\",\"n_prompt\":512,\"n_gen\":0,\"avg_ts\":101.0,\"stddev_ts\":1.0,"
        + "\"samples_ts\":[1.0],\"extra\":{\"x\":1,\"x\":2}}]", "\"extra\":{\"x\":2}")]
    public void Of_equal_names_the_last_counts_however_deep_they_lie(string text, string settings) =>
        Assert.Contains(settings, Assert.Single(Read(text)).Config.Json, StringComparison.Ordinal);

    [Theory]
    [InlineData("{}", "of no benchmark that is known")]
    [InlineData("[]", "it holds no result")]
    [InlineData("| model | test | t/s |\n| --- | --- | --- |\n| llama | pp512 | 5.00 ± 0.10 |\n", "-o json, jsonl or csv")]
    [InlineData("n_prompt,n_gen,avg_ts\n512,0,fast\n", "no number above 0 in 'avg_ts'")]
    [InlineData("", "r.json: it is empty. Read are results of llama-bench")]
    [InlineData(" \n", "r.json: it is empty.")]
    [InlineData("nonsense", "neither one JSON document")]
    [InlineData("[1]", "it is no object")]
    public void Other_files_are_refused(string text, string complaint) =>
        Assert.Contains(complaint, Assert.Throws<InferometerException>(() => Read(text)).Message, StringComparison.Ordinal);

    [Fact]
    public void Figures_below_0_are_refused()
    {
        string text = Vllm.Replace("\"mean_tpot_ms\":10.0", "\"mean_tpot_ms\":-10.0", StringComparison.Ordinal);
        Assert.NotEqual(Vllm, text);
        Assert.Contains("mean_tpot_ms is -10", Assert.Throws<InferometerException>(() => Read(text)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Llama_bench_in_csv_is_what_it_is_in_json()
    {
        const string Csv = "build_commit,model_filename,cpu_info,n_threads,use_mmap,tensor_split,n_prompt,n_gen,test_time,avg_ts,"
            + "stddev_ts\n"
            + "\"12345\",\"a/m.gguf\",\"a, b\",\"4\",\"1\",\"0.00\",\"512\",\"0\",\"2026-01-01T00:00:00Z\",\"101.5\",\"1.0\"\n";
        const string Json = """
            [{"build_commit":"12345","model_filename":"a/m.gguf","cpu_info":"a, b","n_threads":4,"use_mmap":true,
              "tensor_split":"0.00","n_prompt":512,"n_gen":0,
              "test_time":"2026-01-01T00:00:00Z","avg_ts":101.5,"stddev_ts":1.0}]
            """;
        RunRecord fromCsv = Assert.Single(ResultImport.Read(Csv, "bench", DateTimeOffset.UnixEpoch, new BenchmarkSubject()));
        RunRecord fromJson = Assert.Single(ResultImport.Read(Json, "bench", DateTimeOffset.UnixEpoch, new BenchmarkSubject()));
        Assert.Equal(101.5, fromCsv.Find("pp512")!.Value);
        Assert.Equal(fromJson.Id, fromCsv.Id);
    }

    [Fact]
    public void What_is_no_result_is_named_by_the_path_that_was_given()
    {
        string folder = Directory.CreateTempSubdirectory().FullName;
        try
        {
            string path = Path.Combine(folder, "empty.json");
            File.WriteAllText(path, "");
            Assert.StartsWith(
                path + ": it is empty.", Assert.Throws<InferometerException>(() => ResultImport.Read(path, new BenchmarkSubject())).Message,
                StringComparison.Ordinal);
            File.WriteAllText(path, Vllm);
            Assert.Equal(["import", "empty.json"], ResultImport.Read(path, new BenchmarkSubject())[0].CommandLine);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static IReadOnlyList<RunRecord> Read(string text) =>
        ResultImport.Read(text, "r.json", SampleRuns.Start, new BenchmarkSubject());
}
