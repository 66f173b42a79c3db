using Inferometer.Core;
using Inferometer.Core.Caching;
using Inferometer.Core.Catalog;
using Inferometer.Simulation.Calibration;
using Inferometer.Simulation.Configuration;
using Inferometer.Simulation.Costs;

namespace Inferometer.Simulation.Planning;

/// <summary>The models and systems that can be named.</summary>
/// <param name="Models">Models.</param>
/// <param name="Hardware">Systems.</param>
public sealed record Catalogs(ModelCatalog Models, HardwareCatalog Hardware)
{
    private const string SystemName = "system_name";
    private static readonly string[] Parts = ["models", "hardware", "calibration"];

    /// <summary>What the calibrated cost model knows; null = what ships with the program.</summary>
    public CalibrationSet? Calibration { get; init; }

    /// <summary>The built-in catalogs, extended by a user's folder where one is given.</summary>
    /// <param name="folder">Folder with models/*.json, hardware/*.json and calibration/*.json; null = none.</param>
    /// <exception cref="InferometerException">The folder is missing, holds none of the three, or one of its files is unsound.</exception>
    public static Catalogs From(string? folder)
    {
        if (folder is null)
        {
            return new(ModelCatalog.BuiltIn, HardwareCatalog.BuiltIn);
        }

        if (Directory.Exists(folder) && !Array.Exists(Parts, part => Directory.Exists(Path.Combine(folder, part))))
        {
            throw new InferometerException(
                $"'{folder}': this is no catalog folder; it should hold one of the subfolders {string.Join(", ", Parts)} with JSON files.");
        }

        return new(ModelCatalog.WithFolder(folder), HardwareCatalog.WithFolder(folder))
        {
            Calibration = CalibrationFile.WithFolder(folder),
        };
    }

    /// <summary>A configuration with the names of the catalog in place of aliases; paths and unknown names stay as they are.</summary>
    public SimulationConfig Canonical(SimulationConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        SimulationConfig named = config with { Model = Models.TryFind(config.Model)?.Name ?? config.Model };
        string? system = config.SimulationParams.Raw(SystemName)?.GetValueKind() == System.Text.Json.JsonValueKind.String
            ? Hardware.TryFind(config.SimulationParams.Text(SystemName, ""))?.Name
            : null;
        return system is null ? named : named with { SimulationParams = config.SimulationParams.With(SystemName, system) };
    }

    /// <summary>An engine that looks names up here.</summary>
    /// <param name="kvProfiles">What reads compression profiles of the KV cache; null = only q8 and q4 can be named.</param>
    public SimulationEngine CreateEngine(IKvProfileReader? kvProfiles = null) =>
        new(models: Models, hardware: Hardware, kvProfiles: kvProfiles, costModels: CostModels);

    /// <summary>The cost models, the calibrated one with this calibration.</summary>
    public IReadOnlyList<ICostModel> CostModels => Calibration is null
        ? Costs.CostModels.All
        : [.. Costs.CostModels.All.Select(m => m is CalibratedCostModel ? new CalibratedCostModel(Calibration) : m)];
}
