using System.Globalization;
using Inferometer.Core;
using Inferometer.Core.Catalog;
using Inferometer.Measurement.Sizes;
using Inferometer.Tests;

namespace Inferometer.Measurement.Tests.Sizes;

/// <summary>Predicted files, weights and caches beside what people published.</summary>
public sealed class SizeComparisonTests(ITestOutputHelper output)
{
    private static readonly SizeComparison Comparison = new(ModelCatalog.BuiltIn);

    [Fact]
    public void Published_sizes_are_met()
    {
        SizeSummary summary = Comparison.Of(
            PublishedSizes.Read(SharedFolder.Require("reference/measurements/published_by_users.csv")));
        foreach (SizeOutcome o in summary.Outcomes)
        {
            output.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{o.Kind,-8} {o.Error,8:P1} {o.Predicted,12:0.####} {o.Row.Reported,12:0.####}  {o.Row.Model}, {o.Row.Precision}, "
                + $"{o.Row.Settings}, {o.Row.Metric} {o.Reason}"));
        }

        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{summary.Compared} of {summary.Outcomes.Count}: median {summary.MedianError:P2}, within 3 % {summary.ShareWithin(0.03):P0}"));
        Assert.True(summary.Compared >= 24, "rows that are compared");
        Assert.InRange(summary.MedianError, 0, 0.01);
        Assert.InRange(summary.ShareWithin(0.03), 0.9, 1);
    }

    // Expected by hand: heads, widths, layers and bytes of the published architectures.
    [Theory]
    [InlineData("Llama-3.1-70B", "W8A8, KV bf16", "22096 tokens", "KV GiB", 80 * 8 * 128 * 2 * 2 * 22096.0 / (1L << 30), "cache")]
    [InlineData("Qwen3-235B-A22B-FP8", "fp8, bf16 KV", "TP4, 8.11 GiB available", "KV tokens", 8.11 * (1L << 30) / (94 * 512), "cache")]
    [InlineData("DeepSeek-R1 671B", "MLA cache q8_0", "32768 tokens", "KV MiB", 61 * 576 * 34.0 / 32 * 32768 / (1 << 20), "cache")]
    [InlineData("Qwen3-30B-A3B", "bf16", "TP1", "weights GiB", 30_532_122_624 * 2.0 / (1L << 30), "weights")]
    public void Rows_are_read_as_people_write_them(
        string model, string precision, string settings, string metric, double expected, string kind)
    {
        SizeOutcome outcome = Comparison.Of(new PublishedSize("source", model, precision, settings, metric, expected));
        Assert.Equal(kind, outcome.Kind);
        Assert.Null(outcome.Reason);
        Assert.Equal(0, outcome.Error!.Value, 1e-6);
    }

    [Theory]
    [InlineData("Nobody 7B", "bf16", "weights GiB", "not a model of the catalog")]
    [InlineData("Llama 3 70B", "Q9_9", "model size GiB", "names no format")]
    [InlineData("Llama 3 70B", "bf16 KV", "KV tokens", "how much memory")]
    [InlineData("Llama 3 70B", "", "power W", "not a figure of weights")]
    public void What_a_row_does_not_say_is_named(string model, string precision, string metric, string reason)
    {
        SizeOutcome outcome = Comparison.Of(new PublishedSize("source", model, precision, "", metric, 1));
        Assert.Null(outcome.Error);
        Assert.Contains(reason, outcome.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Tables_are_read_by_their_header()
    {
        const string header = "source_address,kind,hardware,model,precision,settings,metric,reported";
        PublishedSize row = Assert.Single(PublishedSizes.Parse(
            [header, "a,speed,x,m,p,s,q,1", "b,memory,x,m,\"W8A8, KV bf16\",s,weights GiB,2.5"], "table"));
        Assert.Equal(new PublishedSize("b", "m", "W8A8, KV bf16", "s", "weights GiB", 2.5), row);
        Assert.Contains(
            "'reported' is 'x'",
            Assert.Throws<InferometerException>(() => PublishedSizes.Parse([header, "b,memory,x,m,p,s,q,x"], "table")).Message,
            StringComparison.Ordinal);
        Assert.Contains(
            "'metric' is missing",
            Assert.Throws<InferometerException>(() => PublishedSizes.Parse([header.Replace("metric", "", StringComparison.Ordinal)], "t"))
                .Message,
            StringComparison.Ordinal);
    }
}
