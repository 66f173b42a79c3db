using Inferometer.Cli.Settings;
using Inferometer.Compression;
using Inferometer.Core.Catalog;
using Inferometer.Simulation;

namespace Inferometer.Cli.Estimates;

/// <summary>The models and systems that can be named.</summary>
/// <param name="Models">Models.</param>
/// <param name="Hardware">Systems.</param>
internal sealed record Catalogs(ModelCatalog Models, HardwareCatalog Hardware)
{
    /// <summary>The built-in catalogs, extended by a user's folder where one is given.</summary>
    public static Catalogs From(string? folder) => folder is null
        ? new(ModelCatalog.BuiltIn, HardwareCatalog.BuiltIn)
        : new(ModelCatalog.WithFolder(folder), HardwareCatalog.WithFolder(folder));

    /// <summary>The settings with the names of the catalog in place of aliases; paths and unknown names stay as they are.</summary>
    public EstimateSettings Canonical(EstimateSettings settings) => settings with
    {
        Model = Models.TryFind(settings.Model)?.Name ?? settings.Model,
        System = settings.System is null ? null : Hardware.TryFind(settings.System)?.Name ?? settings.System,
    };

    /// <summary>An engine that looks names up here.</summary>
    public SimulationEngine CreateEngine() => new(models: Models, hardware: Hardware, kvProfiles: new KvProfileReader());
}
