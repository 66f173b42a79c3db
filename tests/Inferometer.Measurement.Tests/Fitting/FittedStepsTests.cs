using Inferometer.Measurement.Fitting;
using Inferometer.Measurement.Published.Layouts;
using Inferometer.Measurement.Replay;
using Inferometer.Simulation.Calibration;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Fitting;
using Inferometer.Simulation.Operators;
using Inferometer.Simulation.Planning;
using Inferometer.Tests;

namespace Inferometer.Measurement.Tests.Fitting;

/// <summary>Decoder steps that were timed without a framework, and what a fit to some says of others.</summary>
public sealed class FittedStepsTests
{
    private static readonly Lazy<IReadOnlyList<RateRun>> s_runs = new(() =>
    {
        string path = SharedFolder.Require("reference/gpu/steps.csv");
        ReplaySetup setup = new(Catalogs.From(null), PublishedNames.ConfigFolderOf(path), "calibrated");
        return MeasuredRates.OfSteps(PublishedTableReader.Read(path), "pytorch", setup);
    });

    [Fact]
    public void Steps_with_weights_in_16_bits_are_fitted_and_no_others()
    {
        IReadOnlyList<RateRun> runs = s_runs.Value;
        Assert.Equal(72, runs.Count);
        Assert.All(runs, run => Assert.True(run.IsOfDevice && run.Request.Precisions.Weights.BitsPerElement == 16));
        RateRun prompt = runs.Single(r => r is { IsPrompt: true, Tokens: 4096 } && r.StepSeconds is > 0.1104 and < 0.1106);
        Assert.Equal("H100_SXM", prompt.Request.System.Device.Name);
    }

    // The other device, whose bandwidth is 1.43 times as high, and the other network were not seen.
    [Theory]
    [InlineData("H100_SXM")]
    [InlineData("H200_SXM")]
    public void A_fit_to_one_device_says_what_the_other_takes(string held)
    {
        RateRun[] seen = [.. s_runs.Value.Where(r => !Is(r, held))];
        CalibrationSet serving = CalibrationSet.BuiltIn with
        {
            Layers = [.. CalibrationSet.BuiltIn.Layers.Where(l => l.Framework is not "pytorch")],
        };
        CalibrationSet fitted = RateFitter.Fit(
            serving, "pytorch", seen, validate: false, cancellationToken: TestContext.Current.CancellationToken).Calibration;
        CalibratedCostModel model = new(serving.With(fitted));
        foreach (bool prompt in (bool[])[true, false])
        {
            double[] errors =
            [
                .. s_runs.Value.Where(r => Is(r, held) && r.IsPrompt == prompt)
                    .Select(r => Math.Abs((Seconds(model, r) / r.StepSeconds) - 1)),
            ];
            Assert.InRange(errors.Average(), 0, prompt ? 0.06 : 0.04);
        }
    }

    private static bool Is(RateRun run, string device) => run.Request.System.Device.Name.Equals(device, StringComparison.Ordinal);

    private static double Seconds(CalibratedCostModel model, RateRun run)
    {
        List<OperatorRow> rows = [];
        model.Prepare(run.Request).Step(
            run.IsPrompt ? [new(0, run.Tokens, run.Sequences)] : [], run.IsPrompt ? [] : [new(run.DepthTokens + 1, run.Sequences)], rows);
        return rows.Where(r => r.Group != OperatorGroup.Framework).Sum(r => r.TotalSeconds);
    }
}
