using Inferometer.Measurement.Published;
using Inferometer.Measurement.Replay;

namespace Inferometer.Measurement.Validation;

/// <summary>
/// Judges what is fitted by rows that it has not seen: the good rows are divided, and each part is predicted by a fit to all the others.
/// </summary>
public static class CrossValidation
{
    private const int RandomFolds = 5;

    /// <summary>Compares every good row of a table with a fit that has not seen its part.</summary>
    /// <param name="table">A table of serving rows.</param>
    /// <param name="fitted">What is fitted.</param>
    /// <param name="holdOut">How rows are divided.</param>
    /// <param name="baseline">Predictions of another tool for the same rows; null = none.</param>
    /// <param name="baselineName">Its name.</param>
    /// <param name="cancellationToken">Stops between rows and fits.</param>
    public static ValidationResult Run(
        PublishedTable table, IFittedPredictors fitted, HoldOut holdOut, IReadOnlyList<BaselinePrediction>? baseline = null,
        string baselineName = "baseline", CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(table);
        ArgumentNullException.ThrowIfNull(fitted);
        ServingMeasurement[] good = [.. table.Serving.Where(r => r.IsGood)];
        Dictionary<string, IServingPredictor> fits = new(StringComparer.Ordinal);
        foreach (string part in good.Select(r => PartOf(r, holdOut)).Distinct(StringComparer.Ordinal))
        {
            cancellationToken.ThrowIfCancellationRequested();
            fits.Add(part, fitted.FitTo([.. good.Where(r => !string.Equals(PartOf(r, holdOut), part, StringComparison.Ordinal))]));
        }

        return ServingValidation.Run(
            table, new PredictorOfParts(fitted.Name, row => fits[PartOf(row, holdOut)]), baseline, baselineName, cancellationToken);
    }

    /// <summary>The part a row is in: rows of one part are held back together.</summary>
    internal static string PartOf(ServingMeasurement row, HoldOut holdOut) => holdOut switch
    {
        HoldOut.Model => row.Model[(row.Model.LastIndexOf('/') + 1)..],
        HoldOut.System => row.System,
        HoldOut.Framework => row.Framework,
        _ => FormattableString.Invariant($"{Hash(row.Id) % RandomFolds}"),
    };

    // FNV-1a: the same rows in the same parts on every machine and in every run.
    private static uint Hash(string text)
    {
        uint hash = 2166136261;
        foreach (char c in text)
        {
            hash = (hash ^ c) * 16777619;
        }

        return hash;
    }

    private sealed class PredictorOfParts(string name, Func<ServingMeasurement, IServingPredictor> of) : IServingPredictor
    {
        public string Name => name;

        public ServingPrediction Predict(ServingMeasurement row) => of(row).Predict(row);
    }
}
