using System.Buffers;
using System.Globalization;
using System.Text;

namespace Inferometer.Server.Metrics;

/// <summary>
/// Writes metrics in Prometheus's text format, version 0.0.4. A writer of our own, because the names of vLLM's metrics hold colons, which
/// the format allows and the exporters of the .NET libraries do not.
/// </summary>
internal sealed class PrometheusText(IBufferWriter<byte> output)
{
    /// <summary>The media type of the format.</summary>
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    /// <summary>A value of a label as it is written.</summary>
    public static string Escape(string value) => value
        .Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).ReplaceLineEndings("\\n");

    /// <summary>Begins a metric.</summary>
    /// <param name="name">Name.</param>
    /// <param name="kind"><c>counter</c>, <c>gauge</c> or <c>histogram</c>.</param>
    /// <param name="help">What it counts, in one line.</param>
    public void Begin(string name, string kind, string help) => Write($"# HELP {name} {help}\n# TYPE {name} {kind}\n");

    /// <summary>One value.</summary>
    /// <param name="name">Name.</param>
    /// <param name="labels">Labels, escaped, without braces; empty = none.</param>
    /// <param name="value">Value.</param>
    public void Sample(string name, string labels, double value) =>
        Write($"{name}{(labels.Length == 0 ? "" : "{" + labels + "}")} {Text(value)}\n");

    /// <summary>A metric of one value.</summary>
    public void Single(string name, string kind, string help, string labels, double value)
    {
        Begin(name, kind, help);
        Sample(name, labels, value);
    }

    /// <summary>A whole histogram.</summary>
    public void Histogram(string name, string help, string labels, Histogram histogram)
    {
        Begin(name, "histogram", help);
        Buckets(name, labels, histogram);
    }

    /// <summary>The samples of a histogram that was begun.</summary>
    public void Buckets(string name, string labels, Histogram histogram)
    {
        string before = labels.Length == 0 ? "" : labels + ",";
        long count = 0;
        for (int i = 0; i <= histogram.Bounds.Length; i++)
        {
            count += histogram.InBucket(i);
            string bound = i == histogram.Bounds.Length ? "+Inf" : Text(histogram.Bounds[i]);
            Write($"{name}_bucket{{{before}le=\"{bound}\"}} {count}\n");
        }

        Sample($"{name}_sum", labels, histogram.Sum);
        Sample($"{name}_count", labels, count);
    }

    private static string Text(double value) =>
        double.IsPositiveInfinity(value) ? "+Inf" : value.ToString("R", CultureInfo.InvariantCulture);

    private void Write(FormattableString text) => Encoding.UTF8.GetBytes(FormattableString.Invariant(text), output);
}
