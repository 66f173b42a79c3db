using Inferometer.Core;
using Inferometer.Measurement.Fitting;
using Inferometer.Measurement.Published;
using Inferometer.Measurement.Published.Layouts;
using Inferometer.Measurement.Replay;
using Inferometer.Measurement.Validation;
using Inferometer.Simulation.Calibration;
using Inferometer.Simulation.Fitting;
using Inferometer.Simulation.Planning;
using Inferometer.Tests;

namespace Inferometer.Measurement.Tests.Fitting;

public sealed class MeasuredOperatorsTests
{
    private const string Header = "gpu,model,tp,op,shape,us\n";
    private const string Rows = Header
        + "RTX4090,meta-llama/Llama-3.1-8B,1,qkv_proj,tokens=64,60\n"
        + "RTX4090,meta-llama/Llama-3.1-8B,1,attention,prefill_chunk=64 kv_prefill=0 n_decode=8 kv_decode=512,50\n"
        + "RTX4090,meta-llama/Llama-3.1-8B,1,attention,prefill_chunk=0 kv_prefill=0 n_decode=8 kv_decode=512,36\n"
        + "RTX4090,meta-llama/Llama-3.1-8B,1,lm_head,sequences=8,1097\n"
        + "RTX4090,meta-llama/Llama-3.1-8B,1,sampler,sequences=8,25\n"
        + "RTXPRO6000,meta-llama/Llama-3.1-8B,2,o_proj,tokens=64,16\n";

    private static readonly ReplaySetup Setup = new(Catalogs.From(null), null, "calibrated");

    [Fact]
    public void Rows_become_timings_of_operators_in_steps_and_the_rest_is_named()
    {
        List<(string Id, string Why)> leftOut = [];
        IReadOnlyList<TimedOperator> timings = MeasuredOperators.Of(Table(Rows), Setup, leftOut: (id, why) => leftOut.Add((id, why)));
        Assert.Equal(
            ["products", "attention of both", "decode attention", "LM head", "products"], timings.Select(t => t.Kind));
        Assert.Equal(["attention_prefill", "attention_decode"], timings[1].Operators);
        Assert.Equal((64, 8, 512), (
            timings[1].Step.Prefill[0].NewTokens, timings[1].Step.Decode[0].Count, timings[1].Step.Decode[0].ContextTokens));
        Assert.Empty(timings[2].Step.Prefill);
        Assert.Same(timings[0].Request, timings[3].Request);
        Assert.Equal(2, timings[4].Request.Parallelism.Tensor);
        Assert.All(timings, t => Assert.True(t.IsOfModel));
        Assert.Equal("ops.csv, line 2", timings[0].Id);
        (string id, string why) = Assert.Single(leftOut);
        Assert.Equal(("ops:6", "operators of the kind 'sampler' are not predicted"), (id, why));
    }

    [Fact]
    public void A_machine_and_a_framework_can_be_chosen()
    {
        Assert.Equal(
            "RTX_PRO_6000", Assert.Single(MeasuredOperators.Of(Table(Rows), Setup, "RTX_PRO_6000")).Request.System.Device.Name);
        Assert.All(MeasuredOperators.Of(Table(Rows), Setup, framework: "sglang"), t => Assert.Equal("sglang", t.Request.Framework!.Name));
        PublishedTable kernels = Table(
            "gpu,framework,version,dtype,m,n,k,us\nh100_sxm,vllm,0.14,bfloat16,64,4096,4096,15\n"
            + "h100_sxm,trtllm,1.0,bfloat16,64,4096,4096,14\n");
        Assert.Equal(["vllm", "trtllm"], MeasuredOperators.Of(kernels, Setup).Select(t => t.Request.Framework!.Name));
        Assert.Equal("trtllm", Assert.Single(MeasuredOperators.Of(kernels, Setup, framework: "trtllm")).Request.Framework!.Name);
        Assert.Throws<InferometerException>(() => MeasuredOperators.Of(kernels, Setup, framework: "nobody"));
    }

    [Fact]
    public void Whole_steps_are_what_such_a_calibration_is_judged_by()
    {
        List<string> leftOut = [];
        Assert.Empty(MeasuredOperators.Of(
            Table("device,kind,model,dtype,batch,tokens,context,us,extra\nNVIDIA H200,decode_step,llama-3.1-8b,bf16,1,1,512,4960,x\n"),
            Setup, leftOut: (_, why) => leftOut.Add(why)));
        Assert.Equal("a whole step or a probe, no operator", Assert.Single(leftOut));
    }

    [Fact]
    public void Of_thousands_of_rows_of_a_kind_some_are_taken_evenly()
    {
        string many = Header + string.Concat(Enumerable.Range(1, 1000).Select(
            i => $"RTX4090,meta-llama/Llama-3.1-8B,1,attention,prefill_chunk=64 kv_prefill={i} n_decode=8 kv_decode=512,50\n"));
        IReadOnlyList<TimedOperator> timings = MeasuredOperators.Of(Table(many), Setup);
        Assert.Equal(400, timings.Count);
        Assert.True(timings[^1].Step.Prefill[0].PastTokens > 995);
    }

    // What was timed alone tells whole steps that no fit has seen: those of 16 bits, which the tables of operators are of.
    [Fact]
    public void Operators_of_a_profiled_machine_tell_its_recorded_runs()
    {
        string ops = SharedFolder.Require("reference/measurements/llmservingsim_ops.csv");
        string traces = SharedFolder.Require("reference/measurements/serving_traces.csv");
        OperatorFit fit = OperatorFitter.Fit(
            "mine", CalibrationSet.BuiltIn,
            MeasuredOperators.Of(PublishedTableReader.Read(ops), Setup, "RTX_4090", "vllm"), TestContext.Current.CancellationToken);
        Assert.All(
            fit.Operators.Where(o => o.IsFitted && o.Timing.Kind is "attention of both" or "products" or "LM head")
                .GroupBy(o => o.Timing.Kind),
            kind => Assert.InRange(kind.Average(o => Math.Abs((o.AfterSeconds / o.Timing.Seconds) - 1)), 0, 0.15));
        string folder = Directory.CreateTempSubdirectory("inferometer").FullName;
        try
        {
            Directory.CreateDirectory(Path.Combine(folder, "calibration"));
            File.WriteAllText(
                Path.Combine(folder, "calibration", "mine.json"), CalibrationFile.WriteLayers(fit.Calibration));
            ReplaySetup profiled = new(Catalogs.From(folder), null, "calibrated");
            TracedRunErrors time = TraceValidation.Run(
                PublishedTableReader.Read(traces), new TraceReplay(profiled), TestContext.Current.CancellationToken).Runs.Single(
                run => run.Run.StartsWith("RTX4090", StringComparison.Ordinal) && run.Metric is "TPOT");
            Assert.InRange(time.PredictedMs / time.MeasuredMs, 0.95, 1.05);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static PublishedTable Table(string text) => PublishedTableReader.Read(new StringReader(text), "ops.csv");
}
