using Inferometer.Core.Catalog;
using Inferometer.Measurement.Local;
using Inferometer.Simulation.Fitting;
using Inferometer.Simulation.Requests;

namespace Inferometer.Measurement.Tests.Local;

public sealed class StepSampleTests
{
    private static readonly EstimateRequest Request = new()
    {
        Architecture = ModelCatalog.BuiltIn.Resolve("llama-3.1-8b"),
        System = HardwareCatalog.BuiltIn.Find("h100"),
    };

    [Fact]
    public void A_step_lasts_until_the_next_one_where_the_engine_had_work()
    {
        // 10 ms, 0.2 ms between the steps, and then a second without work: the last step has the pause of one sequence.
        MeasuredStep[] sample = Of(Prompt(0, 0.010), Decode(0.0102, 0.0112, 5), Prompt(1.5, 1.510));
        Assert.Equal([0.0102, 0.0012, 0.0102], sample.Select(s => Math.Round(s.Seconds, 9)));
        Assert.Equal(["run: prompts", "run: decode, one", "run: prompts"], sample.Select(s => s.Id));
    }

    [Fact]
    public void Decode_steps_in_a_row_are_one_measurement_without_those_that_were_held_up()
    {
        List<TimedStep> steps = [];
        double now = 0;
        for (int i = 0; i < 8; i++)
        {
            double seconds = i == 3 ? 0.050 : 0.002;
            steps.Add(Decode(now, now + seconds, 10 + i));
            now += seconds;
        }

        MeasuredStep only = Assert.Single(Of([.. steps]));
        Assert.Equal(0.002, only.Seconds, 1e-9);
        Assert.Equal(14, Assert.Single(only.Step.Decode).ContextTokens);
    }

    [Fact]
    public void Kinds_count_alike_however_many_steps_there_are_of_each()
    {
        TimedStep[] steps = [.. Enumerable.Range(0, 40).Select(i => Prompt(i, i + 0.01)), Decode(100, 100.01, 5)];
        MeasuredStep[] sample = Of(steps);
        double prompts = sample.Where(s => s.Step.Prefill.Count > 0).Sum(s => s.Weight * s.Weight);
        Assert.Equal(prompts, sample[^1].Weight * sample[^1].Weight, 1e-9);
    }

    private static MeasuredStep[] Of(params TimedStep[] steps) => [.. StepSample.Of("run", Request, [steps])];

    private static TimedStep Prompt(double begin, double end) => new(begin, end, [new PrefillChunk(0, 100)], []);

    private static TimedStep Decode(double begin, double end, int context) => new(begin, end, [], [new DecodeGroup(context)]);
}
