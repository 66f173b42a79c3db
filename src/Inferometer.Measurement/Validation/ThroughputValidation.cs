using System.Globalization;
using Inferometer.Core;
using Inferometer.Measurement.Published;
using Inferometer.Measurement.Replay;

namespace Inferometer.Measurement.Validation;

/// <summary>Sets published rates beside their predictions, by what they count.</summary>
public static class ThroughputValidation
{
    /// <summary>Compares the rows of a table.</summary>
    public static ValidationResult Run(PublishedTable table, ThroughputReplay replay, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(table);
        ArgumentNullException.ThrowIfNull(replay);
        List<Comparison> comparisons = [];
        LeftOutRows leftOut = new();
        foreach (ThroughputMeasurement row in table.Throughput)
        {
            cancellationToken.ThrowIfCancellationRequested();
            try
            {
                (double value, string restsOn) = replay.Predict(row);
                (string metric, string unit) = MetricOf(row);
                comparisons.Add(new Comparison
                {
                    Id = row.Id,
                    Label = LabelOf(row),
                    Metric = metric,
                    Unit = unit,
                    Measured = row.Value,
                    Predicted = value,
                    System = row.System,
                    Framework = row.Framework,
                    Model = row.Model,
                    Precision = row.Precision,
                    RestsOn = restsOn,
                });
            }
            catch (InferometerException error)
            {
                leftOut.Add(error.Message, row.Id);
            }
        }

        foreach (SkippedRow row in table.Skipped)
        {
            leftOut.Add(row.Reason, string.Create(CultureInfo.InvariantCulture, $"line {row.Line}"));
        }

        return new ValidationResult
        {
            Table = table.Path,
            Layout = table.Layout,
            Predictor = replay.Name,
            Comparisons = comparisons,
            Rows = table.Throughput.Count + table.Skipped.Count,
            Predicted = comparisons.Count,
            LeftOut = leftOut.ToList(),
        };
    }

    // Figures of one kind stand together; per device or not does not change the relative error.
    private static (string Metric, string Unit) MetricOf(ThroughputMeasurement row) => row.Metric switch
    {
        ThroughputMetric.PrefillTokensPerSecond or ThroughputMetric.PrefillTokensPerSecondPerDevice => ("prompt", "tok/s"),
        ThroughputMetric.DecodeTokensPerSecond or ThroughputMetric.DecodeTokensPerSecondPerDevice
            or ThroughputMetric.DecodeTokensPerSecondPerUser =>
            (row is { Concurrency: 1, IsOfBatches: false } ? "generation" : "batched", "tok/s"),
        ThroughputMetric.TtftMs => ("TTFT", "ms"),
        ThroughputMetric.TpotMs => ("TPOT", "ms"),
        _ => ("serving", "tok/s"),
    };

    private static string LabelOf(ThroughputMeasurement row)
    {
        string model = row.Model[(row.Model.LastIndexOf('/') + 1)..];
        string users = row.Concurrency is { } count ? string.Create(CultureInfo.InvariantCulture, $"{count}") : "all that fit";
        string lengths = string.Create(CultureInfo.InvariantCulture, $"{row.InputTokens ?? 0}/{row.OutputTokens ?? 0}");
        string framework = row.Framework.Length > 0 ? $"{row.Framework}, " : "";
        string depth = row.DepthTokens > 0 ? string.Create(CultureInfo.InvariantCulture, $" after {row.DepthTokens}") : "";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{model} {row.Precision}, {row.Engine.Devices} x {row.System}, {framework}{lengths}{depth} at {users}");
    }
}
