using Inferometer.Measurement.Published;
using Inferometer.Measurement.Replay;
using Inferometer.Measurement.Validation;
using Inferometer.Simulation.Planning;

namespace Inferometer.Measurement.Tests.Validation;

/// <summary>Recorded runs beside their replay, request by request.</summary>
public sealed class TraceValidationTests
{
    private const int Count = 40;

    private static readonly ReplaySetup Setup = new(Catalogs.From(null));

    [Fact]
    public void A_run_that_went_as_replayed_has_no_error()
    {
        ValidationResult result = Validate(As(Replayed(), 1));

        Assert.Equal(["TTFT", "TPOT", "E2E"], result.Runs.Select(r => r.Metric));
        Assert.All(result.Runs, run =>
        {
            Assert.Equal(Count, run.Requests);
            Assert.Equal(0, run.MeanError, 9);
            Assert.Equal(0, run.P99Error, 9);
            Assert.Equal(0, run.Each.MeanAbsolute, 9);
            Assert.InRange(run.MeasuredMs, run.RangeMs!.Value.Low, run.RangeMs.Value.High);
        });
        Assert.Equal(3 * (Count + 4), result.Comparisons.Count);
    }

    [Fact]
    public void A_run_that_took_a_quarter_longer_is_predicted_a_fifth_too_low()
    {
        ValidationResult result = Validate(As(Replayed(), 1.25));

        Assert.All(result.Runs, run =>
        {
            Assert.Equal(-0.2, run.MeanError, 9);
            Assert.Equal(-0.2, run.P50Error, 9);
            Assert.Equal(0.2, run.Each.MeanAbsolute, 9);
            Assert.Equal(1, run.Each.ShareBelow);
        });
    }

    [Fact]
    public void Each_request_stands_beside_its_own_replay()
    {
        IReadOnlyList<TracedRequest> requests = As(Replayed(), 1);
        TracedRequest slow = requests[7] with { LastTokenSeconds = requests[7].LastTokenSeconds + 1 };

        ValidationResult result = Validate([.. requests.Take(7), slow, .. requests.Skip(8)]);

        Comparison late = Assert.Single(
            result.Comparisons, c => c.Metric.Equals("E2E of a request", StringComparison.Ordinal) && Math.Abs(c.Error) > 1e-9);
        Assert.Equal("run/7", late.Id);
        Assert.Equal(1000 * slow.EndToEndSeconds, late.Measured, 9);
    }

    private static ReplayedTrace Replayed() => new TraceReplay(Setup).Predict(
        Trace([
            .. Enumerable.Range(0, Count).Select(i => new TracedRequest
            {
                Number = i,
                ArrivalSeconds = 0.1 * i,
                QueuedSeconds = 0.1 * i,
                ScheduledSeconds = 0.1 * i,
                FirstTokenSeconds = 0.1 * i,
                LastTokenSeconds = 0.1 * i,
                InputTokens = 300 + (20 * (i % 7)),
                OutputTokens = 20 + (i % 5),
            }),
        ]), TestContext.Current.CancellationToken);

    // What was replayed as if it had been recorded, with all times after the arrival so many times as long.
    private static TracedRequest[] As(ReplayedTrace replayed, double factor) =>
    [
        .. replayed.Requests.Select(r => r.Measured with
        {
            FirstTokenSeconds = r.Measured.QueuedSeconds + (factor * (r.Predicted.FirstTokenSeconds - r.Measured.QueuedSeconds)),
            LastTokenSeconds = r.Measured.QueuedSeconds + (factor * (r.Predicted.LastTokenSeconds - r.Measured.QueuedSeconds)),
        }),
    ];

    private static ValidationResult Validate(IReadOnlyList<TracedRequest> requests) => TraceValidation.Run(
        new PublishedTable { Path = "t.csv", Layout = "recorded runs", Traces = [Trace(requests)] }, new TraceReplay(Setup),
        TestContext.Current.CancellationToken);

    private static ServingTrace Trace(IReadOnlyList<TracedRequest> requests) => new()
    {
        Run = "run",
        Table = "t.csv",
        System = "RTX4090",
        Model = "meta-llama/Llama-3.1-8B",
        Precision = "bfloat16",
        Engine = new EnginePool { Tensor = 1 },
        MaxSequences = 256,
        MaxStepTokens = 2048,
        Requests = requests,
    };
}
