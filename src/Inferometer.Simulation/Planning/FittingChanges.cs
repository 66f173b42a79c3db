using System.Text.Json.Nodes;
using Inferometer.Core;
using Inferometer.Simulation.Configuration;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Requests;

namespace Inferometer.Simulation.Planning;

/// <summary>A single change of a configuration.</summary>
/// <param name="Parameter">Name of the parameter, or <c>group.member</c>.</param>
/// <param name="Value">Its new value.</param>
public sealed record FittingChange(string Parameter, JsonValue Value);

/// <summary>The single changes that make a workload fit that does not, found by simulating them.</summary>
public static class FittingChanges
{
    private static readonly int[] Degrees = [2, 4, 8, 16];
    private static readonly string[] WeightFormats = ["fp8", "int4"];

    /// <summary>At most three: the least degree of tensor parallelism, the first format of the weights, and an 8-bit KV cache.</summary>
    /// <param name="config">What does not fit.</param>
    /// <param name="engine">The simulator.</param>
    public static IEnumerable<FittingChange> Of(SimulationConfig config, SimulationEngine engine)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(engine);
        return Find(config, engine);
    }

    private static IEnumerable<FittingChange> Find(SimulationConfig config, SimulationEngine engine)
    {
        int now = config.SimulationParams.Int32("tensor_parallel", 1);
        int degree = Degrees.FirstOrDefault(d => d > now && d % now == 0 && Fits(config, "tensor_parallel", d, engine));
        if (degree > 0)
        {
            yield return new("tensor_parallel", JsonValue.Create(degree));
        }

        string? weights = WeightFormats.FirstOrDefault(f => Fits(config, "quantization", With(config, "weights", f), engine));
        if (weights is not null)
        {
            yield return new("quantization.weights", JsonValue.Create(weights));
        }

        if (Fits(config, "quantization", With(config, "kv_cache", "fp8"), engine))
        {
            yield return new("quantization.kv_cache", JsonValue.Create("fp8"));
        }
    }

    private static JsonObject With(SimulationConfig config, string part, string format)
    {
        JsonObject group = config.SimulationParams.Group("quantization").ToJson();
        group[part] = format;
        return group;
    }

    // A change the model cannot take (an indivisible degree) does not make it fit either.
    private static bool Fits(SimulationConfig config, string name, JsonNode value, SimulationEngine engine)
    {
        try
        {
            ICostPlan plan = engine.Prepare(config with { SimulationParams = config.SimulationParams.With(name, value) });
            return plan.Memory(WorkloadPoint.From(plan.Request.Workload)) is { Fits: true };
        }
        catch (InferometerException)
        {
            return false;
        }
    }
}
