using Inferometer.Core;
using Inferometer.Core.Catalog;
using Inferometer.Core.Frameworks;
using Inferometer.Simulation.Configuration;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Requests;

namespace Inferometer.Simulation.Planning;

/// <summary>Room for a KV cache where a serving framework runs the deployment with its own defaults.</summary>
/// <param name="Framework">Its name.</param>
/// <param name="Tokens">Tokens that the cache of one replica holds; 0 = none.</param>
public sealed record FrameworkRoom(string Framework, double Tokens)
{
    /// <summary>
    /// The room with every framework that runs on the device; none where the configuration names one, asks for what only some of them do (a
    /// part on the host, unequal devices), or the cost model knows no memory.
    /// </summary>
    /// <param name="config">What is asked.</param>
    /// <param name="engine">The simulator.</param>
    public static IReadOnlyList<FrameworkRoom> Of(SimulationConfig config, SimulationEngine engine)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(engine);
        if (config.SimulationParams.Contains("framework") || config.SimulationParams.Contains("memory_utilization"))
        {
            return [];
        }

        List<FrameworkRoom> rooms = [];
        foreach (FrameworkProfile framework in FrameworkCatalog.All.Where(f => f.IsServer && !f.RestsOnProbes))
        {
            if (Memory(config, framework, engine) is { KvCapacityTokens: { } tokens })
            {
                rooms.Add(new(framework.Name, tokens));
            }
        }

        return rooms;
    }

    private static MemoryEstimate? Memory(SimulationConfig config, FrameworkProfile framework, SimulationEngine engine)
    {
        try
        {
            ICostPlan plan = engine.Prepare(config with { SimulationParams = config.SimulationParams.With("framework", framework.Name) });
            EstimateRequest request = plan.Request;
            bool plain = request.Host is null && request.System.Devices.Count == 0;
            return plain && framework.RunsOn(request.System.Device) ? plan.EstimateMemory() : null;
        }
        catch (InferometerException)
        {
            // A cost model that knows no frameworks has no room to tell either.
            return null;
        }
    }
}
