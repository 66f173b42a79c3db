using System.Globalization;
using Inferometer.Core;
using Inferometer.Measurement.Published;
using Inferometer.Measurement.Replay;

namespace Inferometer.Measurement.Validation;

/// <summary>Sets measured times of kernels, operators and steps beside their predictions, by the kind of work.</summary>
public static class OperatorValidation
{
    /// <summary>Compares the rows of a table.</summary>
    public static ValidationResult Run(PublishedTable table, OperatorReplay replay, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(table);
        ArgumentNullException.ThrowIfNull(replay);
        List<Comparison> comparisons = [];
        LeftOutRows leftOut = new();
        foreach (OperatorMeasurement row in table.Operators)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (row.Class == OperatorClass.Probe)
            {
                leftOut.Add("a probe of the device", row.Id);
                continue;
            }

            try
            {
                (double value, string restsOn) = replay.Predict(row);
                comparisons.Add(new Comparison
                {
                    Id = row.Id,
                    Label = string.Create(
                        CultureInfo.InvariantCulture, $"{row.Kind} {row.Model} {row.DataType}, {row.Device}: {row.Shape}"),
                    Metric = OperatorNames.KindOf(row.Class),
                    Unit = "us",
                    Measured = row.Microseconds,
                    Predicted = value,
                    System = row.Device,
                    Framework = row.Framework,
                    Model = row.Model,
                    Precision = row.DataType,
                    RestsOn = restsOn,
                });
            }
            catch (InferometerException error)
            {
                leftOut.Add(error.Message, row.Id);
            }
        }

        return new ValidationResult
        {
            Table = table.Path,
            Layout = table.Layout,
            Predictor = replay.Name,
            Comparisons = comparisons,
            Rows = table.Operators.Count,
            Predicted = comparisons.Count,
            LeftOut = leftOut.ToList(),
        };
    }
}
