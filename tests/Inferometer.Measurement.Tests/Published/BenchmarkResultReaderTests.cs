using Inferometer.Core;
using Inferometer.Measurement.Fitting;
using Inferometer.Measurement.Published;
using Inferometer.Measurement.Published.Results;
using Inferometer.Measurement.Replay;
using Inferometer.Simulation.Fitting;
using Inferometer.Simulation.Planning;

namespace Inferometer.Measurement.Tests.Published;

/// <summary>Fields and their spelling are those of the tools' documentation; llama-bench's rows are those of its README.</summary>
public sealed class BenchmarkResultReaderTests
{
    private const string Prompt =
        """{"cpu_info":"AMD Ryzen 7 7800X3D 8-Core Processor","gpu_info":"NVIDIA GeForce RTX 4080","backends":"CUDA","model_filename":"models/Qwen2.5-7B-Instruct-Q4_K_M.gguf","model_type":"qwen2 7B Q4_K - Medium","type_k":"f16","n_gpu_layers":-1,"n_prompt":512,"n_gen":0,"n_depth":0,"avg_ns":72135640,"avg_ts":7100.002165}""";

    private const string Generation =
        """{"gpu_info":"NVIDIA GeForce RTX 4080","backends":"CUDA","model_filename":"models/Qwen2.5-7B-Instruct-Q4_K_M.gguf","model_type":"qwen2 7B Q4_K - Medium","type_k":"f16","n_gpu_layers":-1,"n_prompt":0,"n_gen":128,"n_depth":64,"avg_ts":118.881588}""";

    private const string Csv =
        "gpu_info,backends,model_filename,model_type,type_k,n_gpu_layers,n_prompt,n_gen,n_depth,avg_ns,avg_ts\n"
        + "\"NVIDIA GeForce RTX 4080\",\"CUDA\",\"models/Qwen2.5-7B-Instruct-Q4_K_M.gguf\",\"qwen2 7B Q4_K - Medium\",\"f16\","
        + "\"-1\",\"512\",\"0\",\"0\",\"70285660\",\"7285.676949\"\n";

    private const string Markdown =
        """
        | model                          |       size |     params | backend    | ngl |            test |                  t/s |
        | ------------------------------ | ---------: | ---------: | ---------- | --: | --------------: | -------------------: |
        | qwen2 7B Q4_K - Medium         |   4.36 GiB |     7.62 B | CUDA       |  -1 |           pp512 |      7340.20 ± 23.45 |
        | llama 7B mostly Q4_0           |   3.56 GiB |     6.74 B | CUDA       |  -1 | tg 128          |    132.19 ± 0.55     |
        | qwen2 7B Q4_K - Medium         |   4.36 GiB |     7.62 B | CUDA       |  -1 |    tg128 @ d512 |        116.71 ± 0.60 |
        """;

    private const string Vllm =
        """{"backend":"vllm","model_id":"meta-llama/Llama-3.1-8B-Instruct","num_prompts":320,"request_rate":"inf","max_concurrency":32,"completed":320,"total_input_tokens":320000,"total_output_tokens":64000,"mean_ttft_ms":180.5,"mean_tpot_ms":9.6,"mean_e2el_ms":2091.0}""";

    private const string AiPerf =
        """{"request_latency":{"unit":"ms","avg":6550.35},"time_to_first_token":{"unit":"s","avg":1.58879},"inter_token_latency":{"unit":"us","avg":51760},"output_sequence_length":{"unit":"tokens","avg":96.85},"input_sequence_length":{"unit":"tokens","avg":550},"input_config":{"endpoint":{"model_names":["openai/gpt-oss-20b"]},"loadgen":{"concurrency":100}}}""";

    private static readonly BenchmarkSubject Served = new() { System = "h100", Framework = "vllm", Precision = "bf16", Tensor = 2 };

