using System.Globalization;
using System.Text;
using Inferometer.Core;

namespace Inferometer.Measurement.Watch;

/// <summary>
/// Reads a page of metrics in Prometheus's text format (version 0.0.4, and what OpenMetrics adds to a line: a time, an exemplar).
/// </summary>
internal static class MetricsText
{
    /// <summary>The samples of a page, in its order.</summary>
    /// <param name="text">The page.</param>
    /// <param name="origin">Where it came from, for the error.</param>
    /// <exception cref="InferometerException">A line is no sample; the message names and quotes it.</exception>
    public static IReadOnlyList<MetricSample> Read(string text, string origin)
    {
        ArgumentNullException.ThrowIfNull(text);
        List<MetricSample> samples = [];
        int number = 0;
        foreach (ReadOnlySpan<char> line in text.AsSpan().EnumerateLines())
        {
            number++;
            ReadOnlySpan<char> rest = line.Trim();
            if (rest.IsEmpty || rest[0] == '#')
            {
                continue;
            }

            samples.Add(Sample(rest) ?? throw new InferometerException(
                $"{origin}: line {number.ToString(CultureInfo.InvariantCulture)} is no metric of Prometheus's text format: "
                    + $"'{Shown(rest)}'."));
        }

        return samples;
    }

    private static MetricSample? Sample(ReadOnlySpan<char> line)
    {
        int length = 0;
        while (length < line.Length && (char.IsAsciiLetterOrDigit(line[length]) || line[length] is '_' or ':'))
        {
            length++;
        }

        string name = line[..length].ToString();
        ReadOnlySpan<char> rest = line[length..].TrimStart();
        List<KeyValuePair<string, string>> labels = [];
        if (!rest.IsEmpty && rest[0] == '{' && !TryLabels(ref rest, labels))
        {
            return null;
        }

        ReadOnlySpan<char> value = rest.TrimStart();
        int end = value.IndexOfAny(' ', '\t');
        return length > 0 && TryValue(end < 0 ? value : value[..end], out double number)
            ? new MetricSample(name, [.. labels], number)
            : null;
    }

    // {name="value",...}: a value may hold \\, \" and \n.
    private static bool TryLabels(ref ReadOnlySpan<char> rest, List<KeyValuePair<string, string>> labels)
    {
        rest = rest[1..];
        StringBuilder value = new();
        while (true)
        {
            rest = rest.TrimStart(" \t,");
            if (rest.IsEmpty)
            {
                return false;
            }

            if (rest[0] == '}')
            {
                rest = rest[1..];
                return true;
            }

            int equals = rest.IndexOf('=');
            if (equals <= 0)
            {
                return false;
            }

            string name = rest[..equals].Trim().ToString();
            rest = rest[(equals + 1)..].TrimStart();
            if (rest.IsEmpty || rest[0] != '"')
            {
                return false;
            }

            value.Clear();
            int at = 1;
            for (; at < rest.Length && rest[at] != '"'; at++)
            {
                if (rest[at] == '\\' && at + 1 < rest.Length)
                {
                    at++;
                    value.Append(rest[at] == 'n' ? '\n' : rest[at]);
                }
                else
                {
                    value.Append(rest[at]);
                }
            }

            if (at >= rest.Length)
            {
                return false;
            }

            rest = rest[(at + 1)..];
            labels.Add(new(name, value.ToString()));
        }
    }

    private static bool TryValue(ReadOnlySpan<char> text, out double value)
    {
        value = text switch
        {
            "+Inf" or "Inf" or "+inf" or "inf" => double.PositiveInfinity,
            "-Inf" or "-inf" => double.NegativeInfinity,
            "NaN" or "nan" => double.NaN,
            _ => 0,
        };
        return value != 0 || double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out value);
    }

    private static string Shown(ReadOnlySpan<char> line) =>
        line.Length <= 80 ? line.ToString() : $"{line[..80]}...";
}
