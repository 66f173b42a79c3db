using System.Text.Json.Nodes;
using Inferometer.Core.Hardware;

namespace Inferometer.Core.Catalog;

/// <summary>One system of a catalog with the names it goes by.</summary>
/// <param name="System">The system; its sources are in <see cref="HardwareSystem.Sources"/>.</param>
/// <param name="Aliases">Other names that lead to it.</param>
public sealed record CatalogSystem(HardwareSystem System, IReadOnlyList<string> Aliases)
{
    /// <summary>
    /// The entry in the catalog's format: saved as a .json file, <see cref="HardwareCatalog.Resolve"/> reads the same figures from it.
    /// </summary>
    public JsonObject ToJson() => HardwareSystemWriter.Write(this);
}
