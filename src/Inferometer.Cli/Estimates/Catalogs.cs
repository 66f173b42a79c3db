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

    /// <summary>An engine that looks names up here.</summary>
    public SimulationEngine CreateEngine() => new(models: Models, hardware: Hardware);
}
