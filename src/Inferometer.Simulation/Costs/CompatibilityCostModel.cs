using Inferometer.Simulation.Compatibility;
using Inferometer.Simulation.Requests;

namespace Inferometer.Simulation.Costs;

/// <summary>
/// Prices requests as one of the reproduced public simulators would, faults included; see docs/compatibility.md. What
/// those simulators cannot express is refused. A decode of one output token is their own evaluation at that length.
/// </summary>
public sealed class CompatibilityCostModel : ICostModel
{
    private readonly CompatibilitySimulator _simulator;

    /// <summary>Creates the cost model of one dialect.</summary>
    public CompatibilityCostModel(CompatibilityDialect dialect)
    {
        ArgumentNullException.ThrowIfNull(dialect);
        Name = dialect.Name;
        _simulator = new CompatibilitySimulator(dialect);
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public ICostPlan Prepare(EstimateRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        return new CompatibilityPlan(Name, _simulator, request);
    }
}
