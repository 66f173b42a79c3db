using Inferometer.Core.Models;

namespace Inferometer.Core.Catalog;

/// <summary>One model of a catalog. The architecture is read on first use. Thread-safe.</summary>
public sealed class CatalogModel
{
    private readonly Lazy<ModelArchitecture> _architecture;

    internal CatalogModel(string name, IReadOnlyList<string> aliases, string source, Func<ModelArchitecture> read)
    {
        Name = name;
        Aliases = aliases;
        Source = source;
        _architecture = new Lazy<ModelArchitecture>(read);
    }

    /// <summary>Canonical name, the Hugging Face id.</summary>
    public string Name { get; }

    /// <summary>Other names that lead here: the same architecture under another id, and short forms.</summary>
    public IReadOnlyList<string> Aliases { get; }

    /// <summary>Where the fields come from.</summary>
    public string Source { get; }

    /// <summary>The architecture.</summary>
    /// <exception cref="InferometerException">The entry's configuration is unsound (possible in a user's folder).</exception>
    public ModelArchitecture Architecture => _architecture.Value;
}
