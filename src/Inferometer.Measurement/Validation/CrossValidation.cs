using Inferometer.Core;
using Inferometer.Measurement.Published;
using Inferometer.Measurement.Replay;
using Inferometer.Simulation.Fitting;

namespace Inferometer.Measurement.Validation;

/// <summary>
/// Judges what is fitted by rows that it has not seen: the good rows are divided, and each part is predicted by a fit to all the others. A
/// fit may then be corrected by a few rows of the deployment that is asked about, which are not judged.
/// </summary>
public static class CrossValidation
{
    /// <summary>Compares every good row of a table with a fit that has not seen its part.</summary>
    /// <param name="table">A table of serving rows.</param>
    /// <param name="fitted">What is fitted.</param>
    /// <param name="holdOut">How rows are divided.</param>
    /// <param name="points">Rows of its deployment that each fit is corrected by, ascending; 0 = as it is. All are judged by the same
    /// rows: those that the largest count leaves.</param>
    /// <param name="progress">Told what is being done; null = nobody.</param>
    /// <param name="cancellationToken">Stops between rows and fits.</param>
    /// <param name="every">Judges every so-manieth row, 1 = all; every row is fitted to when it is not held out.</param>
    /// <returns>One result for each of <paramref name="points"/>.</returns>
    /// <exception cref="InferometerException">The table has no rows that can be held out.</exception>
    public static IReadOnlyList<ValidationResult> Run(
        PublishedTable table, IFittedPredictors fitted, HoldOut holdOut, IReadOnlyList<int> points, IProgress<string>? progress = null,
        CancellationToken cancellationToken = default, int every = 1)
    {
        ArgumentNullException.ThrowIfNull(table);
        ArgumentNullException.ThrowIfNull(fitted);
        ArgumentNullException.ThrowIfNull(points);

        // Separate workers for prompts are predicted from fits to the others, not fitted themselves.
        ServingMeasurement[] good = [.. table.Serving.Where(r => r.IsGood && r.PrefillEngine is null)];
        if (good.Length == 0)
        {
            throw new InferometerException($"{table.Path}: holds no serving rows of one engine that could be held out.");
        }

        int most = points.Max();
        HashSet<ServingMeasurement> looked = new(SimulatedRows.Of(table, every).Serving, ReferenceEqualityComparer.Instance);
        List<ServingMeasurement> judged = [];
        Dictionary<ServingMeasurement, IServingPredictor>[] of =
            [.. points.Select(_ => new Dictionary<ServingMeasurement, IServingPredictor>(ReferenceEqualityComparer.Instance))];
        foreach (IGrouping<string, ServingMeasurement> part in good.GroupBy(r => PartOf(r, holdOut), StringComparer.Ordinal)
            .OrderBy(g => g.Key, StringComparer.Ordinal))
        {
            cancellationToken.ThrowIfCancellationRequested();
            progress?.Report(part.Key);
            HashSet<ServingMeasurement> held = new(part, ReferenceEqualityComparer.Instance);
            IFittedPredictor fit = fitted.FitTo([.. good.Where(r => !held.Contains(r))]);
            foreach (IGrouping<string, ServingMeasurement> group in part.GroupBy(GroupOf, StringComparer.Ordinal))
            {
                ServingMeasurement[] rows = [.. group];
                if (rows.Length <= most)
                {
                    continue; // nothing would be left to judge by
                }

                IReadOnlyList<ServingMeasurement> telling = most == 0 ? [] : fit.MostTelling(rows, most);
                ServingMeasurement[] rest =
                    [.. rows.Except(telling, ReferenceEqualityComparer.Instance).Cast<ServingMeasurement>().Where(looked.Contains)];
                judged.AddRange(rest);
                for (int i = 0; i < points.Count; i++)
                {
                    IServingPredictor predictor = points[i] == 0 ? fit : fit.CorrectedBy([.. telling.Take(points[i])]);
                    foreach (ServingMeasurement row in rest)
                    {
                        of[i][row] = predictor;
                    }
                }
            }
        }

        PublishedTable asked = table with { Serving = judged };
        return [.. of.Select(predictors => ServingValidation.Run(
            asked, new PredictorOfRows(fitted.Name, predictors), cancellationToken: cancellationToken))];
    }

    /// <summary>The part a row is in: rows of one part are held back together.</summary>
    internal static string PartOf(ServingMeasurement row, HoldOut holdOut) => holdOut switch
    {
        HoldOut.Model => row.Model[(row.Model.LastIndexOf('/') + 1)..],
        HoldOut.Device => row.System,
        HoldOut.Framework => row.Framework,
        HoldOut.WholeGroups => Folds.Of(GroupOf(row)),
        _ => Folds.Of(row.Id),
    };

    /// <summary>The deployment of a row, whatever its degrees of parallelism: what a user's own measurements correct.</summary>
    internal static string GroupOf(ServingMeasurement row) => $"{row.Framework}|{row.Model}|{row.System}|{row.Precision}";

    private sealed class PredictorOfRows(string name, IReadOnlyDictionary<ServingMeasurement, IServingPredictor> of) : IServingPredictor
    {
        public string Name => name;

        public ServingPrediction Predict(ServingMeasurement row) => of[row].Predict(row);
    }
}
