using Inferometer.Core;
using Inferometer.Measurement.Published;
using Inferometer.Measurement.Published.Layouts;

namespace Inferometer.Measurement.Tests.Published;

/// <summary>Each layout of published tables on a few rows as the tables have them.</summary>
public sealed class LayoutTests
{
    private const string Serving = """
        id,origin,framework,version,model,system,precision,mode,isl,osl,concurrency,n_gpu,tp,attn_dp,moe_tp,moe_ep,prefill_workers,prefill_tp,prefill_attn_dp,prefill_moe_tp,prefill_moe_ep,prefill_batch,decode_workers,decode_tp,decode_attn_dp,decode_moe_tp,decode_moe_ep,decode_batch,ttft_ms,tpot_ms,flag,dup
        s1,inferencex,vllm,0.19.0,MiniMaxAI/MiniMax-M2.5,b300_sxm,fp8,agg,8192,1024,128,4,4,1,4,1,,,,,,,,,,,,,972.311,33.44291,,0
        s2,nvidia-lab,trtllm,1.1.0,deepseek-ai/DeepSeek-R1,h200_sxm,fp8,agg,1024,1024,32,8,1,8,1,8,,,,,,,,,,,,,500,20,,1
        s3,inferencex,trtllm,1.1.0-dev.2,moonshotai/Kimi-K2.5,gb200,fp4,disagg,1024,1024,192,,,,,,1,1,4,1,4,1,4,8,1,1,8,48,395.3343,11.70306,,0
        s4,inferencex,vllm,0.19.0,MiniMaxAI/MiniMax-M2.5,b300_sxm,fp8,agg,1024,1024,64,28,28,1,28,1,,,,,,,,,,,,,1,1,parallelism_unclear,0
        """;

    [Fact]
    public void A_serving_row_says_what_ran_how_and_how_fast()
    {
        IReadOnlyList<ServingMeasurement> rows = Read(Serving).Serving;

        ServingMeasurement first = rows[0];
        Assert.Equal(
            ("s1", "MiniMaxAI/MiniMax-M2.5", "b300_sxm", "vllm", "fp8", 128),
            (first.Id, first.Model, first.System, first.Framework, first.Precision, first.Concurrency));
        Assert.Equal((8192, 1024), (first.NominalInputTokens, first.NominalOutputTokens));
        Assert.Equal((4, 1, 4, 1, 4), (first.Engine.Tensor, first.Engine.AttentionData, first.Engine.ExpertTensor, first.Engine.Expert,
            first.Devices));
        Assert.Equal((972.311, 33.44291), (first.TtftMs, first.TpotMs));
        Assert.True(first.IsGood);
        Assert.Equal([true, false, true, false], rows.Select(r => r.IsGood));
    }

    [Fact]
    public void Lengths_of_InferenceX_are_drawn_from_the_upper_fifth()
    {
        IReadOnlyList<ServingMeasurement> rows = Read(Serving).Serving;

        Assert.Equal(7372.8, rows[0].InputTokens, 9);
        Assert.Equal(921.6, rows[0].OutputTokens, 9);
        Assert.Equal(972.311 + (920.6 * 33.44291), rows[0].EndToEndMs!.Value, 6);
        Assert.Equal(1024, rows[1].InputTokens);
    }

    [Fact]
    public void Separate_workers_are_two_pools()
    {
        ServingMeasurement row = Read(Serving).Serving[2];

        Assert.Equal(
            (4, 8, 1, 8, 48),
            (row.Engine.Workers, row.Engine.Tensor, row.Engine.AttentionData, row.Engine.Expert, row.Engine.Batch));
        Assert.Equal((1, 1, 4, 4), (row.PrefillEngine!.Workers, row.PrefillEngine.Tensor, row.PrefillEngine.AttentionData,
            row.PrefillEngine.Expert));
        Assert.Equal(36, row.Devices);
        Assert.True(row.PrefillEngine.Parallelism.AttentionDataParallel);
    }

