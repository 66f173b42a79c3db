using Inferometer.Measurement.Published;
using Inferometer.Simulation.Costs;

namespace Inferometer.Measurement.Replay;

/// <summary>The plans of rows, prepared once for all rows of a deployment. Not thread-safe.</summary>
/// <param name="setup">What rows are replayed in.</param>
internal sealed class RowPlans(ReplaySetup setup)
{
    private readonly DeploymentOfRow _deployments = new(setup);
    private readonly Dictionary<string, ICostPlan> _plans = new(StringComparer.Ordinal);

    /// <summary>The plan of one of a row's engines.</summary>
    /// <exception cref="Core.InferometerException">A name of the row stands for nothing here.</exception>
    public ICostPlan Of(ServingMeasurement row, EnginePool pool)
    {
        string key = $"{row.Model}|{row.System}|{row.Precision}|{row.KvPrecision}|{row.Framework}|{pool.Parallelism}";
        if (!_plans.TryGetValue(key, out ICostPlan? plan))
        {
            _plans[key] = plan = setup.Engine.Prepare(_deployments.Of(row, pool, 1));
        }

        return plan;
    }
}
