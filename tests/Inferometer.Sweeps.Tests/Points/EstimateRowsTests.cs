using Inferometer.Reports.Metrics;
using Inferometer.Simulation.Planning;
using Inferometer.Sweeps.Points;
using Inferometer.Sweeps.Rows;
using Inferometer.Sweeps.Spaces;

namespace Inferometer.Sweeps.Tests.Points;

/// <summary>A row of a sweep says what an estimate of the same point says, to the last bit.</summary>
public class EstimateRowsTests
{
    public static TheoryData<string> Spaces =>
    [
        """
        base: {on: h100, output: 200}
        product: {model: [llama-3.1-8b, mixtral-8x7b], tp: [1, 2, 3, 64], batch: [1, 7, 64], input: [128, 5000]}
        columns: all
        """,
        "base: {model: llama-3.1-8b, on: a100}\nproduct: {batch: [1, 300], prefix-cached: [0, 100, 5000], input: [128, 6000], "
            + "output: [1, 2, 300]}",
        "base: {model: llama-3.1-8b, on: a100, features: prefill}\nproduct: {batch: [1, 8], output: [1, 5000], input: [128, 6000]}",
        "base: {model: llama-3.1-8b, on: a100, features: decode}\nproduct: {batch: [1, 8], output: [1, 5000], beams: [1, 4]}",
        "base: {model: llama-3.1-8b, on: h100, input: 1000}\nproduct: {cost-model: [calibrated, roofline, genz, bud], bits: [bf16, "
            + "int8], batch: [1, 16]}",
        "base: {model: llama-3.1-70b, on: h100}\nproduct: {features: [none, memory_offload], batch: [1, 16], tp: [1, 2]}",
        "base: {model: llama-3.1-8b, on: h100}\nproduct: {prefix_caching.hit_rate: [0, 0.5], input: [100, 1000]}",
        "base: {model: llama-3.1-8b, on: h100}\nproduct: {draft: [none, ngram, llama-3.2-1b], acceptance: [0.5, 0.9], batch: [1, 4]}",
        "base: {model: llama-3.1-8b, on: h100, framework: vllm}\nproduct: {max_step_tokens: [0, 2048], input: [100, 100000], "
            + "batch: [1, 4]}",
        "base: {model: deepseek-v3, on: h200, attention-dp: true}\nlist: {dp: [8, 8, 16], ep: [8, 1, 16], batch: [64, 64, "
            + "256]}\nproduct: {kv: [bf16, q8]}",
        "base: {model: llama-3.1-8b, on: h100, features: chunked}\nproduct: {decode_kv_sizes: ['[512,1024]', '[2048]']}",
    ];

    [Theory]
    [MemberData(nameof(Spaces))]
    public void A_row_says_what_an_estimate_of_the_point_says(string yaml)
    {
        SweepSpace space = TestSpaces.Parse(yaml);
        ResultColumns columns = new(space);
        EstimateEvaluator evaluator = new(space, columns, TestSpaces.Reader);
        RowBlock block = new(columns.All, (int)space.Count);
        PointCounts counts = new();
        evaluator.Evaluate(0, (int)space.Count, block, counts, TestContext.Current.CancellationToken);
        int priced = 0;
        for (int point = 0; point < space.Count; point++)
        {
            Estimate estimate = Expected(space, point);
            string status = estimate.Result is not null ? PointStatus.Ok
                : estimate.Overflow is not null ? PointStatus.DoesNotFit : PointStatus.NotPossible;
            Assert.Equal(point, block.Whole(0)[point]);
            Assert.Equal(status, block.Texts(columns.Status)[point]);
            Assert.Equal(status is PointStatus.Ok, block.Texts(columns.Reason)[point] is null);
            for (int m = 0; m < columns.EstimateMetrics.Count; m++)
            {
                Metric<Simulation.Results.SimulationResult> metric = columns.EstimateMetrics[m];
                double? expected = estimate.Result is { } result && metric.Of(result) is { } value && double.IsFinite(value) ? value : null;
                double? actual = block.Numbers(columns.FirstMetric + m)[point];
                Assert.True(expected == actual, $"{metric.Key} of point {point}: {actual}, not {expected}");
            }

            priced += status is PointStatus.Ok ? 1 : 0;
        }

        Assert.True(priced > 0, $"no point is possible: {string.Join(' ', counts.Reasons.Keys)}");
        Assert.Equal(priced, counts.Ok);
        Assert.Equal(space.Count, counts.Total);
    }

    [Fact]
    public void Rows_do_not_depend_on_where_blocks_begin()
    {
        SweepSpace space = TestSpaces.Parse(
            "base: {on: h100}\nproduct: {input: [128, 4000], batch: [1, 8], model: [llama-3.1-8b, llama-3.1-70b], tp: [1, 2, 3]}");
        ResultColumns columns = new(space);
        RowBlock whole = new(columns.All, 24), part = new(columns.All, 24);
        new EstimateEvaluator(space, columns, TestSpaces.Reader).Evaluate(0, 24, whole, new(), TestContext.Current.CancellationToken);
        EstimateEvaluator other = new(space, columns, TestSpaces.Reader);
        for (int first = 19; first >= 0; first -= 5)
        {
            other.Evaluate(first, 5, part, new(), TestContext.Current.CancellationToken);
            for (int row = 0; row < 5; row++)
            {
                for (int m = 0; m < columns.EstimateMetrics.Count; m++)
                {
                    int column = columns.FirstMetric + m;
                    Assert.Equal(whole.Numbers(column)[first + row], part.Numbers(column)[row]);
                }
            }
        }
    }

    [Fact]
    public void Pruned_points_can_be_left_out_and_are_counted_all_the_same()
    {
        const string Yaml = "base: {on: h100}\nproduct: {model: [llama-3.1-8b, llama-3.1-70b], tp: [1, 2, 3, 4]}\npruned: ";
        SweepSpace drop = TestSpaces.Parse(Yaml + "drop");
        ResultColumns columns = new(drop);
        RowBlock block = new(columns.All, 8);
        PointCounts counts = new();
        new EstimateEvaluator(drop, columns, TestSpaces.Reader).Evaluate(0, 8, block, counts, TestContext.Current.CancellationToken);
        Assert.Equal((5, 1, 2), (counts.Ok, counts.DoesNotFit, counts.NotPossible));
        Assert.Equal([0, 1, 3, 5, 7], block.Whole(0).Take(block.Count));
        Assert.All(counts.Reasons.Keys, reason => Assert.Contains("tensor = 3", reason, StringComparison.Ordinal));
    }

    [Fact]
    public void An_axis_that_is_named_like_a_metric_has_one_column()
    {
        SweepSpace space = TestSpaces.Parse("base: {model: llama-3.1-8b, on: h100}\nproduct: {replicas: [1, 2]}", "rate=1");
        ResultColumns columns = new(space);
        Assert.Single(columns.All, c => c.Key is "replicas");
    }

    private static Estimate Expected(SweepSpace space, int point)
    {
        try
        {
            return Estimate.Of(TestSpaces.Reader.ReadEstimate([.. space.Common, .. space.At(point)]), TestSpaces.Reader.Engine);
        }
        catch (Core.InferometerException error)
        {
            return new Estimate(new() { Model = "" }, null) { Error = error.Message };
        }
    }
}
