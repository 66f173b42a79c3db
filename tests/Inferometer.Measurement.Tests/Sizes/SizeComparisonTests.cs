using System.Globalization;
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
}
