using Inferometer.Core;
using Inferometer.Core.Catalog;
using Inferometer.Core.Deployments;
using Inferometer.Serving;
using Inferometer.Serving.Arrivals;
using Inferometer.Simulation.Calibration;
using Inferometer.Simulation.ClosedLoop;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Fitting;
using Inferometer.Simulation.Requests;
using Inferometer.Simulation.Serving;

namespace Inferometer.Simulation.Tests.Fitting;

/// <summary>A service of which nobody knows anything but what three loads showed; others, closed and open, are predicted.</summary>
public sealed class UserCalibrationTests
{
    private static readonly (int Users, int Input, int Output)[] Points = [(1, 128, 32), (4, 256, 32), (8, 64, 32)];

    // A processor at a third of its arithmetic, on which every doubling of the sequences of a step costs as much as the step of one.
    private static readonly CalibrationSet Truth = CalibrationSet.BuiltIn.With(new CalibrationSet
    {
        Name = "truth",
        Layers =
        [
            new CalibrationLayer
            {
                Factors =
                [
                    new(Coefficient.Matrix16, 0.35), new(Coefficient.Matrix8, 0.35), new(Coefficient.MatrixMemory, 0.7),
                    new(Coefficient.Doubling, 0.1 / CoefficientTable.Of(Coefficient.Doubling).Prior), new(Coefficient.Stall, 1.2),
                ],
            },
        ],
    });

    [Fact]
    public void Three_loads_tell_what_further_sequences_of_a_step_cost_and_how_fast_prompts_are_read()
    {
        EstimateRequest request = Request();
        ICostPlan truth = new CalibratedCostModel(Truth).Prepare(request);
        ServingRun[] runs = [.. Points.Select(p => Measured(truth, request, p.Users, p.Input, p.Output))];
        CalibrationSet own = UserCalibration.Fit(
            "own", CalibrationSet.BuiltIn, runs, cancellationToken: TestContext.Current.CancellationToken).Calibration;

        // As it is kept and read again.
        CalibrationSet kept = CalibrationFile.Parse(CalibrationFile.WriteLayers(own), "own.json");
        ICostPlan plan = new CalibratedCostModel(CalibrationSet.BuiltIn.With(kept)).Prepare(request);
        ICostPlan without = new CalibratedCostModel().Prepare(request);
        foreach (int sequences in (int[])[1, 2, 3, 6, 8, 12])
        {
            double step = Step(truth, sequences);
            Assert.InRange(Step(plan, sequences) / step, 0.88, 1.12);
            Assert.True(sequences == 1 || Step(without, sequences) < 0.75 * step);
        }

        foreach (TrafficOptions load in Others())
        {
            (ServingReport served, ServingReport said) = (Serve(truth, load), Serve(plan, load));
            Assert.InRange(said.TimePerOutputToken!.P50 / served.TimePerOutputToken!.P50, 0.85, 1.15);
            Assert.InRange(said.TimeToFirstToken!.P50 / served.TimeToFirstToken!.P50, 0.8, 1.2);
        }
    }

    [Fact]
    public void One_user_alone_says_nothing_of_further_sequences()
    {
        EstimateRequest request = Request();
        ICostPlan truth = new CalibratedCostModel(Truth).Prepare(request);
        CalibrationSet own = UserCalibration.Fit(
            "own", CalibrationSet.BuiltIn, [Measured(truth, request, 1, 128, 32)],
            cancellationToken: TestContext.Current.CancellationToken).Calibration;
        Coefficients c = CalibrationSet.BuiltIn.With(own).CoefficientsOf(CalibrationSubject.Of(request));
        Assert.InRange(c[Coefficient.Doubling] / Step(truth, 1), 0, 0.01);
    }

    /// <summary>What ran had room, whatever is thought of its memory.</summary>
    [Fact]
    public void A_measured_service_that_is_thought_not_to_fit_is_calibrated_to()
    {
        EstimateRequest request = Request() with
        {
            Architecture = ModelCatalog.BuiltIn.Resolve("llama-3.3-70b"),
            System = HardwareCatalog.BuiltIn.Find("rtx_4090"),
            Precisions = new() { Weights = Precision.Parse("bf16", "test") },
            Framework = FrameworkCatalog.Find("vllm", "test"),
        };
        ServingRun run = new()
        {
            Id = "too large",
            Request = request,
            Load = new ClosedLoopLoad(4, 256, 64),
            TimeToFirstTokenSeconds = 0.5,
            TimePerOutputTokenSeconds = 0.2,
        };
        Assert.Throws<InferometerException>(() => ServingSimulation.BlocksThatFit(
            new CalibratedCostModel().Prepare(request), new ServingSimulationOptions()));
        UserCalibrationResult result = UserCalibration.Fit(
            "own", CalibrationSet.BuiltIn, [run], cancellationToken: TestContext.Current.CancellationToken);
        ServedTimes after = Assert.Single(result.Runs).After;
        Assert.InRange(after.TimePerOutputTokenSeconds, 0.15, 0.25);
    }

    private static double Step(ICostPlan plan, int sequences) => plan.Step([], [new DecodeGroup(200, sequences)]).LatencySeconds;

    private static ServingRun Measured(ICostPlan truth, EstimateRequest request, int users, int input, int output)
    {
        ServingReport report = Serve(truth, Closed(users, input, output));
        return new ServingRun
        {
            Id = $"{users} users",
            Request = request,
            Load = new ClosedLoopLoad(users, input, output),
            IsWarm = true,
            TimeToFirstTokenSeconds = report.TimeToFirstToken!.Mean,
            TimePerOutputTokenSeconds = report.TimePerOutputToken!.Mean,
        };
    }

    private static TrafficOptions Closed(int users, int input, int output) => new()
    {
        Users = users,
        RampSeconds = users,
        Input = LengthDistribution.Fixed(input),
        Output = LengthDistribution.Fixed(output),
        Requests = 6 * users + 6,
    };

    private static IEnumerable<TrafficOptions> Others()
    {
        yield return Closed(2, 320, 48);
        yield return Closed(6, 96, 48);
        yield return new TrafficOptions
        {
            Process = ArrivalProcess.Parse("poisson", 0.12),
            Input = LengthDistribution.Parse("uniform:64,192"),
            Output = LengthDistribution.Parse("uniform:16,48"),
            Requests = 60,
            Seed = 7,
        };
    }

    private static ServingReport Serve(ICostPlan plan, TrafficOptions load)
    {
        ServingSimulationOptions options = plan.Framework()
            .OptionsFor(plan.Request.System.Device, plan.Request.Architecture.MaxContextTokens);
        return ServingSimulation.Serve(
            new GeneratedArrivals(load), plan, options with
            {
                Scheduler = options.Scheduler with { MaxSequences = 8 },
                WarmUp = new WarmUp(2 * load.Users, 0),
            }, TestContext.Current.CancellationToken).Report.Value;
    }

    private static EstimateRequest Request() => new()
    {
        Architecture = ModelCatalog.BuiltIn.Resolve("llama-3.1-8b"),
        System = HardwareCatalog.BuiltIn.Find("epyc_9654"),
        Precisions = new() { Weights = Precision.Parse("q8_0", "test") },
        Framework = FrameworkCatalog.Find("llama.cpp", "test"),
    };
}
