using Inferometer.Core;
using Inferometer.Core.Catalog;
using Inferometer.Core.Deployments;
using Inferometer.Core.Models;
using Inferometer.Simulation.Calibration;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Fitting;
using Inferometer.Simulation.Operators;
using Inferometer.Simulation.Requests;

namespace Inferometer.Simulation.Tests.Fitting;

public sealed class DeviceFitterTests
{
    [Fact]
    public void What_a_device_reaches_is_found_again_from_its_rates()
    {
        CalibrationLayer truth = new()
        {
            Framework = "inferometer",
            Device = "EPYC_9654",
            Runs = 1,
            Factors =
            [
                new(Coefficient.Matrix16, 1.5), new(Coefficient.MatrixMemory, 1.2), new(Coefficient.Launch, 0.4),
                new(Coefficient.Sequence, 3),
            ],
        };
        CalibratedCostModel real = new(CalibrationSet.BuiltIn.With(new CalibrationSet { Name = "truth", Layers = [truth] }));
        MeasuredStep[] steps = [.. Asked("q8_0").Select(step => step with { Seconds = Seconds(real, step) })];
        DeviceFit fit = DeviceFitter.Fit("mine", CalibrationSet.BuiltIn, steps, null, TestContext.Current.CancellationToken);

        Assert.All(fit.Steps, s => Assert.InRange(s.AfterSeconds / s.Step.Seconds, 0.9, 1.1));
        Assert.Contains(fit.Steps, s => Math.Abs(Math.Log(s.BeforeSeconds / s.Step.Seconds)) > 0.2);

        // A step that was not among them, and nothing of another device.
        MeasuredStep other = steps[0] with { Step = new StepBatch { Prefill = [new(0, 333)], Decode = [new(200), new(90)] } };
        CalibratedCostModel fitted = new(CalibrationSet.BuiltIn.With(fit.Calibration));
        Assert.InRange(Seconds(fitted, other) / Seconds(real, other), 0.9, 1.1);
        MeasuredStep elsewhere = other with { Request = Request("q8_0") with { System = HardwareCatalog.BuiltIn.Find("xeon_8480plus") } };
        Assert.Equal(Seconds(new CalibratedCostModel(), elsewhere), Seconds(fitted, elsewhere));
    }

    // Of a narrow model element-wise work is most of a prompt, of a wide one little: fitted as if it were products, a wide model's prompts
    // would be told too slow.
    [Fact]
    public void Steps_of_narrow_models_tell_those_of_a_wide_one()
    {
        CalibrationLayer truth = new()
        {
            Framework = "inferometer",
            Device = "EPYC_9654",
            Runs = 1,
            Factors =
            [
                new(Coefficient.Matrix16, 1.9), new(Coefficient.MatrixMemory, 1.2), new(Coefficient.VectorArithmetic, 0.1),
                new(Coefficient.AttentionMatrix, 1.4),
            ],
        };
        CalibratedCostModel real = new(CalibrationSet.BuiltIn.With(new CalibrationSet { Name = "truth", Layers = [truth] }));
        MeasuredStep[] steps =
        [
            .. Of(Network("tiny", layers: 6, heads: 5, width: 832)).Concat(Of(Network("narrow", layers: 16, heads: 10, width: 1664)))
                .Concat(Of(Network("middle", layers: 8, heads: 20, width: 3328)))
                .Select(step => step with { Seconds = Seconds(real, step) }),
        ];
        DeviceFit fit = DeviceFitter.Fit("mine", CalibrationSet.BuiltIn, steps, null, TestContext.Current.CancellationToken);
        CalibratedCostModel fitted = new(CalibrationSet.BuiltIn.With(fit.Calibration));
        MeasuredStep[] wide = [.. Of(Network("wide", layers: 22, heads: 32, width: 5632))];
        Assert.All(wide, step => Assert.InRange(Seconds(fitted, step) / Seconds(real, step), 0.93, 1.07));

        // The share of element-wise work is what tells them apart.
        MeasuredStep prompt = wide.MaxBy(step => Seconds(real, step))!;
        Assert.True(Share(steps[1]) > 1.5 * Share(prompt), $"{Share(steps[1])} of a narrow model, {Share(prompt)} of a wide one");

        static IEnumerable<MeasuredStep> Of(ModelArchitecture network) =>
            Asked("q8_0").Select(step => step with { Request = Request("q8_0") with { Architecture = network } });

        double Share(MeasuredStep step)
        {
            List<OperatorRow> rows = [];
            PhaseTotals totals = real.Prepare(step.Request).Step([.. step.Step.Prefill], [.. step.Step.Decode], rows);
            return rows.Where(row => row.Name is "input_norm" or "feed_forward_norm" or "activation" or "rope_kv_write")
                .Sum(row => row.Count * row.Seconds) / totals.LatencySeconds;
        }
    }

