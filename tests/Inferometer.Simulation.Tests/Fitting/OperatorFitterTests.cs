using Inferometer.Core;
using Inferometer.Core.Catalog;
using Inferometer.Simulation.Calibration;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Fitting;
using Inferometer.Simulation.Requests;

namespace Inferometer.Simulation.Tests.Fitting;

/// <summary>Timings of operators that a known device would have given, and what is found of the device in them.</summary>
public sealed class OperatorFitterTests
{
    private static readonly EstimateRequest Model = new()
    {
        Architecture = ModelCatalog.BuiltIn.Resolve("llama-3.1-8b"),
        System = HardwareCatalog.BuiltIn.Find("rtx_4090"),
        Framework = FrameworkCatalog.Find("vllm", "test"),
    };

    private static readonly CalibrationSet Truth = CalibrationSet.BuiltIn.With(new CalibrationSet
    {
        Name = "truth",
        Layers =
        [
            new()
            {
                Framework = "vllm",
                Device = "RTX_4090",
                Factors =
                [
                    new(Coefficient.Matrix16, 1.2), new(Coefficient.AttentionMatrix, 0.8), new(Coefficient.AttentionBeside, 64),
                    new(Coefficient.MatrixMemory, 0.9), new(Coefficient.Launch, 0.4), new(Coefficient.AttentionSerial, 250),
                ],
            },
        ],
    });

    [Fact]
    public void What_a_device_reaches_is_found_again_and_tells_steps_of_another_model()
    {
        OperatorFit fit = OperatorFitter.Fit(
            "mine", CalibrationSet.BuiltIn, [.. Asked(Model)], TestContext.Current.CancellationToken);

        Assert.Contains(fit.Operators, o => Math.Abs(Math.Log(o.BeforeSeconds / o.Timing.Seconds)) > 0.3);

        // Norms take so little of a step that they hardly count.
        Assert.All(
            fit.Operators.Where(o => o.IsFitted && o.Timing.Kind is not "norms"),
            o => Assert.InRange(o.AfterSeconds / o.Timing.Seconds, 0.85, 1.15));
        CalibrationLayer device = fit.Calibration.Layers.First(l => l.Shape is null);
        Assert.Equal(("vllm", "RTX_4090", 0), (device.Framework, device.Device, device.Runs));
        Assert.Equal(fit.Operators.Count(o => o.IsFitted), device.Timings);
        Assert.InRange(device.Factors.Single(f => f.Coefficient == Coefficient.AttentionBeside).Factor, 45, 90);

        EstimateRequest other = Model with { Architecture = ModelCatalog.BuiltIn.Resolve("qwen3-4b") };
        CalibratedCostModel real = new(Truth), before = new(CalibrationSet.BuiltIn);
        CalibratedCostModel after = new(CalibrationSet.BuiltIn.With(fit.Calibration));
        double[] errors = [.. new[] { before, after }.Select(model => Math.Abs(Math.Log(Mixed(model, other) / Mixed(real, other))))];
        Assert.True(errors[1] < 0.02 && errors[0] > 0.05, $"{errors[0]} before, {errors[1]} after");
        Assert.Equal(
            Mixed(before, Model with { System = HardwareCatalog.BuiltIn.Find("l40s") }),
            Mixed(after, Model with { System = HardwareCatalog.BuiltIn.Find("l40s") }));
    }

    // Of a service nothing was timed: what is known of it, and how well, stays.
    [Fact]
    public void Timings_say_nothing_of_services()
    {
        OperatorFit fit = OperatorFitter.Fit(
            "mine", CalibrationSet.BuiltIn, [.. Asked(Model)], TestContext.Current.CancellationToken);
        CalibrationMatch before = CalibrationSet.BuiltIn.Match(Model), after = CalibrationSet.BuiltIn.With(fit.Calibration).Match(Model);
        Assert.Equal((before.Familiarity, before.Runs), (after.Familiarity, after.Runs));
        Assert.Contains("timings of this device", after.RestsOn, StringComparison.Ordinal);
        Assert.All(
            CoefficientTable.All.Where(info => info.Serving || info.Coefficient is Coefficient.Step or Coefficient.Sequence),
            info => Assert.Equal(before.Coefficients[info.Coefficient], after.Coefficients[info.Coefficient]));
    }

