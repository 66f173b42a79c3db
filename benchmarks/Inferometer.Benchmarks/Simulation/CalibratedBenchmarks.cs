using BenchmarkDotNet.Attributes;
using Inferometer.Core.Catalog;
using Inferometer.Core.Deployments;
using Inferometer.Simulation.ClosedLoop;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Requests;

namespace Inferometer.Benchmarks.Simulation;

/// <summary>
/// The calibrated cost model, one core. Aims: full estimates at 20,000 per second (50 us), every call another workload; the closed loop of
/// one measured row, from its names to its times, within 2 ms.
/// </summary>
[MemoryDiagnoser]
public class CalibratedBenchmarks
{
    private readonly CalibratedCostModel _model = new();
    private EstimateRequest _dense = null!;
    private EstimateRequest _mixture = null!;
    private ICostPlan _densePlan = null!;
    private ICostPlan _mixturePlan = null!;
    private int _turn;

    [GlobalSetup]
    public void Prepare()
    {
        _dense = Request("llama-3.1-8b", Parallelism.None);
        _mixture = Request("gpt-oss-120b", new(Tensor: 4));
        (_densePlan, _mixturePlan) = (_model.Prepare(_dense), _model.Prepare(_mixture));
    }

    [Benchmark(Description = "estimate, dense 8B")]
    public double Dense() => _densePlan.Evaluate(NextPoint()).Metrics.EndToEndSeconds;

    [Benchmark(Description = "estimate, experts 120B, TP 4")]
    public double Mixture() => _mixturePlan.Evaluate(NextPoint()).Metrics.EndToEndSeconds;

    [Benchmark(Description = "prepare and estimate, dense 8B")]
    public double Prepared() => _model.Prepare(_dense).Evaluate(NextPoint()).Metrics.EndToEndSeconds;

    [Benchmark(Description = "closed loop of a row, dense 8B, 64 users")]
    public double DenseLoop() => Loop(_dense, 64);

    [Benchmark(Description = "closed loop of a row, experts 120B, TP 4, 512 users")]
    public double MixtureLoop() => Loop(_mixture, 512);

    private double Loop(EstimateRequest request, int users)
    {
        _turn = (_turn + 1) & 63;
        ClosedLoopLoad load = new(users + _turn, 1024 + _turn, 1024, Spread: 0.2);
        return ClosedLoopModel.Estimate(_model.Prepare(request), load).EndToEndSeconds;
    }

    private WorkloadPoint NextPoint()
    {
        _turn = (_turn + 1) & 1023;
        return new(1 + (_turn & 63), 512 + _turn, 256);
    }

    private static EstimateRequest Request(string model, Parallelism parallelism) => new()
    {
        Architecture = ModelCatalog.BuiltIn.Resolve(model),
        System = HardwareCatalog.BuiltIn.Find("h100_sxm"),
        Parallelism = parallelism,
        Framework = FrameworkCatalog.Find("vllm", "benchmark"),
    };
}