    [Fact]
    public void A_step_of_little_weight_bends_a_fit_little()
    {
        MeasuredStep[] right = [.. Asked("q8_0").Select(step => step with { Seconds = 3 * Seconds(new CalibratedCostModel(), step) })];
        MeasuredStep wrong = right[2] with { Seconds = 10 * right[2].Seconds };
        double heavy = Fitted(wrong with { Weight = 20 }), light = Fitted(wrong with { Weight = 1e-3 });
        Assert.InRange(light / right[2].Seconds, 0.9, 1.1);
        Assert.True(heavy > 1.2 * light, $"{heavy} beside {light}");

        double Fitted(MeasuredStep step) => DeviceFitter.Fit(
            "mine", CalibrationSet.BuiltIn, [.. right, step], null, TestContext.Current.CancellationToken).Steps[2].AfterSeconds;
    }

    [Fact]
    public void The_time_to_hand_tokens_over_is_kept_as_it_was_measured()
    {
        MeasuredStep[] steps = [.. Asked("q8_0").Select(step => step with { Seconds = Seconds(new CalibratedCostModel(), step) })];
        DeviceFit fit = DeviceFitter.Fit("mine", CalibrationSet.BuiltIn, steps, 1.5e-3, TestContext.Current.CancellationToken);
        CalibratedPlan plan = (CalibratedPlan)new CalibratedCostModel(CalibrationSet.BuiltIn.With(fit.Calibration))
            .Prepare(steps[0].Request);
        Assert.Equal(1.5e-3, plan.HandOverSeconds, 1e-9);
        Assert.Equal(ServiceCoefficients.None, plan.Service); // its steps were timed one by one

        // Nobody has timed it elsewhere.
        CalibratedPlan elsewhere = (CalibratedPlan)new CalibratedCostModel(CalibrationSet.BuiltIn.With(fit.Calibration)).Prepare(
            steps[0].Request with { System = HardwareCatalog.BuiltIn.Find("xeon_8480plus") });
        Assert.Equal(0, elsewhere.HandOverSeconds);
    }

    [Fact]
    public void Steps_of_two_devices_are_refused()
    {
        MeasuredStep[] two =
        [
            .. Asked("q8_0"),
            .. Asked("q8_0").Select(r => r with { Request = r.Request with { System = HardwareCatalog.BuiltIn.Find("xeon_8480plus") } }),
        ];
        InferometerException error = Assert.Throws<InferometerException>(
            () => DeviceFitter.Fit("mine", CalibrationSet.BuiltIn, two, null, TestContext.Current.CancellationToken));
        Assert.Contains("these are of 2", error.Message, StringComparison.Ordinal);
    }

    private static ModelArchitecture Network(string name, int layers, int heads, int width)
    {
        DenseFeedForward feedForward = new() { IntermediateSize = width };
        return Sample.Model(name, 64 * heads, 8192, Sample.Repeat(layers, Sample.Attention(heads, heads, 64), feedForward));
    }

    // Prompts alone, sequences alone, and both; each taking a second.
    private static IEnumerable<MeasuredStep> Asked(string format)
    {
        EstimateRequest request = Request(format);
        foreach (StepBatch step in new StepBatch[]
        {
            new() { Prefill = [new(0, 16)] }, new() { Prefill = [new(0, 128)] }, new() { Prefill = [new(0, 512)] },
            new() { Prefill = [new(768, 256)] }, new() { Decode = [new(1)] }, new() { Decode = [new(8, 4)] },
            new() { Decode = [new(8, 16)] }, new() { Decode = [new(1024)] }, new() { Decode = [new(512, 8)] },
            new() { Prefill = [new(0, 100), new(40, 60)], Decode = [new(300), new(700), new(20)] },
        })
        {
            yield return new MeasuredStep { Id = "step", Request = request, Step = step, Seconds = 1 };
        }
    }

    private static double Seconds(ICostModel model, MeasuredStep step) =>
        model.Prepare(step.Request).Step([.. step.Step.Prefill], [.. step.Step.Decode]).LatencySeconds;

    private static EstimateRequest Request(string format) => Sample.Request(Sample.Llama3) with
    {
        System = HardwareCatalog.BuiltIn.Find("epyc_9654"),
        Framework = FrameworkCatalog.Find("inferometer", "test"),
        Precisions = new PrecisionSet
        {
            Weights = Precision.Parse(format, "test"),
            Activations = Precision.Bf16,
            KvCache = Precision.Fp16,
        },
    };
}
