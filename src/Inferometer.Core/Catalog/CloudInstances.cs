using System.Diagnostics.CodeAnalysis;
using System.Text.Json;

namespace Inferometer.Core.Catalog;

/// <summary>Which devices the machines have that clouds rent out, by the names of their sizes; data in <c>catalog/instances</c>.</summary>
internal static class CloudInstances
{
    private static readonly Lazy<Dictionary<string, CloudInstance>> All = new(Read);

    /// <summary>Every size.</summary>
    public static IReadOnlyDictionary<string, CloudInstance> Sizes => All.Value;

    /// <summary>Finds a size by its name, in any case.</summary>
    /// <param name="name">Such as <c>p5.48xlarge</c>.</param>
    /// <param name="instance">What it has.</param>
    public static bool TryFind(string name, [NotNullWhen(true)] out CloudInstance? instance) =>
        All.Value.TryGetValue(name.Trim(), out instance);

    private static Dictionary<string, CloudInstance> Read()
    {
        var all = new Dictionary<string, CloudInstance>(StringComparer.OrdinalIgnoreCase);
        foreach ((JsonElement root, string source) in CatalogFiles.Embedded("instances"))
        {
            string provider = root.GetProperty("provider").GetString()!;
            foreach (JsonProperty size in root.GetProperty("instances").EnumerateObject())
            {
                if (!CountedName.TryRead(size.Value.GetString()!, _ => false, out CountedName? counted) || counted.Count is not { } count
                    || !all.TryAdd(size.Name, new CloudInstance(provider, counted.Name, count)))
                {
                    throw new InferometerException(
                        $"{source}: {size.Name} is '{size.Value}'; a size stands once, as 'NUMBER x SYSTEM'.");
                }
            }
        }

        return all;
    }
}

/// <summary>A size of machine that a cloud rents out.</summary>
/// <param name="Provider">Who rents it out.</param>
/// <param name="System">Name of its devices in the hardware catalog.</param>
/// <param name="Count">Devices of one machine.</param>
internal sealed record CloudInstance(string Provider, string System, int Count);
