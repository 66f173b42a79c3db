using Inferometer.Core;
using Inferometer.Measurement.Watch;

namespace Inferometer.Measurement.Tests.Watch;

public sealed class MetricsTextTests
{
    [Fact]
    public void Names_labels_and_values_are_read()
    {
        IReadOnlyList<MetricSample> samples = MetricsText.Read(
            "# HELP a What it is.\r\n# TYPE a gauge\r\na 1.5\n\na_bucket{le=\"+Inf\",} 3 1395066363000\n"
                + "vllm:b{path=\"C:\\\\x\",said=\"a \\\"b\\\"\\nc, }\"} +Inf\nc{ } NaN # {trace=\"1\"} 0.5\n  d\t-2e-3\ne 0\n",
            "test");

        Assert.Equal(["a", "a_bucket", "vllm:b", "c", "d", "e"], samples.Select(s => s.Name));
        Assert.Equal([1.5, 3, double.PositiveInfinity, double.NaN, -0.002, 0], samples.Select(s => s.Value));
        Assert.Equal("+Inf", samples[1].Label("le"));
        Assert.Equal("C:\\x", samples[2].Label("path"));
        Assert.Equal("a \"b\"\nc, }", samples[2].Label("said"));
        Assert.Null(samples[2].Label("le"));
    }

    [Theory]
    [InlineData("<html>")]
    [InlineData("a")]
    [InlineData("a{b=\"c\" 1")]
    [InlineData("a{b=c} 1")]
    [InlineData("a{=\"c\"} 1")]
    [InlineData("a one")]
    [InlineData("{b=\"c\"} 1")]
    public void A_line_that_is_none_is_named(string line)
    {
        InferometerException error = Assert.Throws<InferometerException>(() => MetricsText.Read("a 1\n" + line + "\n", "http://x/metrics"));
        Assert.Contains("http://x/metrics: line 2", error.Message, StringComparison.Ordinal);
        Assert.Contains(line, error.Message, StringComparison.Ordinal);
    }
}
