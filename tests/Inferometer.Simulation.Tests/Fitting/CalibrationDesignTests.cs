using Inferometer.Core.Catalog;
using Inferometer.Simulation.Calibration;
using Inferometer.Simulation.ClosedLoop;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Fitting;
using Inferometer.Simulation.Requests;

namespace Inferometer.Simulation.Tests.Fitting;

public sealed class CalibrationDesignTests
{
    private static readonly CalibrationSet Below = CalibrationSet.BuiltIn;

    [Fact]
    public void Every_run_makes_predictions_more_certain_and_the_chosen_one_most()
    {
        ServingRun[] candidates = Candidates();
        int first = Assert.Single(CalibrationDesign.Choose(Below, candidates, [], 1));
        double before = Both([]);
        double chosen = Both([candidates[first]]);
        Assert.All(candidates, c => Assert.InRange(Both([c]), chosen - 1e-9, before));

        double Both(ServingRun[] measured)
        {
            (double token, double ttft) = CalibrationDesign.Uncertainty(Below, candidates, measured);
            return (token * token / (0.06 * 0.06)) + (ttft * ttft / (0.15 * 0.15));
        }
    }

    [Fact]
    public void Runs_are_chosen_once_and_differ_from_what_was_measured()
    {
        ServingRun[] candidates = Candidates();
        IReadOnlyList<int> all = CalibrationDesign.Choose(Below, candidates, [], 100);
        Assert.Equal(Enumerable.Range(0, candidates.Length), all.Order());

        // With that one measured twenty times over, another tells more.
        ServingRun[] measured = [.. Enumerable.Repeat(candidates[all[0]], 20)];
        Assert.NotEqual(all[0], CalibrationDesign.Choose(Below, candidates, measured, 1)[0]);
    }

    [Fact]
    public void Measured_times_play_no_part()
    {
        ServingRun[] candidates = Candidates();
        IReadOnlyList<int> expected = CalibrationDesign.Choose(Below, candidates, [], 3);
        ServingRun[] timed =
            [.. candidates.Select((c, i) => c with { TimePerOutputTokenSeconds = 0.01 + i, TimeToFirstTokenSeconds = 3.0 / (i + 1) })];
        Assert.Equal(expected, CalibrationDesign.Choose(Below, timed, [], 3));
    }

    [Fact]
    public void Runs_of_one_user_leave_open_what_further_sequences_cost()
    {
        // A doubling is believed to cost next to nothing, and one standard deviation above that 6 % of a step: of 128 sequences a third.
        ServingRun[] candidates = Candidates();
        ServingRun[] asked = [.. candidates.Where(c => c.Load.Users == 128)];
        double alone = After(1), many = After(128);
        Assert.InRange(alone, Math.Sqrt(asked.Average(c => Math.Pow(OfDoublings(c), 2))), 0.6);
        Assert.True(many < alone / 3, $"{many} after runs of many users, {alone} after those of one");

        double After(int users) => CalibrationDesign.Uncertainty(
            Below, asked, [.. Enumerable.Repeat(candidates.Where(c => c.Load.Users == users), 20).SelectMany(c => c)]).Token;

        // What a run's time per token grows by, in logarithms, where each of its doublings takes 0.3 % x e^3 of a step of one sequence.
        double OfDoublings(ServingRun run)
        {
            ICostPlan plan = new CalibratedCostModel(Below).Prepare(run.Request);
            double step = plan.Step([], [new DecodeGroup(run.Load.MeanInputTokens, 1)]).LatencySeconds;
            double token = ClosedLoopModel.Estimate(plan, run.Load).TimePerOutputTokenSeconds;
            return Math.Log(1 + (0.003 * Math.Exp(3) * Math.Log2(run.Load.Users) * step / token));
        }
    }

    private static ServingRun[] Candidates()
    {
        var request = Sample.Request(Sample.Llama3) with
        {
            System = HardwareCatalog.BuiltIn.Find("h100_sxm"),
            Framework = FrameworkCatalog.Find("vllm", "test"),
        };
        return
        [
            .. from users in (int[])[1, 16, 128]
               from input in (int[])[256, 4096]
               select new ServingRun { Id = $"{users}|{input}", Request = request, Load = new(users, input, 256) },
        ];
    }
}
