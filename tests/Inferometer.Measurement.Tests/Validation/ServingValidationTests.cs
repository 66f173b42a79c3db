using Inferometer.Core;
using Inferometer.Measurement.Published;
using Inferometer.Measurement.Published.Layouts;
using Inferometer.Measurement.Replay;
using Inferometer.Measurement.Validation;
using Inferometer.Simulation.Fitting;
using Inferometer.Simulation.Planning;
using Inferometer.Tests;

namespace Inferometer.Measurement.Tests.Validation;

/// <summary>Serving rows beside predictions.</summary>
public sealed class ServingValidationTests
{
    private const string Header = "id,model,system,framework,precision,isl,osl,concurrency,ttft_ms,tpot_ms,flag,dup\n";

    [Fact]
    public void End_to_end_is_the_first_token_and_the_steps_after_it_on_both_sides()
    {
        PublishedTable table = Read("a,m,s,vllm,fp8,100,11,4,200,30,,0\n");

        ValidationResult result = ServingValidation.Run(
            table, new Fixed(100, 20), [new BaselinePrediction { Id = "a", TtftMs = 300, TpotMs = 30 }],
            cancellationToken: TestContext.Current.CancellationToken);

        Assert.Equal(["TTFT", "TPOT", "E2E"], result.Metrics);
        Assert.Equal([200, 30, 500], result.Comparisons.Select(c => c.Measured));
        Assert.Equal([100, 20, 300], result.Comparisons.Select(c => c.Predicted));
        Assert.Equal([300, 30, 600], result.Comparisons.Select(c => c.Baseline!.Value));
    }

    [Fact]
    public void Bad_rows_and_duplicates_are_left_out_and_counted()
    {
        PublishedTable table = Read(
            "a,m,s,vllm,fp8,100,11,4,200,30,,0\n"
            + "b,m,s,vllm,fp8,100,11,4,200,30,suspect,0\nc,m,s,vllm,fp8,100,11,4,200,30,,1\n");

        ValidationResult result = Run(table);

        Assert.Equal((3, 1), (result.Rows, result.Predicted));
        Assert.Equal(
            [("flagged suspect", 1, "b"), ("measured twice", 1, "c")], result.LeftOut.Select(l => (l.Reason, l.Count, l.First)));
    }

    [Fact]
    public void A_row_that_has_one_figure_is_judged_by_that()
    {
        ValidationResult result = Run(Read("a,m,s,vllm,fp8,100,11,4,,30,,0\n"));

        Assert.Equal(["TPOT"], result.Metrics);
    }

