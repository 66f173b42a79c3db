using Inferometer.Core.Deployments;
using Inferometer.Core.Hardware;
using Inferometer.Core.Weights;

namespace Inferometer.Core.Frameworks;

/// <summary>Formats that a serving framework runs, as far as it documents them.</summary>
/// <param name="Weights">Families of weights that it loads, as <see cref="WeightFormat.Family"/> has them.</param>
/// <param name="Cache">Number formats of its KV cache.</param>
public sealed record FrameworkFormats(EquatableList<string> Weights, EquatableList<string> Cache)
{
    /// <summary>Architectures of devices on which it runs a format neither of weights nor of the cache, by the format.</summary>
    public IReadOnlyDictionary<string, EquatableList<string>> NotOn { get; init; } =
        new Dictionary<string, EquatableList<string>>(StringComparer.Ordinal);

    /// <summary>Whether it loads weights that are stored so.</summary>
    public bool Loads(WeightScheme weights)
    {
        ArgumentNullException.ThrowIfNull(weights);
        string family = weights.IsGguf ? "gguf" : weights is UniformScheme { Main.BitsPerElement: >= 16 } ? "plain" : "engine";
        return Weights.Contains(family, StringComparer.Ordinal);
    }

    /// <summary>Whether it keeps keys and values in a number format.</summary>
    public bool Keeps(Precision cache)
    {
        ArgumentNullException.ThrowIfNull(cache);
        return Cache.Contains(cache.Name, StringComparer.Ordinal);
    }

    /// <summary>Whether it has kernels for a format on a device.</summary>
    /// <param name="format">A format of <see cref="NotOn"/>, or one of which nothing is said there.</param>
    /// <param name="device">The device.</param>
    public bool RunsOn(string format, Device device)
    {
        ArgumentNullException.ThrowIfNull(device);
        return !NotOn.TryGetValue(format, out EquatableList<string>? architectures)
            || !architectures.Contains(device.Architecture, StringComparer.OrdinalIgnoreCase);
    }
}
