using Inferometer.Core.Catalog;
using Inferometer.Core.Hardware;
using Inferometer.Simulation.Calibration;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Requests;

namespace Inferometer.Simulation.Tests.Costs;

/// <summary>Devices of a machine of unequal ones run at the rates that each is known to have.</summary>
public sealed class UnequalDevicesTests
{
    private static readonly CalibratedCostModel Model = new();
    private static readonly WorkloadPoint Point = new(1, 1024, 128);

    [Fact]
    public void Two_alike_are_a_pipeline_of_two()
    {
        ICostPlan named = Model.Prepare(On("rtx3090+rtx3090"));
        ICostPlan counted = Model.Prepare(On("rtx3090") with { Parallelism = new(Pipeline: 2) });
        Assert.Equal(counted.Decode(Point).LatencySeconds, named.Decode(Point).LatencySeconds, 1e-6);
        Assert.Equal(counted.Prefill(Point).LatencySeconds, named.Prefill(Point).LatencySeconds, 1e-6);
        Assert.Equal(counted.Basis?.RestsOn, named.Basis?.RestsOn);
    }

    // The layers are dealt out anew, so that a layer more or less may be with either.
    [Theory]
    [InlineData("rtx5090", "rtx3090")]
    [InlineData("rtx4090", "h100")]
    [InlineData("rtx3090", "m2_ultra")]
    public void Their_order_hardly_matters_and_the_pair_lies_between_two_of_each(string one, string other)
    {
        double[] times = [.. new[] { $"{one}+{one}", $"{one}+{other}", $"{other}+{one}", $"{other}+{other}" }
            .Select(on => Model.Prepare(On(on)).Prefill(Point).LatencySeconds)];
        Assert.InRange(times[1] / times[2], 0.93, 1.07);
        double[] alike = [times[0], times[3]];
        Assert.All([times[1], times[2]], time => Assert.InRange(time, 0.99 * alike.Min(), 1.01 * alike.Max()));
        Assert.Equal(
            Model.Prepare(On($"{one}+{other}")).Basis?.RestsOn, Model.Prepare(On($"{other}+{one}")).Basis?.RestsOn);
    }

    [Fact]
    public void Memory_and_weights_are_those_of_the_fullest()
    {
        EstimateRequest request = On("rtx5090+rtx3090");
        ICostPlan plan = Model.Prepare(request);
        MemoryTotals totals = plan.MemoryAt(Point);
        MemoryEstimate memory = MemoryLimits.Sums(plan, totals);
        Assert.Equal(request.System.Devices[totals.Stage].Name, memory.DeviceName);
        Assert.Equal(request.System.Devices[totals.Stage].UsableMemoryBytes, memory.CapacityBytes);
        Assert.Equal(memory.WeightBytes, plan.Weights.Sum(use => use.Bytes), 1);
        Assert.Null(MemoryLimits.Sums(Model.Prepare(On("rtx3090")), totals).DeviceName);
    }

    // A calibration of the machine as a whole stands for all of it.
    [Fact]
    public void What_was_measured_of_the_machine_comes_first()
    {
        EstimateRequest request = On("rtx5090+rtx3090");
        CalibrationLayer own = new()
        {
            Framework = "llama.cpp",
            Device = request.System.Device.Name,
            Runs = 9,
            Factors = [new(Coefficient.MatrixMemory, 0.5)],
        };
        CalibrationSet set = CalibrationSet.BuiltIn.With(new CalibrationSet { Name = "own", Layers = [own] });
        ICostPlan plan = new CalibratedCostModel(set).Prepare(request);
        Assert.StartsWith("fitted on 9 runs", plan.Basis!.RestsOn, StringComparison.Ordinal);
        Assert.InRange(plan.Decode(Point).LatencySeconds / Model.Prepare(request).Decode(Point).LatencySeconds, 1.3, 2.2);
    }

    [Theory]
    [InlineData("2xrtx5090+rtx3090", "RTX_5090", "RTX_5090", "RTX_3090")]
    [InlineData("rtx3090 + h100x2", "RTX_3090", "H100_SXM", "H100_SXM")]
    public void Several_alike_among_them_are_counted(string text, params string[] devices) =>
        Assert.Equal(devices, HardwareCatalog.BuiltIn.Resolve(text).Devices.Select(d => d.Name));

    private static EstimateRequest On(string on)
    {
        HardwareSystem system = HardwareCatalog.BuiltIn.Resolve(on);
        return Sample.Request(Sample.Llama3, input: 1024, output: 128) with
        {
            System = system,
            Parallelism = new(Pipeline: Math.Max(1, system.Devices.Count)),
            Framework = FrameworkCatalog.Find("llama.cpp", "test"),
        };
    }
}
