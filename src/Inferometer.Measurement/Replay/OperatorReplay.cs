using Inferometer.Core;
using Inferometer.Measurement.Published;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Operators;
using Inferometer.Simulation.Requests;

namespace Inferometer.Measurement.Replay;

/// <summary>
/// Predicts times of kernels, operators and decoder steps: those of a known model as part of that model, bare shapes as part of a network
/// of one layer that holds them. Not thread-safe.
/// </summary>
/// <param name="setup">What rows are replayed in.</param>
public sealed class OperatorReplay(ReplaySetup setup)
{
    private const double Microseconds = 1e6;

    // Tables repeat shapes with other numbers of tokens; more plans than this would only fill memory.
    private const int MostPlans = 2000;

    private readonly OperatorRequests _requests = new(setup);
    private readonly Dictionary<EstimateRequest, ICostPlan> _plans = new(ReferenceEqualityComparer.Instance);
    private readonly List<OperatorRow> _rows = [];

    /// <summary>Name of the cost model.</summary>
    public string Name => setup.CostModel.Name;

    /// <summary>Predicts a row.</summary>
    /// <returns>Microseconds, and what they rest on.</returns>
    /// <exception cref="InferometerException">The row cannot be predicted.</exception>
    public (double Microseconds, string RestsOn) Predict(OperatorMeasurement row)
    {
        ArgumentNullException.ThrowIfNull(row);
        EstimateRequest request = _requests.Of(row);
        if (!_plans.TryGetValue(request, out ICostPlan? plan))
        {
            if (_plans.Count == MostPlans)
            {
                _plans.Clear();
            }

            _plans[request] = plan = setup.CostModel.Prepare(request);
        }

        _rows.Clear();
        (double times, IReadOnlyList<string> names) = OperatorNames.Of(row);
        StepBatch step = OperatorSteps.Of(row);
        plan.Step(step.Prefill.AsSpan(), step.Decode.AsSpan(), _rows);
        double seconds = names.Count == 0 ? WholeStep() : Sum(row, names) * times;
        return (Microseconds * seconds, PlanBasis.Of(plan));
    }

    // Without what a framework takes beside it: tables of steps time the device alone.
    private double WholeStep() => _rows.Where(r => r.Group != OperatorGroup.Framework).Sum(r => r.TotalSeconds);

    private double Sum(OperatorMeasurement row, IReadOnlyList<string> names)
    {
        double seconds = 0;
        int found = 0;
        foreach (OperatorRow each in _rows)
        {
            // Of one layer: the first of its kind.
            if (each.LayerClass <= 0 && names.Contains(each.Name, StringComparer.Ordinal))
            {
                seconds += each.Seconds;
                found++;
            }
        }

        return found > 0
            ? seconds
            : throw new InferometerException($"the cost model '{Name}' has no operator of the kind '{row.Kind}' in this model");
    }
}
