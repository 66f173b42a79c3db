using Inferometer.Core;
using Inferometer.Core.Catalog;
using Inferometer.Core.Deployments;
using Inferometer.Simulation.Calibration;
using Inferometer.Simulation.ClosedLoop;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Fitting;
using Inferometer.Simulation.Requests;

namespace Inferometer.Simulation.Tests.Fitting;

public class FittingTests
{
    private static readonly (int Users, int Input, int Output)[] Loads =
        [(1, 128, 512), (8, 1024, 1024), (64, 1024, 256), (32, 8192, 1024), (256, 512, 512)];

    [Fact]
    public void Least_squares_finds_a_line_through_an_outlier()
    {
        // y = 2 + 3 x but for one row that is wrong by far.
        double[] xs = [.. Enumerable.Range(0, 20).Select(i => i / 10.0)];
        double[] ys = [.. xs.Select((x, i) => 2 + (3 * x) + (i == 7 ? 50 : 0))];
        double[] fit = LeastSquares.Fit(
            [0, 0], [100, 100], 50,
            (at, _, _) => [.. xs.Select((x, i) => (at[0] + (at[1] * x) - ys[i]) / 0.1)], TestContext.Current.CancellationToken);
        Assert.Equal(2, fit[0], 0.1);
        Assert.Equal(3, fit[1], 0.1);
    }

    [Fact]
    public void A_prior_holds_what_the_data_do_not_say()
    {
        double[] fit = LeastSquares.Fit(
            [0, 0], [1, 0.01], 50, (at, _, _) => [(at[0] + at[1] - 1) / 0.1], TestContext.Current.CancellationToken);
        Assert.Equal(1, fit[0], 0.02);
        Assert.Equal(0, fit[1], 0.001);
    }

    [Fact]
    public void Cholesky_solves()
    {
        double[] x = LeastSquares.Solve(new double[,] { { 4, 2 }, { 2, 3 } }, [10, 9]);
        Assert.Equal(1.5, x[0], 1e-12);
        Assert.Equal(2, x[1], 1e-12);
    }

    [Fact]
    public void A_fit_recovers_the_machine_that_its_runs_were_made_on()
    {
        CalibrationSet truth = new()
        {
            Name = "truth",
            Base = Coefficients.Priors.With(Coefficient.Launch, 7e-6).With(Coefficient.MatrixMemory, 0.7).With(Coefficient.Stall, 0.5),
            Layers = [new CalibrationLayer { Framework = "sglang", Factors = [new(Coefficient.Sequence, 1.3)] }],
        };
        List<ServingRun> runs = [.. Runs(truth, ["llama-3.1-8b", "llama-3.1-70b", "qwen3-32b"])];
        FitResult result = CalibrationFitter.Fit(runs, validate: false, cancellationToken: TestContext.Current.CancellationToken);
        Assert.All(result.Errors, e => Assert.True(e.MeanError < 0.02, $"{e.Metric}: {e.MeanError}"));
        Assert.Equal(runs.Count, result.Runs);

        // Equal runs, equal bytes; and a model that was not among them.
        FitResult again = CalibrationFitter.Fit(runs, validate: false, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(CalibrationFile.Write(result.Calibration), CalibrationFile.Write(again.Calibration));
        foreach (ServingRun unseen in Runs(truth, ["qwen3-14b"]))
        {
            ICostPlan plan = new CalibratedCostModel(result.Calibration).Prepare(unseen.Request);
            ClosedLoopEstimate e = ClosedLoopModel.Estimate(plan, unseen.Load);
            Assert.Equal(1, e.TimePerOutputTokenSeconds / unseen.TimePerOutputTokenSeconds!.Value, 0.08);
        }
    }

    [Fact]
    public void Too_few_runs_are_refused() => Assert.Contains(
        "3 runs are too few",
        Assert.Throws<InferometerException>(
            () => CalibrationFitter.Fit(
                [.. Runs(CalibrationSet.BuiltIn, ["llama-3.1-8b"]).Take(3)],
                cancellationToken: TestContext.Current.CancellationToken)).Message,
        StringComparison.Ordinal);

    private static IEnumerable<ServingRun> Runs(CalibrationSet truth, string[] models)
    {
        CalibratedCostModel model = new(truth);
        foreach (string name in models)
        {
            foreach (string system in (string[])["h100", "b200"])
            {
                foreach (string framework in (string[])["vllm", "sglang"])
                {
                    EstimateRequest request = new()
                    {
                        Architecture = ModelCatalog.BuiltIn.Resolve(name),
                        System = HardwareCatalog.BuiltIn.Find(system),
                        Parallelism = new(4),
                        Precisions = new() { Weights = Precision.Parse("fp8", "test"), Activations = Precision.Parse("fp8", "test") },
                        Framework = FrameworkCatalog.Find(framework, "test"),
                    };
                    ICostPlan plan = model.Prepare(request);
                    foreach ((int users, int input, int output) in Loads)
                    {
                        ClosedLoopLoad load = new(users, input, output, 0.2);
                        ClosedLoopEstimate e = ClosedLoopModel.Estimate(plan, load);
                        yield return new ServingRun
                        {
                            Id = $"{name} {system} {framework} {users}",
                            Request = request,
                            Load = load,
                            TimeToFirstTokenSeconds = e.TimeToFirstTokenSeconds,
                            TimePerOutputTokenSeconds = e.TimePerOutputTokenSeconds,
                        };
                    }
                }
            }
        }
    }
}
