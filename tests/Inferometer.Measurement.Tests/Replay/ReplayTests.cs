using System.Text.Json.Nodes;
using Inferometer.Core;
using Inferometer.Measurement.Published;
using Inferometer.Measurement.Published.Layouts;
using Inferometer.Measurement.Replay;
using Inferometer.Simulation.Configuration;
using Inferometer.Simulation.Planning;
using Inferometer.Simulation.Results;

namespace Inferometer.Measurement.Tests.Replay;

/// <summary>Rows replayed in the roofline, against figures worked out by hand and against the estimate that a user would ask for.</summary>
public sealed class ReplayTests
{
    // Of the catalog's H100_SXM and the generic fractions of peak.
    private const double Bandwidth = 0.85 * 3350e9;
    private const double Bf16 = 0.7 * 989.4e12;
    private const double Launch = 3e-6;

    private static readonly ReplaySetup Setup = new(Catalogs.From(null), null, "roofline");

    [Fact]
    public void A_product_of_one_row_reads_its_weights()
    {
        // 2 bytes x (4096 x 6144 weights + 4096 in + 6144 out).
        const double Bytes = 2 * ((4096.0 * 6144) + 4096 + 6144);
        Assert.Equal(1e6 * ((Bytes / Bandwidth) + Launch), Predict("NVIDIA H100 80GB HBM3,bf16,1,6144,4096,20.511,\n"), 6);
    }

    [Fact]
    public void A_product_of_many_rows_multiplies()
    {
        const double Flops = 2.0 * 8192 * 6144 * 4096;
        Assert.Equal(1e6 * ((Flops / Bf16) + Launch), Predict("NVIDIA H100 80GB HBM3,bf16,8192,6144,4096,600,\n"), 6);
    }

    [Fact]
    public void Attention_reads_its_cache()
    {
        // 16 sequences x 8192 tokens x 8 heads of keys and values x 128 x 2 bytes, beside queries and outputs of 32 heads.
        const double Cache = 16.0 * 8192 * 2 * 8 * 128 * 2, Ends = 16.0 * 2 * 32 * 128 * 2;
        (double us, _) = new OperatorReplay(Setup).Predict(One(
            "device,kind,heads,dtype,batch,tokens,context,us,extra\nNVIDIA H100 80GB HBM3,attn_decode,q32 kv8 d128,bf16,16,1,8192,180,\n"));
        Assert.Equal(1e6 * (((Cache + Ends) / (0.8 * 3350e9)) + Launch), us, 6);
    }

    [Fact]
    public void A_serving_row_is_the_estimate_of_its_configuration()
    {
        ServingMeasurement row = Assert.Single(PublishedTableReader.Read(
            new StringReader(
                "origin,model,system,framework,precision,isl,osl,concurrency,n_gpu,tp,attn_dp,moe_tp,moe_ep,ttft_ms,tpot_ms\n"
                + "inferencex,deepseek-ai/DeepSeek-R1,h200_sxm,sglang,fp8,1000,1000,64,8,1,8,1,8,500,20\n"),
            "t.csv").Serving);

        ServingPrediction prediction = new CostModelReplay(Setup).Predict(row);

        Assert.Equal(Estimate(64).Metrics.TpotMs!.Value, prediction.TpotMs!.Value, 9);
        Assert.Equal(Estimate(1).Metrics.TtftMs!.Value, prediction.TtftMs!.Value, 9);

        SimulationResult Estimate(int batch) => Catalogs.From(null).CreateEngine().Simulate(SimulationConfig.FromJson($$"""
            {
              "model": "deepseek-ai/DeepSeek-R1",
              "features": ["prefill", "decode", "flash_attention"],
              "simulation_params": {
                "system_name": "H200_SXM", "tensor_parallel": 1, "data_parallel": 8, "attention_data_parallel": true, "expert_parallel": 8,
                "batch_size": {{batch}}, "input_tokens": 900, "output_tokens": 900, "cost_model": "roofline",
                "quantization": {
                  "weights": "fp8", "activations": "fp8", "kv_cache": "fp8", "communication": "bf16", "embeddings": "bf16"
                }
              }
            }
            """));
    }

    [Fact]
    public void Separate_workers_are_priced_each_on_its_own()
    {
        const string Text = """
            model,system,precision,mode,isl,osl,concurrency,prefill_workers,prefill_tp,decode_workers,decode_tp,ttft_ms,tpot_ms
            meta-llama/Llama-3.1-70B,h100_sxm,bf16,disagg,1000,1000,64,1,8,2,4,500,20
            """;
        ServingMeasurement row = Assert.Single(PublishedTableReader.Read(new StringReader(Text), "t.csv").Serving);
        ServingPrediction both = new CostModelReplay(Setup).Predict(row);

        ServingPrediction eight = Together(8), four = Together(4);
        Assert.Equal(eight.TtftMs, both.TtftMs);
        Assert.Equal(four.TpotMs, both.TpotMs);
        Assert.NotEqual(eight.TpotMs, four.TpotMs);

        ServingPrediction Together(int tensor) => new CostModelReplay(Setup).Predict(
            row with { PrefillEngine = null, Concurrency = 32, Engine = new EnginePool { Tensor = tensor } });
    }

