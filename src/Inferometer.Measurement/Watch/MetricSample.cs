using Inferometer.Core;

namespace Inferometer.Measurement.Watch;

/// <summary>One line of a page of metrics.</summary>
/// <param name="Name">Name, with the ending (<c>_sum</c>, <c>_bucket</c>) that a histogram gives it.</param>
/// <param name="Labels">Labels by name, in the order of the line.</param>
/// <param name="Value">The value; it may be infinite or not a number.</param>
internal sealed record MetricSample(string Name, EquatableList<KeyValuePair<string, string>> Labels, double Value)
{
    /// <summary>A label's value, or null.</summary>
    public string? Label(string name)
    {
        foreach (KeyValuePair<string, string> label in Labels)
        {
            if (string.Equals(label.Key, name, StringComparison.Ordinal))
            {
                return label.Value;
            }
        }

        return null;
    }
}
