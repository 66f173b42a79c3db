using Inferometer.Core;
using Inferometer.Core.Catalog;
using Inferometer.Measurement.Published;
using Inferometer.Measurement.Replay;
using Inferometer.Simulation.Fitting;
using Inferometer.Simulation.Requests;

namespace Inferometer.Measurement.Fitting;

/// <summary>Turns rows of published tables into runs that a calibration can be fitted to.</summary>
public static class MeasuredRuns
{
    /// <summary>
    /// The good rows of a framework that is known with both times measured; of separate workers with the deployment that reads the prompts.
    /// </summary>
    /// <param name="table">A table of serving rows.</param>
    /// <param name="setup">What its names stand for; its cost model must be the calibrated one.</param>
    /// <param name="leftOut">Told the id of each good row that was left out, and why; null = nobody.</param>
    public static IReadOnlyList<ServingRun> Of(PublishedTable table, ReplaySetup setup, Action<string, string>? leftOut = null)
    {
        ArgumentNullException.ThrowIfNull(table);
        ArgumentNullException.ThrowIfNull(setup);
        DeploymentOfRow deployments = new(setup);
        Dictionary<string, EstimateRequest> requests = new(StringComparer.Ordinal);
        List<ServingRun> runs = [];
        foreach (ServingMeasurement row in table.Serving.Where(r => r.IsGood))
        {
            if (row.TpotMs is not > 0 || row.TtftMs is not > 0)
            {
                leftOut?.Invoke(row.Id, "a time is missing");
                continue;
            }

            try
            {
                EstimateRequest request = RequestOf(row, row.Engine);

                if (request.Framework is null)
                {
                    string known = string.Join(", ", FrameworkCatalog.All.Select(f => f.Name));
                    leftOut?.Invoke(
                        row.Id,
                        string.IsNullOrEmpty(row.Framework)
                            ? $"the column 'framework' is missing or empty; it must be one of {known}"
                            : $"framework '{row.Framework}' is not known; it must be one of {known}");
                    continue;
                }

                runs.Add(new ServingRun
                {
                    Id = row.Id,
                    Request = request,
                    Load = ClosedLoopPredictor.LoadOf(row, row.Engine.Workers),
                    PromptRequest = row.PrefillEngine is { } readers ? RequestOf(row, readers) : null,
                    PromptUsers = row.PrefillEngine is { } pool ? (double)row.Concurrency / pool.Workers : 0,
                    IsWarm = row.IsWarm,
                    MedianGapSeconds = row.MedianItlMs / 1000,
                    TimeToFirstTokenSeconds = row.TtftMs / 1000,
                    TimePerOutputTokenSeconds = row.TpotMs / 1000,
                });
            }
            catch (InferometerException error)
            {
                leftOut?.Invoke(row.Id, error.Message);
            }
        }

        return runs;

        EstimateRequest RequestOf(ServingMeasurement row, EnginePool pool)
        {
            string key = $"{row.Model}|{row.System}|{row.Precision}|{row.KvPrecision}|{row.Framework}|{pool.Parallelism}";
            if (!requests.TryGetValue(key, out EstimateRequest? request))
            {
                requests[key] = request = setup.Engine.Prepare(deployments.Of(row, pool, 1)).Request;
            }

            return request;
        }
    }
}
