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
        Assert.Equal(expected, FigureCell.Of(value, unit).Text);
}
