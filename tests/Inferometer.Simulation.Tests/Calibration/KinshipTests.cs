using Inferometer.Core.Catalog;
using Inferometer.Simulation.Calibration;
using Inferometer.Simulation.Configuration;
using Inferometer.Simulation.Costs;

namespace Inferometer.Simulation.Tests.Calibration;

public sealed class KinshipTests
{
    private const double Factor = 1.5;

    private static readonly CalibrationLayer Measured = new()
    {
        Framework = "vllm",
        Device = "B200_SXM",
        Shape = "4x8x16",
        Format = "8-bit",
        Runs = 9,
        Factors = [new(Coefficient.Launch, Factor)],
    };

    // By hand: with one relative of correlation r the best linear prediction of a logarithm is r times the relative's.
    [Theory]
    [InlineData("sglang", "B200_SXM", "1x8x16", "8-bit", double.NaN)]
    [InlineData("vllm", "H100_SXM", "1x8x16", "8-bit", double.NaN)]
    [InlineData("vllm", "B200_SXM", "4x8x16", "16-bit", 0.2 + 0.3)]
    [InlineData("vllm", "H100_SXM", "4x8x16", "8-bit", 0.15)]
    [InlineData("vllm", "H100_SXM", "4x8x16", "16-bit", double.NaN)]
    public void One_relative_gives_the_share_that_is_common_to_both(
        string framework, string device, string shape, string format, double share)
    {
        Kinship kinship = new([new KinShare(Coefficient.Launch, 0.2, 0.3, 0.15)], [Measured]);
        IReadOnlyList<CoefficientFactor> factors = kinship.FactorsOf(Subject(framework, device, shape, format));
        if (double.IsNaN(share))
        {
            Assert.Empty(factors);
        }
        else
        {
            Assert.Equal(Coefficient.Launch, Assert.Single(factors).Coefficient);
            Assert.Equal(Math.Pow(Factor, share), factors[0].Factor, 1e-12);
        }
    }

    // Two relatives alike to it and to each other by 1/2: (x1 + x2) r / (1 + r).
    [Fact]
    public void Relatives_that_agree_say_more_than_one_and_those_that_do_not_cancel()
    {
        CalibrationLayer other = Measured with { Device = "H200_SXM" };
        CalibrationLayer against = other with { Factors = [new(Coefficient.Launch, 1 / Factor)] };
        CalibrationSubject asked = Subject("vllm", "H100_SXM", "4x8x16", "8-bit");
        Assert.Equal(Math.Pow(Factor, 2 * 0.5 / 1.5), Kin(Measured, other).FactorsOf(asked)[0].Factor, 1e-12);
        Assert.Equal(1, Kin(Measured, against).FactorsOf(asked)[0].Factor, 1e-12);
    }

    [Fact]
    public void What_was_measured_itself_is_left_to_its_own_factors()
    {
        Kinship kinship = Kin(Measured, Measured with { Device = "H200_SXM" });
        Assert.Empty(kinship.FactorsOf(Subject("vllm", "B200_SXM", "4x8x16", "8-bit")));
    }

    // Times to first token of deployments with workers for prompts are not fitted: their groups hold no such factor, which is not one of 1.
    [Fact]
    public void A_group_that_says_nothing_of_a_coefficient_is_no_relative_there()
    {
        CalibrationLayer first = Measured with { Factors = [new(Coefficient.FirstToken, Factor)] };
        Kinship kinship = new(
            [new KinShare(Coefficient.FirstToken, 0, 0, 0.5)], [first, Measured with { Device = "GB200" }]);
        Assert.Equal(
            Math.Pow(Factor, 0.5), kinship.FactorsOf(Subject("vllm", "H100_SXM", "4x8x16", "8-bit"))[0].Factor, 1e-12);
    }

    [Fact]
    public void The_calibration_that_ships_knows_relatives_and_says_nothing_of_frameworks_nobody_served_with()
    {
        Kinship kinship = CalibrationSet.BuiltIn.Kinship!;
        Assert.Contains(kinship.Shares, s => s.Coefficient == Coefficient.MatrixMemory && s.ModelInFormat > 0.3);
        Assert.NotEmpty(kinship.FactorsOf(Of("deepseek-r1", "b300", "sglang", "bf16", 8)));
        Assert.Empty(kinship.FactorsOf(Of("deepseek-r1", "b300", "sglang", "fp8", 8)));
        Assert.Empty(kinship.FactorsOf(Of("llama-3.1-8b", "h100", "llama.cpp", "bf16", 1)));
    }

    private static CalibrationSubject Of(string model, string system, string framework, string bits, int tensor) =>
        ((CalibratedPlan)new SimulationEngine().Prepare(SimulationConfig.FromJson($$$"""
            {"model": "{{{model}}}", "features": ["prefill", "decode"], "simulation_params": {"system_name": "{{{system}}}",
             "framework": "{{{framework}}}", "bits": "{{{bits}}}", "tensor_parallel": {{{tensor}}}}}
            """))).Match.Subject;

    private static CalibrationSubject Subject(string framework, string device, string shape, string format) => new()
    {
        Framework = FrameworkCatalog.Find(framework, "test"),
        DeviceClass = DeviceClass.DataCenter,
        Architecture = "any",
        Device = device,
        Shape = shape,
        Format = format,
    };

    private static Kinship Kin(params CalibrationLayer[] groups) => new([new KinShare(Coefficient.Launch, 0, 0, 0.5)], [.. groups]);
}
