using System.Globalization;
using Inferometer.Core;
using Inferometer.Measurement.Published;
using Inferometer.Measurement.Replay;
using Inferometer.Simulation.Costs;

namespace Inferometer.Measurement.Validation;

/// <summary>Sets serving rows beside what a predictor says of them: TTFT, TPOT and end to end.</summary>
public static class ServingValidation
{
    /// <summary>Time to first token.</summary>
    public const string Ttft = "TTFT";

    /// <summary>Time per output token.</summary>
    public const string Tpot = "TPOT";

    /// <summary>End to end: TTFT + (output tokens - 1) x TPOT, measured and predicted alike.</summary>
    public const string EndToEnd = "E2E";

    private const string Unit = "ms";

    /// <summary>Replays the good rows of a table.</summary>
    /// <param name="table">A table of serving rows.</param>
    /// <param name="predictor">What predicts.</param>
    /// <param name="baseline">Predictions of another tool for the same rows; null = none.</param>
    /// <param name="baselineName">Its name.</param>
    /// <param name="cancellationToken">Stops between rows.</param>
    /// <exception cref="InferometerException">A row holds what cannot have been measured.</exception>
    public static ValidationResult Run(
        PublishedTable table, IServingPredictor predictor, IReadOnlyList<BaselinePrediction>? baseline = null,
        string baselineName = "baseline", CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(table);
        ArgumentNullException.ThrowIfNull(predictor);
        var others = baseline?.ToDictionary(b => b.Id, StringComparer.Ordinal);
        List<Comparison> comparisons = [];
        LeftOutRows leftOut = new();
        int predicted = 0;
        foreach (ServingMeasurement row in table.Serving)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (!row.IsGood)
            {
                leftOut.Add(row.Flag.Length > 0 ? $"flagged {row.Flag}" : "measured twice", row.Id);
                continue;
            }

            ServingPrediction prediction;
            try
            {
                prediction = predictor.Predict(row);
            }
            catch (InferometerException error)
            {
                leftOut.Add(error.Message, row.Id);
                continue;
            }

            string where = string.Create(CultureInfo.InvariantCulture, $"{row.Table}, line {row.Line}, row {row.Id}");
            MeasurementCheck.Require(where, row.TtftMs, row.TpotMs, null, prediction.TtftMs, prediction.TpotMs);
            comparisons.AddRange(Compare(row, prediction, others?.GetValueOrDefault(row.Id)));
            predicted++;
        }

        return new ValidationResult
        {
            Table = table.Path,
            Layout = table.Layout,
            Predictor = predictor.Name,
            Baseline = others is null ? null : baselineName,
            Comparisons = comparisons,
            Rows = table.Serving.Count,
            Predicted = predicted,
            LeftOut = leftOut.ToList(),
        };
    }

    /// <summary>The figures of one row beside their predictions: those that both sides have.</summary>
    public static IEnumerable<Comparison> Compare(ServingMeasurement row, ServingPrediction prediction, BaselinePrediction? baseline = null)
    {
        ArgumentNullException.ThrowIfNull(row);
        ArgumentNullException.ThrowIfNull(prediction);
        double steps = row.OutputTokens - 1;
        Interval? whole = prediction.TtftIntervalMs is { } first && prediction.TpotIntervalMs is { } next ? first + (next * steps) : null;
        (string Metric, double? Measured, double? Predicted, Interval? Range, double? Baseline)[] figures =
        [
            (Ttft, row.TtftMs, prediction.TtftMs, prediction.TtftIntervalMs, baseline?.TtftMs),
            (Tpot, row.TpotMs, prediction.TpotMs, prediction.TpotIntervalMs, baseline?.TpotMs),
            (EndToEnd, row.EndToEndMs, prediction.TtftMs + (steps * prediction.TpotMs), whole,
                baseline?.TtftMs + (steps * baseline?.TpotMs)),
        ];
        foreach ((string metric, double? measured, double? predicted, Interval? range, double? other) in figures)
        {
            if (measured is { } real && predicted is { } computed)
            {
                yield return new Comparison
                {
                    Id = row.Id,
                    Label = LabelOf(row),
                    Metric = metric,
                    Unit = Unit,
                    Measured = real,
                    Predicted = computed,
                    Range = range,
                    Baseline = other,
                    System = row.System,
                    Framework = row.Framework,
                    Model = row.Model,
                    Precision = row.Precision,
                    RestsOn = prediction.RestsOn,
                };
            }
        }
    }

    private static string LabelOf(ServingMeasurement row)
    {
        string split = row.PrefillEngine is null ? "" : ", separate prefill";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{row.Model[(row.Model.LastIndexOf('/') + 1)..]} {row.Precision}, {row.Devices} x {row.System}, {row.Framework}, "
            + $"{row.NominalInputTokens}/{row.NominalOutputTokens} at {row.Concurrency}{split}");
    }
}