    [Fact]
    public void Eight_columns_are_enough_for_rows_of_ones_own()
    {
        ServingMeasurement row = Assert.Single(Read(
            "model,system,precision,isl,osl,concurrency,ttft_ms,tpot_ms\nllama-3.1-8b,h100,bf16,1000,200,64,900,30\n").Serving);

        Assert.Equal(("t:2", 1, 1000.0), (row.Id, row.Devices, row.InputTokens));
    }

    [Theory]
    [InlineData("tpot_ms", "-3", "t.csv, line 2, column tpot_ms: '-3' is not allowed; it must be a number above 0.")]
    [InlineData("tpot_ms", "2001", "t.csv, line 2, column tpot_ms: '2001' is not allowed; it must be at most the 2000 ms of e2e_ms.")]
    [InlineData("ttft_ms", "2001", "t.csv, line 2, column ttft_ms: '2001' is not allowed; it must be at most the 2000 ms of e2e_ms.")]
    [InlineData("isl", "0", "t.csv, line 2, column isl: '0' is not allowed; it must be a whole number of at least 1.")]
    [InlineData("concurrency", "", "t.csv, line 2, column concurrency: is empty; it must be a whole number of at least 1.")]
    [InlineData("n_gpu", "3", "t.csv, line 2, column n_gpu: '3' is not allowed; it must be tp x attn_dp = 2.")]
    [InlineData("mode", "other", "t.csv, line 2, column mode: 'other' is not allowed; it must be agg, disagg or empty.")]
    [InlineData("model", "", "t.csv, line 2, column model: is empty; it must be a text.")]
    public void Nonsense_is_refused_with_its_row_and_column(string column, string value, string message)
    {
        Dictionary<string, string> row = new()
        {
            ["model"] = "m",
            ["system"] = "h100",
            ["precision"] = "bf16",
            ["isl"] = "100",
            ["osl"] = "10",
            ["concurrency"] = "1",
            ["n_gpu"] = "2",
            ["tp"] = "2",
            ["mode"] = "agg",
            ["ttft_ms"] = "50",
            ["tpot_ms"] = "20",
            ["e2e_ms"] = "2000",
        };
        row[column] = value;
        string text = string.Join(',', row.Keys) + "\n" + string.Join(',', row.Values) + "\n";

        Assert.Equal(message, Assert.Throws<InferometerException>(() => Read(text)).Message);
    }