    [Theory]
    [InlineData($"[{Prompt},\n{Generation}]")]
    [InlineData($"{Prompt}\n{Generation}\n")]
    public void Llama_bench_JSON_says_what_ran(string text)
    {
        IReadOnlyList<ThroughputMeasurement> rows = Read(text, new()).Throughput;

        Assert.Equal(["Qwen2.5-7B-Instruct", "Qwen2.5-7B-Instruct"], rows.Select(r => r.Model));
        Assert.All(rows, r => Assert.Equal(("RTX_4080", "q4_k_m", "llama.cpp", 1), (r.System, r.Precision, r.Framework, r.Concurrency)));
        Assert.Equal((512, (int?)null, 0, ThroughputMetric.PrefillTokensPerSecond, 7100.002165), Of(rows[0]));
        Assert.Equal((null, 128, 64, ThroughputMetric.DecodeTokensPerSecond, 118.881588), Of(rows[1]));
        Assert.Equal("file, result 2", rows[1].Id);
    }

    [Fact]
    public void Llama_bench_CSV_has_the_same_fields()
    {
        ThroughputMeasurement row = Assert.Single(Read(Csv, new()).Throughput);
        Assert.Equal((512, (int?)null, 0, ThroughputMetric.PrefillTokensPerSecond, 7285.676949), Of(row));
        Assert.Equal(("RTX_4080", "q4_k_m", "file, line 2"), (row.System, row.Precision, row.Id));
    }

    [Fact]
    public void Llama_bench_Markdown_says_the_test_and_the_format_but_not_the_machine()
    {
        IReadOnlyList<ThroughputMeasurement> rows = Read(Markdown, new() { Model = "qwen2-7b", System = "rtx4080" }).Throughput;
        Assert.Equal((512, (int?)null, 0, ThroughputMetric.PrefillTokensPerSecond, 7340.2), Of(rows[0]));
        Assert.Equal((null, 128, 0, ThroughputMetric.DecodeTokensPerSecond, 132.19), Of(rows[1]));
        Assert.Equal((null, 128, 512, ThroughputMetric.DecodeTokensPerSecond, 116.71), Of(rows[2]));
        Assert.Equal(["q4_k_m", "q4_0", "q4_k_m"], rows.Select(r => r.Precision));
    }

    [Fact]
    public void A_serving_benchmark_is_a_closed_loop_of_mean_lengths()
    {
        ServingMeasurement row = Assert.Single(Read(Vllm, Served).Serving);
        Assert.Equal(("meta-llama/Llama-3.1-8B-Instruct", "h100", "vllm", "bf16"), (row.Model, row.System, row.Framework, row.Precision));
        Assert.Equal((32, 1000, 200, 2), (row.Concurrency, row.NominalInputTokens, row.NominalOutputTokens, row.Engine.Devices));
        Assert.Equal((180.5, 9.6), (row.TtftMs, row.TpotMs));
    }

    [Fact]
    public void AIPerf_states_units_with_each_metric()
    {
        ServingMeasurement row = Assert.Single(Read(AiPerf, Served).Serving);
        Assert.Equal(("openai/gpt-oss-20b", 100, 550, 97), (row.Model, row.Concurrency, row.NominalInputTokens, row.NominalOutputTokens));
        Assert.Equal(1588.79, row.TtftMs!.Value, 1e-9);
        Assert.Equal(51.76, row.TpotMs!.Value, 1e-9);
    }

    [Theory]
    [InlineData("""{"perf_analyzer":{"stimulus":{"concurrency":8}},"model_names":["gpt2"]}""")]
    [InlineData("""{"concurrency":8,"model":["gpt2"]}""")]
    public void GenAI_Perf_has_the_load_elsewhere(string config)
    {
        string text = AiPerf[..AiPerf.IndexOf("\"input_config\"", StringComparison.Ordinal)] + "\"input_config\":" + config + "}";
        ServingMeasurement row = Assert.Single(Read(text, Served).Serving);
        Assert.Equal((8, "gpt2"), (row.Concurrency, row.Model));
    }

    [Theory]
    [InlineData("", "file: the file is empty")]
    [InlineData("{}", "file, result 1: its fields are of no benchmark that is known")]
    [InlineData("[1]", "file, result 1: it is no object")]
    [InlineData("{\"a\":1}\nx", "file: neither one JSON document nor one object a line; line 2 is no JSON")]
    [InlineData("| a | b |", "file: it holds no measurement")]
    public void What_is_no_result_is_refused(string text, string message) => Refused(text, Served, message);

