using System.Text.Json.Nodes;
using Inferometer.Core;
using Inferometer.Simulation.Calibration;
using Inferometer.Simulation.Configuration;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Requests;

namespace Inferometer.Simulation.Tests.Costs;

/// <summary>
/// llama.cpp replays steps of one token as a graph on NVIDIA's cards (ggml-cuda.cu), computes products of up to 8 rows of packed weights by
/// kernels for vectors (mmvq.cuh), and unpacks weights for matrix units, at the rate of the former, in steps of more.
/// </summary>
public class KernelChoiceTests
{
    private const int Many = 64;

    // Coefficient, what it is, device, format, release, and the most sequences of a step that it says anything of; least and most.
    public static TheoryData<string, double, string, string, string?, int, int> Choices => new()
    {
        { "graph_launch", 0.1, "h100", "q4_k", null, 1, 1 },
        { "graph_launch", 0.1, "rtx_4090", "fp16", null, 1, 1 },
        { "graph_launch", 0.1, "h100", "q4_k", "2024-05", 0, 0 },
        { "graph_launch", 0.1, "m2_ultra", "q4_k", null, 0, 0 },
        { "graph_launch", 0.1, "epyc_9654", "q4_k", null, 0, 0 },
        { "vector_product", 0.02, "h100", "q4_k", null, 1, Many },
        { "vector_product", 0.02, "h100", "q8_0", "2024-05", 1, Many },
        { "vector_product", 0.02, "m2_ultra", "q8_0", null, 1, Many },
        { "vector_product", 0.02, "h100", "fp16", null, 1, 1 },
        { "vector_product", 0.02, "epyc_9654", "q4_k", null, 0, 0 },
        { "matrix_unpacking", 30, "h100", "q4_k", null, 9, Many },
        { "matrix_unpacking", 30, "h100", "fp16", null, 0, 0 },
        { "matrix_unpacking", 30, "epyc_9654", "q4_k", null, 0, 0 },
    };

    [Theory]
    [MemberData(nameof(Choices))]
    public void A_coefficient_says_something_of_steps_that_go_by_its_kernels_alone(
        string name, double value, string system, string format, string? release, int least, int most)
    {
        EstimateRequest request = RequestOf(system, format, release);
        ICostPlan plan = With(name, null, request), other = With(name, value, request);
        for (int sequences = 1; sequences <= Many; sequences = sequences < 16 ? sequences + 1 : 2 * sequences)
        {
            double one = Step(plan, sequences), two = Step(other, sequences);
            if (least <= sequences && sequences <= most)
            {
                Assert.True(Math.Abs(one - two) > 0.01 * one, $"{sequences} sequences: {one} and {two}");
            }
            else
            {
                Assert.Equal(one, two);
            }
        }
    }

    [Fact]
    public void Steps_of_a_decode_phase_are_replayed_as_single_ones_are()
    {
        EstimateRequest request = RequestOf("h100", "q8_0", null);
        ICostPlan plan = With("graph_launch", 0.1, request);
        Assert.Equal(Step(plan, 1), plan.Decode(new WorkloadPoint(1, 511, 2)).LatencySeconds, 1e-12);
        Assert.NotEqual(Step(With("graph_launch", 1, request), 1), Step(plan, 1), 1e-5);
    }

    [Theory]
    [InlineData("llama.cpp", "2023-01", "'2023-01' is not known. Allowed for llama.cpp: 2024-05; today's release is without this field.")]
    [InlineData("vllm", "0.9", "'0.9' is not known; of vllm only today's release is, which is without this field.")]
    [InlineData(null, "2024-05", "'2024-05' is a release of no framework; give the field 'framework' too.")]
    public void A_release_that_is_not_known_is_refused(string? framework, string release, string said) => Assert.Contains(
        $"framework_release: {said}",
        Assert.Throws<InferometerException>(() => RequestOf("h100", "q4_k", release, framework)).Message,
        StringComparison.Ordinal);

    private static double Step(ICostPlan plan, int sequences) => plan.Step([], [new DecodeGroup(512, sequences)]).LatencySeconds;

    private static ICostPlan With(string name, double? value, EstimateRequest request)
    {
        Coefficients coefficients = Coefficients.Priors;
        return new CalibratedCostModel(new CalibrationSet
        {
            Name = "test",
            Base = value is { } given ? coefficients.With(CoefficientTable.Find(name, "test"), given) : coefficients,
            Layers = [],
        }).Prepare(request);
    }

    private static EstimateRequest RequestOf(string system, string format, string? release, string? framework = "llama.cpp")
    {
        JsonObject parameters = new() { ["system_name"] = system, ["bits"] = format, ["cost_model"] = "calibrated" };
        if (framework is not null)
        {
            parameters["framework"] = framework;
        }

        if (release is not null)
        {
            parameters["framework_release"] = release;
        }

        return new SimulationEngine().Prepare(new SimulationConfig
        {
            Model = "llama-3.1-8b",
            Features = ["prefill", "decode", "flash_attention"],
            SimulationParams = new ParameterBag(parameters, "test"),
        }).Request;
    }
}