    [Fact]
    public void A_header_that_is_of_no_table_is_told_the_nearest()
    {
        InferometerException error = Assert.Throws<InferometerException>(() => Read("model,system,precision,isl,osl,users,tpot\n"));

        Assert.Contains(
            "serving configurations (silicon.csv), which the header lacks concurrency", error.Message, StringComparison.Ordinal);
        Assert.Contains("'users', 'tpot'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Steps_and_probes_of_a_device()
    {
        IReadOnlyList<OperatorMeasurement> rows = Read("""
            device,kind,model,dtype,batch,tokens,context,us,extra
            NVIDIA H200,copy,,,,64,,32.760,4.097 TB/s read+write
            NVIDIA H200,prefill_step,llama-3.1-8b,bf16,4,2048,2048,210387.680,CUDNN_ATTENTION
            NVIDIA H200,decode_step,llama-3.1-8b,fp8_row,16,1,512,5510.688,CUDNN_ATTENTION
            """).Operators;

        Assert.Equal([OperatorClass.Probe, OperatorClass.PrefillStep, OperatorClass.DecodeStep], rows.Select(r => r.Class));
        Assert.Equal("batch=4 tokens=2048 context=2048", rows[1].Shape.ToString());
        Assert.Equal(("NVIDIA H200", "fp8_row", 5510.688), (rows[2].Device, rows[2].DataType, rows[2].Microseconds));
    }

    [Fact]
    public void Products_attention_experts_and_collectives_have_sizes_of_the_same_names()
    {
        Assert.Equal(
            "tokens=2 n=6144 k=4096", One("device,dtype,tokens,n,k,us,extra\nNVIDIA H200,bf16,2,6144,4096,20.9,\n").Shape.ToString());
        Assert.Equal(
            "tokens=1 n=128 k=1024",
            One("gpu,framework,version,dtype,m,n,k,us\na100_sxm,trtllm,1.0.0,bfloat16,1,128,1024,3.1\n").Shape.ToString());
        Assert.Equal(
            "batch=4 tokens=256 context=256 heads=32 kv_heads=8 head_dim=128",
            One("device,kind,heads,dtype,batch,tokens,context,us,extra\nNVIDIA H200,attn_prefill,q32 kv8 d128,bf16,4,256,256,14.1,X\n")
                .Shape.ToString());
        OperatorMeasurement latent = One(
            "gpu,framework,version,phase,batch,seq,num_heads,num_kv_heads,head_dim,window,dtype,kv_dtype,us\n"
            + "gb200,trtllm,1.3.0rc10,mla_decode,1,256,128,1,576,0,bfloat16,fp8,11.27\n");
        Assert.Equal(OperatorClass.LatentDecodeAttention, latent.Class);
        Assert.Equal("batch=1 tokens=1 context=256 heads=128 kv_heads=1 head_dim=576 window=0", latent.Shape.ToString());
        Assert.Equal(
            "tokens=4 hidden=6144 intermediate=2560 top_k=8 experts=160 moe_tp=8 moe_ep=2",
            One(
                "gpu,framework,version,dtype,num_tokens,hidden_size,inter_size,topk,num_experts,moe_tp,moe_ep,distribution,us\n"
                + "a100_sxm,trtllm,1.0.0,bfloat16,4,6144,2560,8,160,8,2,power_law_1.01,150.9\n").Shape.ToString());
        OperatorMeasurement sum = One(
            "gpu,framework,version,op,dtype,num_gpus,bytes,us\nb60,vllm,0.20.0,all_reduce,bf16,8,1073741824,9e4\n");
        Assert.Equal((OperatorClass.AllReduce, "devices=8 bytes=1073741824", 90000), (sum.Class, sum.Shape.ToString(), sum.Microseconds));
    }

    [Fact]
    public void Operators_timed_for_other_simulators()
    {
        OperatorMeasurement vidur = One(
            "gpu,model,op,tp,tokens,hidden,inter,n_head,n_kv_head,bytes,n_gpu,ms\n"
            + "a100,Qwen/Qwen-72B,mlp_up_proj,2,128,8192,24576,64,64,,,0.447\n");
        Assert.Equal((OperatorClass.MatrixProduct, 447.0), (vidur.Class, Math.Round(vidur.Microseconds, 6)));
        Assert.Equal("tp=2 tokens=128 hidden=8192 intermediate=24576 heads=64 kv_heads=64", vidur.Shape.ToString());

        OperatorMeasurement mixed = One(
            "gpu,model,tp,op,shape,us\n"
            + "RTX4090,meta-llama/Llama-3.1-8B,1,attention,prefill_chunk=128 kv_prefill=0 n_decode=8 kv_decode=4096,284.8\n");
        Assert.Equal(OperatorClass.MixedAttention, mixed.Class);
        Assert.Equal("tp=1 prefill_chunk=128 kv_prefill=0 n_decode=8 kv_decode=4096", mixed.Shape.ToString());

        OperatorMeasurement infersim = One(
            "gpu,op,part,dims,shape,us\nh20,mha_decode,,128-2-128,dtype=bf16 kv_dtype=fp8 batch_size=1 kv_len=1024,29\n");
        Assert.Equal(("bf16", "fp8"), (infersim.DataType, infersim.KvDataType));
        Assert.Equal("batch=1 context=1024 heads=128 kv_heads=2 head_dim=128", infersim.Shape.ToString());
    }

    [Fact]
    public void Rates_of_llama_cpp()
    {
        IReadOnlyList<ThroughputMeasurement> rows = Read("""
            device,model,type,test,size,sequences,depth,tokens_per_s,best,worst
            NVIDIA H100 80GB HBM3,llama-3.1-8b,q4_k,pp,512,1,4096,8830.45,9173.03,7466.63
            NVIDIA H100 80GB HBM3,llama-3.1-8b,q4_k,bd,32,16,128,1906.08,2007.33,1906.08
            """).Throughput;

        Assert.Equal((512, null, 4096, 1), (rows[0].InputTokens, rows[0].OutputTokens, rows[0].DepthTokens, rows[0].Concurrency));
        Assert.Equal((null, 32, 128, 16), (rows[1].InputTokens, rows[1].OutputTokens, rows[1].DepthTokens, rows[1].Concurrency));
        Assert.Equal([ThroughputMetric.PrefillTokensPerSecond, ThroughputMetric.DecodeTokensPerSecond], rows.Select(r => r.Metric));
        Assert.All(rows, row => Assert.Equal("llama.cpp", row.Framework));
        Assert.Equal("inferometer-gpu", Assert.Single(Read("""
            device,model,type,test,size,sequences,depth,tokens_per_s,framework
            NVIDIA H100 80GB HBM3,llama-3.1-8b,q4_k,tg,64,1,0,200,inferometer-gpu
            """).Throughput).Framework);
    }

    // Meaning: prompt/output@depth x users, tensor.expert.pipeline.attention data, framework.
    [Theory]
    [InlineData("DGX Spark GB10", "MXFP4", "pp2048@d32768", "prefill tok/s", "2048/@32768 x1 1.1.1.1 llama.cpp")]
    [InlineData("DGX Spark GB10", "Q8_0", "PP512 TG32 B32", "decode tok/s all", "512/32@0 x32 1.1.1.1 llama.cpp")]
    [InlineData("8x RTX 4090", "F16", "llama.cpp layer split, tg512", "decode tok/s", "/512@0 x1 1.1.8.1 llama.cpp")]
    [InlineData("H100 SXM", "FP8", "batch 96 TP2 2048/128", "output tok/s/GPU", "2048/128@0 x96 2.1.1.1 llama.cpp")]
    [InlineData("H100 SXM", "FP8", "batch 1 TP4 input 2048", "TTFT ms", "2048/@0 x1 4.1.1.1 llama.cpp")]
    [InlineData("2x MI300X", "FP8, fp8 KV", "TP2 EP2 concurrency 16 1000/1000", "TPOT ms", "1000/1000@0 x16 2.2.1.1 llama.cpp")]
    [InlineData("H200", "FP8", "--dp 8 --ep 8 --attention-dp 1000/1000 saturation", "output tok/s/GPU",
        "1000/1000@0 xmax 1.8.1.8 llama.cpp")]
    [InlineData("H20", "BF16", "SGLang batch 1, 14336 in / 2048 out", "(in+out) tok/s", "14336/2048@0 x1 1.1.1.1 sglang")]
    public void What_users_write_is_understood(string hardware, string precision, string settings, string metric, string meaning)
    {
        ThroughputMeasurement row = Assert.Single(Read(
            "source_address,kind,hardware,model,precision,settings,metric,reported\n"
            + $"https://github.com/ggml-org/llama.cpp/x,speed,{hardware},m,\"{precision}\",\"{settings}\",{metric},12.5\n"
            + "x,memory,any,m,Q4,whole file,model size GiB,1\n").Throughput);

        string users = row.Concurrency is { } count ? FormattableString.Invariant($"{count}") : "max";
        EnginePool e = row.Engine;
        Assert.Equal(
            meaning,
            FormattableString.Invariant($"{row.InputTokens}/{row.OutputTokens}@{row.DepthTokens} x{users} ")
            + FormattableString.Invariant($"{e.Tensor}.{e.Expert}.{e.Pipeline}.{e.AttentionData} {row.Framework}"));
    }

    private static PublishedTable Read(string text) => PublishedTableReader.Read(new StringReader(text), "t.csv");

    private static OperatorMeasurement One(string text) => Assert.Single(Read(text).Operators);
}
