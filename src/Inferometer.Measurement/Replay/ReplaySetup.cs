using Inferometer.Simulation;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Planning;

namespace Inferometer.Measurement.Replay;

/// <summary>What rows are replayed in: a simulator, the meaning of the tables' names, and a cost model.</summary>
public sealed record ReplaySetup
{
    /// <summary>Takes the catalogs that names are looked up in.</summary>
    /// <param name="catalogs">Models and machines.</param>
    /// <param name="configFolder">Folder of configurations of models that the catalog lacks; null = none.</param>
    /// <param name="costModel">Name of the cost model; null = the default one.</param>
    public ReplaySetup(Catalogs catalogs, string? configFolder = null, string? costModel = null)
    {
        ArgumentNullException.ThrowIfNull(catalogs);
        Engine = catalogs.CreateEngine();
        Names = new PublishedNames(catalogs, configFolder);
        CostModel = CostModels.Find(costModel ?? CostModels.Default, "cost model", catalogs.CostModels);
    }

    /// <summary>The simulator.</summary>
    public SimulationEngine Engine { get; }

    /// <summary>What the names of the tables stand for.</summary>
    public PublishedNames Names { get; }

    /// <summary>The cost model.</summary>
    public ICostModel CostModel { get; }
}
