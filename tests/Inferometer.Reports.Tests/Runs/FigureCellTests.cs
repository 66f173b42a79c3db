using Inferometer.History.Records;
using Inferometer.Reports.Documents;
using Inferometer.Reports.Runs;

namespace Inferometer.Reports.Tests.Runs;

public sealed class FigureCellTests
{
    [Theory]
    [InlineData(24, "requests", "24")]
    [InlineData(0, "requests", "0")]
    [InlineData(69120, "tokens", "69,120")]
    [InlineData(1, "", "1")]
    [InlineData(2, "replicas", "2")]
    [InlineData(16, "devices", "16")]
    [InlineData(3218, "steps", "3,218")]
    [InlineData(24, "ms", "24.0")]
    [InlineData(24, "tokens/s", "24.0")]
    [InlineData(1.5, "tokens", "1.50")]
    public void What_is_counted_is_whole(double value, string unit, string expected) =>
        Assert.Equal(expected, FigureCell.Of(Figure("key", value, unit)).Text);

    [Theory]
    [InlineData("flop_utilization", 0.133, "13 %")]
    [InlineData("slo_attainment", 1, "100 %")]
    [InlineData("mean_kv_use", 0.0377, "3.8 %")]
    [InlineData("overloaded", 1, "1")]
    public void A_share_is_a_percentage(string key, double value, string expected) =>
        Assert.Equal(Cell.Number(value, expected), FigureCell.Of(Figure(key, value, "")));

    private static RunMetric Figure(string key, double value, string unit) =>
        new() { Key = key, Name = key, Unit = unit, Better = Better.Neither, Value = value };
}
