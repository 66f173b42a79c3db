using System.Diagnostics.CodeAnalysis;
using System.Reflection;

namespace Inferometer.Simulation.Features;

/// <summary>
/// The features a simulation can use: the built-in ones and those a user registered. Thread-safe for reading; register
/// before simulating.
/// </summary>
public sealed class FeatureRegistry
{
    private const string KeptByDescriptor = "ILLink.Descriptors.xml keeps the namespace of the built-in features.";
    private const string SaidByCallers =
        "The public callers either keep the types by a descriptor or say that they need unreferenced code.";

    private readonly Dictionary<string, (FeatureMetadata Metadata, Func<ISimulationFeature> Create)> _features =
        new(StringComparer.Ordinal);

    /// <summary>A registry with every built-in feature; they are found by their type, so that adding one touches no other file.</summary>
    [UnconditionalSuppressMessage("Trimming", "IL2026", Justification = KeptByDescriptor)]
    [UnconditionalSuppressMessage("Trimming", "IL2075", Justification = KeptByDescriptor)]
    public static FeatureRegistry CreateDefault()
    {
        FeatureRegistry registry = new();
        registry.RegisterTypes(typeof(FeatureRegistry).Assembly.GetTypes());
        return registry;
    }

    /// <summary>Metadata of all features, by category and name.</summary>
    public IReadOnlyList<FeatureMetadata> Available =>
        [.. _features.Values.Select(f => f.Metadata).OrderBy(m => m.Category).ThenBy(m => m.Name, StringComparer.Ordinal)];

    /// <summary>True when a feature of that name is registered.</summary>
    public bool Contains(string name) => _features.ContainsKey(name);

    /// <summary>Metadata of one feature.</summary>
    /// <exception cref="Core.InferometerException">The name is not known; the message suggests the nearest.</exception>
    public FeatureMetadata Describe(string name) => Find(name, "feature").Metadata;

    /// <summary>A new instance of one feature.</summary>
    /// <exception cref="Core.InferometerException">The name is not known; the message suggests the nearest.</exception>
    public ISimulationFeature Create(string name) => Find(name, "features").Create();

    /// <summary>Adds a feature.</summary>
    /// <param name="create">Makes a fresh instance for one simulation.</param>
    /// <exception cref="Core.InferometerException">The name is empty or taken.</exception>
    public void Register(Func<ISimulationFeature> create)
    {
        ArgumentNullException.ThrowIfNull(create);
        FeatureMetadata metadata = create().Metadata;
        if (string.IsNullOrWhiteSpace(metadata.Name))
        {
            throw new Core.InferometerException("A feature must have a name.");
        }

        if (!_features.TryAdd(metadata.Name, (metadata, create)))
        {
            throw new Core.InferometerException($"A feature named '{metadata.Name}' is registered already.");
        }
    }

    /// <summary>Registers every public <see cref="ISimulationFeature"/> with a parameterless constructor found in an assembly.</summary>
    /// <returns>How many were found.</returns>
    [RequiresUnreferencedCode("Features are found by looking through the assembly's types; register them one by one in trimmed programs.")]
    public int RegisterAssembly(Assembly assembly)
    {
        ArgumentNullException.ThrowIfNull(assembly);
        return RegisterTypes(assembly.GetExportedTypes());
    }

    /// <summary>Checks a combination before any work: every name known, none twice, every requirement met, no conflict.</summary>
    /// <returns>One sentence per fault; empty when the combination is sound.</returns>
    public IReadOnlyList<string> CheckCombination(IReadOnlyList<string> names)
    {
        ArgumentNullException.ThrowIfNull(names);
        List<string> faults = [];
        HashSet<string> chosen = new(StringComparer.Ordinal);
        foreach (string name in names)
        {
            if (!_features.ContainsKey(name))
            {
                faults.Add(UnknownMessage(name, "features"));
            }
            else if (!chosen.Add(name))
            {
                faults.Add($"features: '{name}' is listed twice.");
            }
        }

        foreach (FeatureMetadata metadata in chosen.Select(n => _features[n].Metadata))
        {
            if (metadata.RequiresAnyOf.Count > 0 && !metadata.RequiresAnyOf.Any(chosen.Contains))
            {
                faults.Add($"features: '{metadata.Name}' needs one of {string.Join(", ", metadata.RequiresAnyOf)} beside it.");
            }

            foreach (string other in metadata.ConflictsWith.Where(chosen.Contains))
            {
                faults.Add($"features: '{metadata.Name}' cannot be combined with '{other}'.");
            }
        }

        return faults;
    }

    /// <summary>New instances of the named features, in the order in which their hooks run.</summary>
    internal IEnumerable<ISimulationFeature> InOrder(IReadOnlyList<string> names) =>
        names.Select(Create).OrderBy(f => f.Metadata.Order).ThenBy(f => f.Metadata.Name, StringComparer.Ordinal);

    /// <summary>Names of the features that own a parameter of that name.</summary>
    internal IEnumerable<string> OwnersOf(string parameter) =>
        _features.Values.Where(f => f.Metadata.Parameters.Any(p => string.Equals(p.Name, parameter, StringComparison.Ordinal)))
            .Select(f => f.Metadata.Name);

    [UnconditionalSuppressMessage("Trimming", "IL2070", Justification = SaidByCallers)]
    [UnconditionalSuppressMessage("Trimming", "IL2075", Justification = SaidByCallers)]
    private int RegisterTypes(IEnumerable<Type> types)
    {
        int count = 0;
        foreach (Type type in types.Where(t => t is { IsClass: true, IsAbstract: false } && typeof(ISimulationFeature).IsAssignableFrom(t)))
        {
            if (type.GetConstructor(Type.EmptyTypes) is { } constructor)
            {
                Register(() => (ISimulationFeature)constructor.Invoke(null));
                count++;
            }
        }

        return count;
    }

    private (FeatureMetadata Metadata, Func<ISimulationFeature> Create) Find(string name, string origin) =>
        _features.TryGetValue(name, out (FeatureMetadata Metadata, Func<ISimulationFeature> Create) found)
            ? found
            : throw new Core.InferometerException(UnknownMessage(name, origin));

    private string UnknownMessage(string name, string origin)
    {
        string near = Core.NameSuggestion.For(name, _features.Keys);
        return $"{origin}: '{name}' is not a known feature.{near} Allowed: {string.Join(", ", Available.Select(m => m.Name))}.";
    }
}