    [Fact]
    public void Thousands_of_rows_of_one_kind_do_not_drown_a_dozen_of_another()
    {
        TimedOperator[] few = [.. Asked(Model)];
        TimedOperator decode = few.First(t => t.Kind is "decode attention");
        TimedOperator[] many = [.. few, .. Enumerable.Repeat(decode with { Seconds = 3 * decode.Seconds }, 3000)];
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        double ratio = Products(OperatorFitter.Fit("mine", CalibrationSet.BuiltIn, many, cancellation))
            / Products(OperatorFitter.Fit("mine", CalibrationSet.BuiltIn, few, cancellation));
        Assert.InRange(ratio, 0.97, 1.03);

        static double Products(OperatorFit fit) => fit.Operators.Where(o => o.Timing.Kind is "products").Sum(o => o.AfterSeconds);
    }

    [Fact]
    public void Caches_that_the_device_cannot_hold_are_compared_and_not_fitted()
    {
        TimedOperator large = Timed("decode attention", new StepBatch { Decode = [new(16384, 128)] }, "attention_decode");
        OperatorFit fit = OperatorFitter.Fit(
            "mine", CalibrationSet.BuiltIn, [.. Asked(Model), large], TestContext.Current.CancellationToken);
        Assert.Same(large, Assert.Single(fit.Operators, o => !o.IsFitted).Timing);
    }

    [Fact]
    public void Times_of_another_unit_are_refused_with_their_row()
    {
        TimedOperator[] milliseconds = [.. Asked(Model).Select(t => t with { Seconds = 1000 * t.Seconds })];
        InferometerException error = Assert.Throws<InferometerException>(
            () => OperatorFitter.Fit("mine", CalibrationSet.BuiltIn, milliseconds, TestContext.Current.CancellationToken));
        Assert.StartsWith("ops.csv, line ", error.Message, StringComparison.Ordinal);
        Assert.Contains("is the unit as the layout has it", error.Message, StringComparison.Ordinal);
        Assert.Throws<InferometerException>(
            () => OperatorFitter.Fit("mine", CalibrationSet.BuiltIn, [], TestContext.Current.CancellationToken));
    }

    private static double Mixed(CalibratedCostModel model, EstimateRequest request) =>
        model.Prepare(request).Step([new PrefillChunk(0, 1500)], [new DecodeGroup(1000, 30)]).LatencySeconds;

    private static IEnumerable<TimedOperator> Asked(EstimateRequest request)
    {
        int[] tokens = [1, 8, 32, 100, 256, 512, 1000, 2048];
        foreach (int count in tokens)
        {
            StepBatch step = new() { Prefill = [new(0, count)] };
            yield return Timed("products", step, "qkv_projection");
            yield return Timed("products", step, "gate_up_projection");
            yield return Timed("products", step, "down_projection");
            yield return Timed("norms", step, "input_norm");
        }

        foreach (int count in (int[])[1, 8, 64])
        {
            yield return Timed("LM head", new StepBatch { Decode = [new(2, count)] }, "lm_head");
            yield return Timed("decode attention", new StepBatch { Decode = [new(900, count)] }, "attention_decode");
            foreach (int chunk in (int[])[64, 512, 1500])
            {
                yield return Timed(
                    "attention of both", new StepBatch { Prefill = [new(0, chunk)], Decode = [new(900, count)] }, "attention_prefill",
                    "attention_decode");
                yield return Timed("prefill attention", new StepBatch { Prefill = [new(1000, chunk)] }, "attention_prefill");
            }
        }
    }

    private static TimedOperator Timed(string kind, StepBatch step, params string[] operators)
    {
        TimedOperator timed = new()
        {
            Id = "ops.csv, line 7",
            Kind = kind,
            Request = Model,
            Step = step,
            Operators = [.. operators],
            Seconds = 1,
            IsOfModel = true,
        };
        return timed with { Seconds = timed.SecondsIn(new CalibratedCostModel(Truth).Prepare(Model), [])!.Value };
    }
}
