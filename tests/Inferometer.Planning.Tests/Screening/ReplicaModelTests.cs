using Inferometer.Core.Deployments;
using Inferometer.Planning.Demand;
using Inferometer.Planning.Screening;
using Inferometer.Serving.Arrivals;
using Inferometer.Simulation.Calibration;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Requests;

namespace Inferometer.Planning.Tests.Screening;

public class ReplicaModelTests
{
    [Fact]
    public void What_prompts_add_is_no_less_than_their_arithmetic_at_the_peak_of_the_datasheet()
    {
        // Shares that would have prompts read in a tenth of the time that their arithmetic takes.
        CalibrationSet hiding = CalibrationSet.BuiltIn.With(CalibrationFile.Parse(
            """
            {"name": "hiding", "layers": [{"framework": "vllm", "runs": 5, "factors": {"stall": 0.03, "first_token_prompt": 0.11}}]}
            """,
            "test"));
        ICostPlan plan = new CalibratedCostModel(hiding).Prepare(new EstimateRequest
        {
            Architecture = Sample.Catalogs.Models.Resolve("llama-3.1-8b"),
            System = Sample.Catalogs.Hardware.Find("h100"),
        });
        ReplicaModel model = new(
            plan, new ServiceDemand { Users = 32, Input = LengthDistribution.Fixed(4000), Output = LengthDistribution.Fixed(200) });

        double peak = plan.Request.System.Device.PeakFor(MathFormat.Bf16);
        PrefillChunk[] prompt = [new(0, 4000)];
        DecodeGroup[] decoding = [new(4100, 16)]; // so many sequences it prices what a prompt adds beside
        double least = (plan.Step(prompt, decoding).Flops / peak) - plan.Step([], decoding).LatencySeconds;
        Assert.True(least > 0 && model.Added >= 0.999 * least, $"{model.Added} s are added, {least} s at the peak");
        Assert.True(model.Prompt >= 0.999 * plan.Step(prompt, []).Flops / peak, $"a prompt in {model.Prompt} s");
    }
}