    [Fact]
    public void What_nobody_says_is_asked_for_with_its_option()
    {
        Refused(Markdown, new(), "file, line 3: it does not say which model ran; say it with --model");
        Refused(Markdown, new() { Model = "m" }, "file, line 3: it does not say on which machine; say it with --on");
        Refused(Vllm, new(), "file, result 1: it does not say on which machine; say it with --on");
        Refused(Vllm, new() { System = "h100" }, "file, result 1: it does not say in which number format; say it with --bits");
        Refused(AiPerf, new() { System = "h100" }, "file, result 1: it does not say which framework served; say it with --framework");
    }

    [Theory]
    [InlineData("\"max_concurrency\":32", "\"max_concurrency\":null,\"request_rate\":4", "requests came at a rate")]
    [InlineData("\"mean_tpot_ms\":9.6", "\"mean_tpot_ms\":9600", "do not go into a whole request of 2091 ms")]
    [InlineData("\"mean_tpot_ms\":9.6", "\"mean_tpot_ms\":-1", "the field 'mean_tpot_ms' is -1; it must be above 0")]
    [InlineData("\"completed\":320", "\"completed\":\"x\"", "the field 'completed' is \"x\"; it must be a number")]
    public void A_serving_result_that_cannot_be_is_refused_by_name(string from, string to, string message)
    {
        string text = Vllm.Replace("\"request_rate\":\"inf\",", "", StringComparison.Ordinal).Replace(from, to, StringComparison.Ordinal);
        Refused(text, Served, message);
    }

    [Theory]
    [InlineData("\"n_gen\":0", "\"n_gen\":128", "prompt and generation were timed as one")]
    [InlineData("RTX 4080", "RTX 4080, NVIDIA GeForce RTX 4080", "it ran on 2 devices")]
    [InlineData("\"n_gpu_layers\":-1", "\"n_gpu_layers\":10", "only 10 layers were on the device")]
    [InlineData("7100.002165", "0", "the field 'avg_ts' is '0'; it must be a number above 0")]
    public void A_llama_bench_row_that_cannot_be_used_is_refused_by_name(string from, string to, string message) =>
        Refused(Prompt.Replace(from, to, StringComparison.Ordinal), new(), message);

    [Fact]
    public void A_table_that_says_what_ran_takes_no_other_word_for_it()
    {
        const string table = "model,system,precision,isl,osl,concurrency,ttft_ms,tpot_ms\nllama-3.1-8b,h100,bf16,100,100,1,20,6\n";
        Assert.Single(Read(table, new()).Serving);
        Refused(table, Served, "the table says itself what ran");
    }

    [Fact]
    public void Rates_of_a_thousandth_are_refused_and_sound_ones_correct_the_model()
    {
        UserCalibrationResult result = Calibrate($"{Prompt}\n{Generation}");
        Assert.All(result.Rates, r => Assert.InRange(
            Math.Abs(Math.Log(r.AfterSeconds / r.Rate.StepSeconds)), 0, Math.Abs(Math.Log(r.BeforeSeconds / r.Rate.StepSeconds)) + 0.02));
        InferometerException error = Assert.Throws<InferometerException>(
            () => Calibrate(Prompt.Replace("7100.002165", "7.1", StringComparison.Ordinal)));
        Assert.StartsWith("file, result 1: a prompt of", error.Message, StringComparison.Ordinal);
    }

    private static UserCalibrationResult Calibrate(string text)
    {
        ReplaySetup setup = new(Catalogs.From(null), null, "calibrated");
        return UserCalibration.Fit(
            "own", Simulation.Calibration.CalibrationSet.BuiltIn, [], MeasuredRates.Of(Read(text, new()), "llama.cpp", setup),
            cancellationToken: TestContext.Current.CancellationToken);
    }

    private static void Refused(string text, BenchmarkSubject subject, string message)
    {
        InferometerException error = Assert.Throws<InferometerException>(() => Read(text, subject));
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.StartsWith("file", error.Message, StringComparison.Ordinal);
    }

    private static PublishedTable Read(string text, BenchmarkSubject subject) => BenchmarkResultReader.Read(text, "file", subject);

    private static (int?, int?, int, ThroughputMetric, double) Of(ThroughputMeasurement r) =>
        (r.InputTokens, r.OutputTokens, r.DepthTokens, r.Metric, r.Value);
}
