using Inferometer.Core;
using Inferometer.Core.Catalog;
using Inferometer.Core.Deployments;
using Inferometer.Simulation.Calibration;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Fitting;
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
        RateRun[] rates = [.. Asked("q8_0", 1).Select(run => run with { TokensPerSecond = run.TokensPerSecond / Seconds(real, run) })];
        DeviceFit fit = DeviceFitter.Fit("mine", CalibrationSet.BuiltIn, rates, TestContext.Current.CancellationToken);

        Assert.All(fit.Rates, r => Assert.InRange(r.AfterSeconds / r.Rate.StepSeconds, 0.9, 1.1));
        Assert.Contains(fit.Rates, r => Math.Abs(Math.Log(r.BeforeSeconds / r.Rate.StepSeconds)) > 0.2);

        // A workload that was not among them, and nothing of another device.
        RateRun other = rates[0] with { Tokens = 333, Sequences = 2 };
        CalibratedCostModel fitted = new(CalibrationSet.BuiltIn.With(fit.Calibration));
        Assert.InRange(Seconds(fitted, other) / Seconds(real, other), 0.9, 1.1);
        RateRun elsewhere = other with { Request = Request("q8_0") with { System = HardwareCatalog.BuiltIn.Find("xeon_8480plus") } };
        Assert.Equal(Seconds(new CalibratedCostModel(), elsewhere), Seconds(fitted, elsewhere));
    }

    [Fact]
    public void Rates_of_two_devices_are_refused()
    {
        RateRun[] two =
        [
            .. Asked("q8_0", 1),
            .. Asked("q8_0", 1).Select(r => r with { Request = r.Request with { System = HardwareCatalog.BuiltIn.Find("xeon_8480plus") } }),
        ];
        InferometerException error = Assert.Throws<InferometerException>(
            () => DeviceFitter.Fit("mine", CalibrationSet.BuiltIn, two, TestContext.Current.CancellationToken));
        Assert.Contains("these are of 2", error.Message, StringComparison.Ordinal);
    }

    // Tokens per second that make a step of the given seconds.
    private static IEnumerable<RateRun> Asked(string format, double seconds)
    {
        EstimateRequest request = Request(format);
        foreach ((bool prompt, int sequences, int depth, int tokens) in new[]
        {
            (true, 1, 0, 16), (true, 1, 0, 128), (true, 1, 0, 512), (true, 1, 768, 256), (false, 1, 0, 16), (false, 4, 0, 16),
            (false, 16, 0, 16), (false, 1, 1024, 16), (false, 8, 512, 16),
        })
        {
            yield return new RateRun
            {
                Id = $"{prompt} {sequences} {depth} {tokens}",
                Request = request,
                IsPrompt = prompt,
                Sequences = sequences,
                DepthTokens = depth,
                Tokens = tokens,
                TokensPerSecond = sequences * (prompt ? tokens : 1) / seconds,
            };
        }
    }

    private static double Seconds(ICostModel model, RateRun run) => RateStage.Predict(model.Prepare(run.Request), run);

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
