using Inferometer.Core;
using Inferometer.Measurement.Published;
using Inferometer.Measurement.Replay;
using Inferometer.Simulation.Fitting;
using Inferometer.Simulation.Requests;

namespace Inferometer.Measurement.Fitting;

/// <summary>Turns rows of published tables into runs that a calibration can be fitted to.</summary>
public static class MeasuredRuns
{
    /// <summary>
    /// The good rows of one engine that reads prompts and decodes, of a framework that is known and with both times measured.
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
            if (row.PrefillEngine is not null || row.TpotMs is not > 0 || row.TtftMs is not > 0)
            {
                leftOut?.Invoke(row.Id, row.PrefillEngine is null ? "a time is missing" : "prompts are read by separate workers");
                continue;
            }

            try
            {
                string key = $"{row.Model}|{row.System}|{row.Precision}|{row.KvPrecision}|{row.Framework}|{row.Engine.Parallelism}";
                if (!requests.TryGetValue(key, out EstimateRequest? request))
                {
                    requests[key] = request = setup.Engine.Prepare(deployments.Of(row, row.Engine, 1)).Request;
                }

                if (request.Framework is null)
                {
                    leftOut?.Invoke(row.Id, $"framework '{row.Framework}' is not known");
                    continue;
                }

                runs.Add(new ServingRun
                {
                    Id = row.Id,
                    Request = request,
                    Load = ClosedLoopPredictor.LoadOf(row, row.Engine.Workers),
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
    }
}
