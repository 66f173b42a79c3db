using Inferometer.Core.Catalog;
using Inferometer.Core.Deployments;
using Inferometer.Core.Hardware;
using Inferometer.Simulation.Calibration;
using Inferometer.Simulation.Requests;

namespace Inferometer.Simulation.Tests.Calibration;

public class CalibrationSetTests
{
    private static readonly HardwareSystem H100 = HardwareCatalog.BuiltIn.Find("h100");

    [Fact]
    public void Layers_that_match_are_multiplied_and_shares_stay_below_the_datasheet()
    {
        CalibrationSet set = Set(
            Layer(new CalibrationLayer { Architecture = "Hopper" }, Coefficient.Launch, 2),
            Layer(new CalibrationLayer { Framework = "vllm" }, Coefficient.Launch, 3),
            Layer(new CalibrationLayer { Framework = "sglang" }, Coefficient.Launch, 50),
            Layer(new CalibrationLayer { Device = "H100_SXM" }, Coefficient.MatrixMemory, 7));
        Coefficients c = set.Match(Request("vllm")).Coefficients;
        Assert.Equal(6 * CoefficientTable.Of(Coefficient.Launch).Prior, c[Coefficient.Launch], 1e-15);
        Assert.Equal(1, c[Coefficient.MatrixMemory]);
    }

    [Fact]
    public void A_case_is_known_by_its_group_then_its_device_then_its_class()
    {
        CalibrationLayer group = new()
        {
            Framework = "vllm",
            Device = "H100_SXM",
            Shape = CalibrationSubject.ShapeOf(Sample.Llama3),
            Format = "16-bit",
            Runs = 31,
        };
        CalibrationSet set = Set(new CalibrationLayer { DeviceClass = DeviceClass.DataCenter, Runs = 99 }, group);
        Assert.Equal((Familiarity.Fitted, 31), Known(set, Request("vllm")));
        Assert.Equal((Familiarity.Related, 31), Known(set, Request("vllm") with { Architecture = Sample.Llama2 }));
        Assert.Equal((Familiarity.Class, 99), Known(set, Request("sglang")));
        Assert.Equal(
            (Familiarity.Datasheet, 0), Known(set, Request("vllm") with { System = HardwareCatalog.BuiltIn.Find("mi300x") }));
    }

    // Nothing of the runner was timed but single kernels; shared/prototypes/gpu/README.md has their figures.
    [Fact]
    public void The_runner_on_gpus_is_priced_at_what_probes_of_its_kernels_reached()
    {
        CalibrationMatch match = CalibrationSet.BuiltIn.Match(Request("inferometer-gpu"));
        Device device = H100.Device;
        Coefficients c = match.Coefficients;
        Assert.Equal(2.75e12, device.MemoryBandwidth * c[Coefficient.MatrixMemory], 0.01e12);
        Assert.Equal(551e12, device.PeakFor(MathFormat.Fp16) * c[Coefficient.Matrix16], 2e12);
        Assert.Equal(1159e12, device.PeakFor(MathFormat.Int8) * c[Coefficient.Matrix8], 4e12);
        Assert.Equal(5 * 3.7e-6, 9 * c[Coefficient.Launch], 0.01e-6); // a layer's launches; the simulator prices nine operators
        CalibrationBand band = match.Band(CalibratedMetric.TimePerOutputToken);
        Assert.Equal((0, 0.8, 4), (band.Runs, band.Low90, band.High90));
        Assert.Equal("probes of single kernels: no step of inferometer-gpu was timed", match.RestsOn);
    }

    [Fact]
    public void Without_a_framework_the_usual_one_is_taken()
    {
        Assert.Equal("vllm", CalibrationSubject.Of(Request(null)).Framework.Name);
        EstimateRequest gguf = Request(null) with { Precisions = new() { Weights = Precision.Parse("q4_k", "") } };
        Assert.Equal("llama.cpp", CalibrationSubject.Of(gguf).Framework.Name);
        EstimateRequest apple = Request(null) with { System = HardwareCatalog.BuiltIn.Find("m2_ultra") };
        Assert.Equal("llama.cpp", CalibrationSubject.Of(apple).Framework.Name);
    }

    [Theory]
    [InlineData("H100", DeviceClass.DataCenter)]
    [InlineData("B300", DeviceClass.DataCenter)]
    [InlineData("A100_80GB", DeviceClass.DataCenter)]
    [InlineData("RTX_4090", DeviceClass.Graphics)]
    [InlineData("L40S", DeviceClass.Graphics)]
    [InlineData("GB10", DeviceClass.Unified)]
    [InlineData("Apple_M3_Max", DeviceClass.Apple)]
    [InlineData("MI300X", DeviceClass.Amd)]
    [InlineData("EPYC_9654", DeviceClass.Cpu)]
    [InlineData("Grace", DeviceClass.Cpu)]
    [InlineData("TPU_v5e", DeviceClass.Other)]
    [InlineData("Gaudi3", DeviceClass.Other)]
    public void The_class_of_a_device_follows_from_its_datasheet(string name, DeviceClass expected) =>
        Assert.Equal(expected, DeviceClasses.Of(HardwareCatalog.BuiltIn.Find(name).Device));

    [Fact]
    public void A_framework_with_bands_of_its_own_does_not_borrow_those_of_others()
    {
        CalibrationBand any = new(Familiarity.Datasheet, CalibratedMetric.TimePerOutputToken, 10, 0.5, 0.8, 1.2, 2);
        CalibrationBand own = new CalibrationBand(Familiarity.Datasheet, CalibratedMetric.TimePerOutputToken, 10, 0.9, 0.95, 1.1, 1.2) with
        {
            Framework = "vllm",
        };
        CalibrationSet set = Set() with { Bands = [any, own] };
        Assert.Equal(own, set.Match(Request("vllm")).Band(CalibratedMetric.TimePerOutputToken));
        Assert.Equal(any, set.Match(Request("sglang")).Band(CalibratedMetric.TimePerOutputToken));

        // Nothing known: a wide belief that rests on no run.
        Assert.Equal(0, set.Match(Request("sglang")).Band(CalibratedMetric.EndToEnd).Runs);
    }

    private static (Familiarity, int) Known(CalibrationSet set, EstimateRequest request)
    {
        CalibrationMatch match = set.Match(request);
        return (match.Familiarity, match.Runs);
    }

    [Fact]
    public void Formats_of_gguf_are_llama_cpps_where_no_framework_is_named()
    {
        string[] others = ["fp32", "tf32", "bf16", "fp16", "fp8", "int8", "fp6", "int4", "nf4", "fp4", "mxfp4", "nvfp4", "int2"];
        Assert.All(Precision.All, format => Assert.Equal(
            others.Contains(format.Name, StringComparer.Ordinal) ? "vllm" : "llama.cpp",
            CalibrationSubject.Of(Request("vllm") with { Framework = null, Precisions = new() { Weights = format } }).Framework.Name));
    }

    private static CalibrationSet Set(params CalibrationLayer[] layers) => new() { Name = "test", Layers = [.. layers] };

    private static CalibrationLayer Layer(CalibrationLayer scope, Coefficient coefficient, double factor) =>
        scope with { Factors = [new(coefficient, factor)] };

    private static EstimateRequest Request(string? framework) =>
        Sample.Request(Sample.Llama3) with
        {
            System = H100,
            Framework = framework is null ? null : FrameworkCatalog.Find(framework, "test"),
        };
}
