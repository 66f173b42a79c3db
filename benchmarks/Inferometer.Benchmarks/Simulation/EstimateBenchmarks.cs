using BenchmarkDotNet.Attributes;
using Inferometer.Core.Catalog;
using Inferometer.Core.Deployments;
using Inferometer.Core.Hardware;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Requests;

namespace Inferometer.Benchmarks.Simulation;

/// <summary>
/// Full estimates (prefill, decode, memory, metrics) on the sweep path, one core. Every call is another workload, so that
/// nothing can be remembered. Aims: a dense 7B at 100,000 per second (10 us), a mixture with tensor parallelism at 50,000 (20 us).
/// </summary>
[MemoryDiagnoser]
public class EstimateBenchmarks
{
    private ICostPlan _dense = null!;
    private ICostPlan _mixture = null!;
    private int _turn;

    /// <summary>Generated tokens: the cost does not depend on them.</summary>
    [Params(128, 8192)]
    public int OutputTokens { get; set; }

    [GlobalSetup]
    public void Prepare()
    {
        _dense = Plan("llama2-7b", Parallelism.None);
        _mixture = Plan("mixtral-8x7b", new(Tensor: 4));
    }

    [Benchmark(Description = "dense 7B, one A100")]
    public double Dense() => _dense.Evaluate(NextPoint()).Metrics.EndToEndSeconds;

    [Benchmark(Description = "Mixtral 8x7B, TP 4 of A100")]
    public double Mixture() => _mixture.Evaluate(NextPoint()).Metrics.EndToEndSeconds;

    private WorkloadPoint NextPoint()
    {
        _turn = (_turn + 1) & 1023;
        return new(1 + (_turn & 63), 512 + _turn, OutputTokens);
    }

    private static ICostPlan Plan(string model, Parallelism parallelism) => new RooflineCostModel().Prepare(new()
    {
        Architecture = ModelCatalog.BuiltIn.Resolve(model),
        System = A100,
        Parallelism = parallelism,
    });

    // NVIDIA A100 80GB SXM datasheet: 312 TFLOP/s bf16, 19.5 fp32, 2.039 TB/s, NVLink 300 GB/s a direction.
    private static HardwareSystem A100 { get; } = new()
    {
        Name = "A100",
        Device = new()
        {
            Name = "A100",
            PeakOperationsPerSecond = new Dictionary<MathFormat, double> { [MathFormat.Bf16] = 312e12, [MathFormat.Fp32] = 19.5e12 },
            MemoryBytes = 80e9,
            MemoryBandwidth = 2.039e12,
            TdpWatts = 400,
        },
        IntraNode = new(300e9, 1e-6),
        InterNode = new(25e9, 5e-6),
    };
}
