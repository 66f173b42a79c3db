using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Operators;
using Inferometer.Simulation.Requests;

namespace Inferometer.Simulation.Tests.Costs;

public class RooflineDenseTests
{
    private readonly RooflineCostModel _model = new();

    [Fact]
    public void Decode_of_a_7B_reads_every_weight_but_the_embedding_table_once()
    {
        // Parameters 6,738,415,616; the table of 32000 x 4096 is looked up, not streamed: one row of 4096 is.
        PhaseEstimate decode = _model.Decode(Sample.Request(Sample.Llama2, batch: 1, input: 99, output: 2));
        double parametersRead = 6_738_415_616d - (32000d * 4096) + 4096;
        Assert.Equal(2 * parametersRead, decode.Operators.Sum(row => row.Count * row.WeightBytes), 1.0);

        // Context 100: K and V of 32 heads x 128 channels x 2 bytes in 32 layers.
        Assert.Equal(100d * 2 * 4096 * 2 * 32, decode.Operators.Sum(row => row.Count * row.KvReadBytes), 1.0);
        Assert.Equal(1d * 2 * 4096 * 2 * 32, decode.Operators.Sum(row => row.Count * row.KvWriteBytes), 1.0);
    }

    [Fact]
    public void Prefill_of_a_7B_has_the_FLOPs_of_its_matrices_and_of_causal_attention_counted_once()
    {
        PhaseEstimate prefill = _model.Prefill(Sample.Request(Sample.Llama2, batch: 2, input: 1000));

        // Per layer and token: 2 x (4 x 4096^2 + 3 x 4096 x 11008).
        double matrices = 32 * 2000d * 2 * ((4d * 4096 * 4096) + (3d * 4096 * 11008));
        double pairs = 2 * 1000d * 1001 / 2;
        double attention = 32 * pairs * 2 * (4096 + 4096);
        double head = 2 * 2d * 4096 * 32000; // The last position of each of two prompts.
        Assert.Equal(
            matrices,
            Flops(prefill, OperatorGroup.AttentionProjection) + Flops(prefill, OperatorGroup.FeedForward) - Rows(prefill, "activation"),
            matrices * 1e-12);
        Assert.Equal(attention, Rows(prefill, "attention_prefill"), attention * 1e-12);
        Assert.Equal(head, Rows(prefill, "lm_head"), head * 1e-12);
    }

    [Fact]
    public void Each_operator_takes_the_longer_of_arithmetic_and_memory()
    {
        PhaseEstimate prefill = _model.Prefill(Sample.Request(Sample.Llama2, batch: 1, input: 1000));
        OperatorRow qkv = prefill.One("qkv_projection");

        // 1000 tokens x 2 x 4096 x 12288 FLOPs at 100 TFLOP/s = 1.00663 ms; weights, input and output at 1 TB/s = 0.1334 ms.
        Assert.Equal(1000d * 2 * 4096 * 12288 / 100e12, qkv.Seconds, 1e-15);
        Assert.Equal(2 * ((4096d * 12288) + (1000 * (4096 + 12288))) / 1e12, qkv.MemorySeconds, 1e-15);
        Assert.Equal(OperatorBound.Compute, qkv.Bound);
        Assert.Equal(1, qkv.FlopUtilization, 1e-12);

        OperatorRow norm = prefill.One("input_norm");

        // Two vectors read, two written, one weight vector: (4 x 1000 + 1) x 4096 x 2 bytes; 5 FLOPs an element at 10 TFLOP/s are less.
        Assert.Equal(4001d * 4096 * 2 / 1e12, norm.Seconds, 1e-15);
        Assert.Equal(OperatorBound.Memory, norm.Bound);
    }

    [Fact]
    public void Latency_is_the_sum_of_its_rows_on_one_device()
    {
        EstimateRequest request = Sample.Request(Sample.Llama3, batch: 4, input: 700, output: 60) with { System = Sample.RealSystem };
        PhaseEstimate prefill = _model.Prefill(request);
        PhaseEstimate decode = _model.Decode(request);
        Assert.Equal(prefill.LatencySeconds, prefill.Operators.Sum(row => row.TotalSeconds), prefill.LatencySeconds * 1e-12);
        Assert.Equal(decode.LatencySeconds, decode.Operators.Sum(row => row.TotalSeconds), decode.LatencySeconds * 1e-12);
        Assert.Equal(decode.LatencySeconds, decode.Groups.Sum(group => group.Seconds), decode.LatencySeconds * 1e-12);
    }

    [Fact]
    public void Kernel_starts_are_added_to_every_operator()
    {
        EstimateRequest request = Sample.Request(Sample.Llama2, input: 16);
        PhaseEstimate free = _model.Prefill(request);
        PhaseEstimate paid = _model.Prefill(request with
        {
            System = Sample.System with
            {
                Device = Sample.Device with { Efficiency = Sample.Device.Efficiency with { LaunchSeconds = 1e-5 } },
            },
        });

        // 9 operators a layer (2 norms, qkv, rope, attention, output, gate-up, activation, down), embedding, final norm, head, sampling.
        Assert.Equal(((32 * 9) + 4) * 1e-5, paid.LatencySeconds - free.LatencySeconds, 1e-12);
    }

    private static double Flops(PhaseEstimate phase, OperatorGroup group) =>
        phase.Operators.Where(row => row.Group == group).Sum(row => row.Count * row.Flops);

    private static double Rows(PhaseEstimate phase, string name) => phase.Named(name).Total(row => row.Flops);
}