    [Theory]
    [InlineData("200", "0.03", "t.csv, line 2, row a: TPOT is 0.03 ms where 20 ms are predicted")]
    [InlineData("200", "30000", "t.csv, line 2, row a: TPOT is 3E+04 ms where 20 ms are predicted")]
    [InlineData("0.2", "30", "t.csv, line 2, row a: TTFT is 0.2 ms where 100 ms are predicted")]
    public void Another_unit_is_refused_with_the_row_named(string ttft, string tpot, string message)
    {
        PublishedTable table = Read($"a,m,s,vllm,fp8,100,11,4,{ttft},{tpot},,0\n");

        InferometerException error = Assert.Throws<InferometerException>(() => Run(table));
        Assert.StartsWith(message, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(HoldOut.Model, 3)]
    [InlineData(HoldOut.Device, 2)]
    [InlineData(HoldOut.Framework, 2)]
    public void What_is_held_out_is_not_seen_by_the_fit_that_predicts_it(HoldOut holdOut, int parts)
    {
        PublishedTable table = Read(
            "a,x/m1,s1,vllm,fp8,100,11,4,200,30,,0\nb,x/m2,s1,sglang,fp8,100,11,4,200,30,,0\nc,m1,s2,vllm,fp8,100,11,4,200,30,,0\n"
            + "d,m3,s2,sglang,fp8,100,11,4,200,30,,0\ne,m3,s2,vllm,fp8,100,11,4,200,30,bad,0\n");
        Recording fitted = new();

        ValidationResult result = Assert.Single(
            CrossValidation.Run(table, fitted, holdOut, [0], cancellationToken: TestContext.Current.CancellationToken));

        Assert.Equal(parts, fitted.Fits);
        Assert.Equal(4, result.Predicted);
        Assert.All(fitted.Asked, a => Assert.DoesNotContain(
            CrossValidation.PartOf(a.Row, holdOut), a.Seen.Select(seen => CrossValidation.PartOf(seen, holdOut))));
        Assert.All(fitted.Asked, a => Assert.All(a.Seen, seen => Assert.True(seen.IsGood)));
    }

    [Fact]
    public void Rows_that_correct_a_fit_are_not_judged_and_all_counts_are_judged_by_the_same_rows()
    {
        string rows = string.Concat(Enumerable.Range(0, 6).Select(i => FormattableString.Invariant(
            $"s{i},m1,s,vllm,fp8,100,11,{i + 1},200,30,,0\nt{i},m2,s,vllm,fp8,100,11,{i + 1},200,30,,0\n")));
        Recording fitted = new();
        IReadOnlyList<ValidationResult> results = CrossValidation.Run(
            Read(rows), fitted, HoldOut.Model, [0, 2], cancellationToken: TestContext.Current.CancellationToken);

        Assert.Equal([8, 8], results.Select(r => r.Predicted));
        string[] judged = [.. results[0].Comparisons.Select(c => c.Id).Distinct(StringComparer.Ordinal)];
        Assert.Equal(judged, results[1].Comparisons.Select(c => c.Id).Distinct(StringComparer.Ordinal));
        Assert.All(fitted.Asked, a => Assert.DoesNotContain(a.Row, a.Seen));
        Assert.Equal(8, fitted.Asked.Count(a => a.Seen.Count == 6));
        Assert.Equal(8, fitted.Asked.Count(a => a.Seen.Count == 8));
    }

    [Fact]
    public void A_random_fifth_is_about_a_fifth_and_the_same_every_time()
    {
        string rows = string.Concat(
            Enumerable.Range(0, 500).Select(i => FormattableString.Invariant($"s{i},m,s,vllm,fp8,100,11,4,200,30,,0\n")));
        ServingMeasurement[] all = [.. Read(rows).Serving];
        int[] sizes = [.. all.GroupBy(r => CrossValidation.PartOf(r, HoldOut.RandomFifth)).Select(g => g.Count())];

        Assert.Equal(5, sizes.Length);
        Assert.All(sizes, n => Assert.InRange(n, 70, 130));
    }

    [Fact]
    public void Every_good_row_of_the_shared_table_is_predicted()
    {
        string path = SharedFolder.Require("reference/measurements/silicon.csv");
        PublishedTable baseline = PublishedTableReader.Read(SharedFolder.Require("reference/measurements/baseline_aiconfigurator.csv"));
        ReplaySetup setup = new(Catalogs.From(null), PublishedNames.ConfigFolderOf(path), "roofline");

        ValidationResult result = TableValidation.Run(
            PublishedTableReader.Read(path), setup, baseline, TestContext.Current.CancellationToken);

        Assert.Equal((1819, 3 * 1819), (result.Predicted, result.Comparisons.Count));
        Assert.All(result.Comparisons, c => Assert.True(double.IsFinite(c.Predicted) && c.Predicted > 0, c.Label));
        Comparison[] tpot = [.. result.Comparisons.Where(c => c.Metric is "TPOT")];

        // A static batch on an idle engine: nearly all of it too fast, by about a third.
        Assert.InRange(ErrorStatistics.Of(tpot)!.MedianAbsolute, 0.3, 0.4);
        Assert.InRange(ErrorStatistics.Of(tpot)!.ShareBelow, 0.9, 1);

        // What the other tool reaches on the rows it covers, as docs of the table say of all rows: 15.3 % median.
        Assert.InRange(ErrorStatistics.OfBaseline(tpot)!.MedianAbsolute, 0.1, 0.17);
    }

    [Fact]
    public void Predictions_of_another_tool_must_be_of_the_same_rows()
    {
        ReplaySetup setup = new(Catalogs.From(null), null, "roofline");
        PublishedTable table = Read("a,llama-3.1-8b,h100,vllm,bf16,100,11,4,200,30,,0\n");
        PublishedTable other = PublishedTableReader.Read(new StringReader("id,ttft_ms,tpot_ms\nb,1,2\n"), "other.csv");

        Assert.Contains(
            "predicts none of the rows", Assert.Throws<InferometerException>(() => Compare(table, setup, other)).Message,
            StringComparison.Ordinal);
        Assert.Contains(
            "it goes with --against", Assert.Throws<InferometerException>(() => Compare(other, setup, null)).Message,
            StringComparison.Ordinal);
        Assert.Contains(
            "holds no predictions of another tool", Assert.Throws<InferometerException>(() => Compare(table, setup, table)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_table_of_which_nothing_can_be_predicted_is_refused_with_the_reason()
    {
        PublishedTable table = Read("a,no/such-model,h100,vllm,bf16,100,11,4,200,30,,0\n");

        Assert.Equal(
            "t.csv: none of its rows can be predicted; a: model 'no/such-model' is not in the catalog, nor described by a file beside the "
            + "table.",
            Assert.Throws<InferometerException>(() => Compare(table, new ReplaySetup(Catalogs.From(null)), null)).Message);
    }

    private static ValidationResult Run(PublishedTable table) =>
        ServingValidation.Run(table, new Fixed(100, 20), cancellationToken: TestContext.Current.CancellationToken);

    private static ValidationResult Compare(PublishedTable table, ReplaySetup setup, PublishedTable? other) =>
        TableValidation.Run(table, setup, other, TestContext.Current.CancellationToken);

    private static PublishedTable Read(string rows) => PublishedTableReader.Read(new StringReader(Header + rows), "t.csv");

    private sealed class Fixed(double ttft, double tpot) : IServingPredictor
    {
        public string Name => "fixed";

        public ServingPrediction Predict(ServingMeasurement row) => new() { TtftMs = ttft, TpotMs = tpot };
    }

    private sealed class Recording : IFittedPredictors
    {
        public List<(ServingMeasurement Row, IReadOnlyList<ServingMeasurement> Seen)> Asked { get; } = [];

        public int Fits { get; private set; }

        public string Name => "recording";

        public IFittedPredictor FitTo(IReadOnlyList<ServingMeasurement> rows)
        {
            Fits++;
            return new Asking(this, rows);
        }

        private sealed class Asking(Recording owner, IReadOnlyList<ServingMeasurement> seen) : IFittedPredictor
        {
            public IReadOnlyList<ServingMeasurement> MostTelling(IReadOnlyList<ServingMeasurement> rows, int count) =>
                [.. rows.Reverse().Take(count)];

            public IServingPredictor CorrectedBy(IReadOnlyList<ServingMeasurement> rows) => new Asking(owner, [.. seen, .. rows]);

            public string Name => "recording";

            public ServingPrediction Predict(ServingMeasurement row)
            {
                owner.Asked.Add((row, seen));
                return new ServingPrediction { TtftMs = 100, TpotMs = 20 };
            }
        }
    }
}