    [Theory]
    [InlineData("Qwen/Qwen3-30B-A3B", true)]
    [InlineData("meta-llama/Llama-3.3-70B-Instruct", false)]
    public void Tables_that_say_tensor_parallelism_of_spread_attention_are_read_as_they_ran(string model, bool spread)
    {
        ThroughputMeasurement named = Row("trtllm-perf-overview-1.0", "4,4,1,1"), other = Row("another", "4,4,1,1");
        ThroughputMeasurement said = Row("another", "4,1,1,4");
        ThroughputReplay replay = new(Setup);
        Assert.Equal(replay.Predict(spread ? said : other), replay.Predict(named));
        Assert.NotEqual(replay.Predict(said).Value, replay.Predict(other).Value);

        ThroughputMeasurement Row(string source, string degrees) => Assert.Single(PublishedTableReader.Read(
            new StringReader(
                "source,framework,framework_version,hardware,n_gpu,tp,pp,attn_dp,model,precision,isl,osl,concurrency,metric,value,unit,"
                + "note\n"
                + $"{source},trtllm,1.0,H200,{degrees},{model},fp8,1000,1000,max,total_output_tok_s,9000,tok/s,\n"),
            "t.csv").Throughput);
    }

    [Theory]
    [InlineData("llama.cpp", "MXFP4", "mxfp4_moe")]
    [InlineData("llama.cpp", "Q8_0", null)]
    [InlineData("vllm", "MXFP4", null)]
    public void Formats_are_those_that_the_framework_serves(string framework, string precision, string? bits)
    {
        JsonObject parameters = new DeploymentOfRow(Setup)
            .Of(new DeploymentText("gpt-oss-120b", "GB10", precision, "", framework, ""), new EnginePool(), 1, 32, 32)
            .SimulationParams.ToJson();
        Assert.Equal(bits, parameters["bits"]?.GetValue<string>());
        Assert.Equal(bits is null, parameters.ContainsKey("quantization"));
    }

    [Theory]
    [InlineData("Llama 3.1 8B offline,NVFP4,\"778 in / 73 out, per GPU\",output tok/s/GPU", 1)]
    [InlineData("Llama 3.1 8B offline,NVFP4,\"TP4 778 in / 73 out, per GPU\",output tok/s/GPU", 4)]
    [InlineData("Llama 3.1 8B,NVFP4,\"concurrency 384, 778/73\",output tok/s/GPU", 8)]
    public void Saturated_rates_of_each_device_are_of_replicas_where_no_degree_is_said(string row, int tensor) =>
        Assert.Equal(tensor, Assert.Single(PublishedTableReader.Read(
            new StringReader($"source_address,kind,hardware,model,precision,settings,metric,reported\na,speed,8x B200,{row},9000\n"),
            "t.csv").Throughput).Engine.Tensor);

    [Fact]
    public void A_rate_is_tokens_over_the_step_that_makes_them()
    {
        ThroughputReplay replay = new(Setup);
        ThroughputMeasurement prompt = Rate("pp,512,1,0"), one = Rate("tg,64,1,0"), many = Rate("bd,64,16,0");

        (double promptRate, _) = replay.Predict(prompt);
        (double oneRate, _) = replay.Predict(one);
        (double manyRate, _) = replay.Predict(many);
        ServingPrediction served = new CostModelReplay(Setup).Predict(new ServingMeasurement
        {
            Id = "r",
            Table = "t",
            Line = 2,
            Model = "llama-3.1-8b",
            System = "h100",
            Precision = "f16",
            NominalInputTokens = 512,
            NominalOutputTokens = 65,
            Concurrency = 1,
            Engine = new EnginePool(),
        });

        Assert.Equal(512_000 / served.TtftMs!.Value, promptRate, 6);
        Assert.InRange(manyRate, 10 * oneRate, 16 * oneRate);

        static ThroughputMeasurement Rate(string test) => Assert.Single(PublishedTableReader.Read(
            new StringReader(
                $"device,model,type,test,size,sequences,depth,tokens_per_s\nNVIDIA H100 80GB HBM3,llama-3.1-8b,f16,{test},100\n"),
            "t.csv").Throughput);
    }

    [Fact]
    public void Kinds_that_no_cost_model_knows_are_refused_by_name()
    {
        InferometerException error = Assert.Throws<InferometerException>(() => new OperatorReplay(Setup).Predict(One(
            "gpu,framework,version,op,dtype,num_gpus,bytes,us\nh100_sxm,nccl,2,all_gather,fp16,8,1024,9\n")));
        Assert.Equal("operators of the kind 'all_gather' are not predicted", error.Message);
    }

    private static double Predict(string row) =>
        new OperatorReplay(Setup).Predict(One("device,dtype,tokens,n,k,us,extra\n" + row)).Microseconds;

    private static OperatorMeasurement One(string text) =>
        Assert.Single(PublishedTableReader.Read(new StringReader(text), "t.csv").Operators);
}
