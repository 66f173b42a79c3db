using System.Text.Json;
using Inferometer.Core.Hardware;

namespace Inferometer.Core.Catalog;

/// <summary>
/// The systems that can be named: the built-in ones and those of a user's folder, which extend or override them. Immutable; thread-safe.
/// </summary>
public sealed class HardwareCatalog
{
    private const int MostAlike = 64;

    private static readonly Lazy<HardwareCatalog> BuiltInCatalog = new(() => new HardwareCatalog(null));

    private readonly NameIndex<CatalogSystem> _index = new();

    private HardwareCatalog(string? folder)
    {
        var entries = new Dictionary<string, CatalogSystem>(StringComparer.OrdinalIgnoreCase);
        foreach ((JsonElement root, string source) in CatalogFiles.Embedded("hardware"))
        {
            Conflicts.AddRange(Add(entries, root, source));
        }

        foreach ((JsonElement root, string source) in folder is null ? [] : CatalogFiles.InFolder(folder, "hardware"))
        {
            Add(entries, root, source);
        }

        Systems = [.. entries.Values.OrderBy(s => s.System.Name, StringComparer.OrdinalIgnoreCase)];
    }

    /// <summary>The catalog that ships with the program.</summary>
    public static HardwareCatalog BuiltIn => BuiltInCatalog.Value;

    /// <summary>All systems by name.</summary>
    public IReadOnlyList<CatalogSystem> Systems { get; }

    /// <summary>Names in the built-in files that two entries claim; kept empty by a test.</summary>
    internal List<string> Conflicts { get; } = [];

    /// <summary>The built-in catalog, extended or overridden by the files in the folder's subfolder <c>hardware</c>.</summary>
    /// <exception cref="InferometerException">The folder or one of its files cannot be read, or a file is unsound.</exception>
    public static HardwareCatalog WithFolder(string folder)
    {
        ArgumentNullException.ThrowIfNull(folder);
        return new HardwareCatalog(folder);
    }

    /// <summary>
    /// Finds a system by name or alias; case, hyphens and underscores do not count, and its maker may stand before it, as drivers have it
    /// (<c>NVIDIA H100 PCIe</c>). Null where there is none.
    /// </summary>
    public HardwareSystem? TryFind(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (_index.Find(name) is { } entry)
        {
            return entry.System;
        }

        (string maker, string rest) = Apart(name);
        return _index.Find(rest)?.System is { } system && system.Device.Vendor.Equals(maker, StringComparison.OrdinalIgnoreCase)
            ? system
            : null;
    }

    /// <summary>Finds a system by name or alias.</summary>
    /// <exception cref="InferometerException">There is none; the message offers near names.</exception>
    public HardwareSystem Find(string name) => TryFind(name) ?? throw new InferometerException(
        string.IsNullOrWhiteSpace(name)
            ? "The name of a system is empty; give one of the hardware catalog, or a .json file of its format."
            : $"'{name}' is not a system of the hardware catalog.{Counted(name) ?? Rented(name) ?? Suggest(name)}");

    // What stands before a name that drivers print is the same for most devices and would hide what they differ by.
    private string Suggest(string name)
    {
        (string maker, string rest) = Apart(name);
        bool isMade = Systems.Any(s => s.System.Device.Vendor.Equals(maker, StringComparison.OrdinalIgnoreCase));
        return _index.Suggest(isMade ? rest : name.Trim(), "hardware");
    }

    // The first word, which may be who makes it, and what follows.
    private static (string Maker, string Name) Apart(string name)
    {
        string[] parts = name.Trim().Split(' ', 2);
        return parts.Length == 2 ? (parts[0], parts[1]) : ("", parts[0]);
    }

    // As clouds call the machines that they rent out.
    private string? Rented(string name)
    {
        if (!CloudInstances.TryFind(name, out CloudInstance? rented) || TryFind(rented.System) is not { } system)
        {
            return null;
        }

        return rented.Count == 1
            ? $" It is a machine of {rented.Provider} with one '{system.Name}': give that."
            : $" It is a machine of {rented.Provider} with {rented.Count} of '{system.Name}': give that, and how they share the work, "
                + $"such as tensor = {rented.Count} (--tp {rented.Count}).";
    }

    // As people write eight of a device. A deployment's parallelism says how many there are, and how they share the work.
    private string? Counted(string name)
    {
        if (!CountedName.TryRead(name, part => TryFind(part) is not null, out CountedName? counted)
            || TryFind(counted.Name) is not { } system)
        {
            return null;
        }

        return counted.Count is null ? $" How many there are of '{system.Name}' must be 1 to 1,048,576."
            : counted.Count is 1 ? $" Give '{system.Name}' alone."
            : $" Give '{system.Name}': how many devices there are follows from the parallelism, such as tensor = {counted.Count} "
                + $"(--tp {counted.Count}).";
    }

    /// <summary>
    /// The system under a catalog name or alias, or read from a JSON file when <paramref name="nameOrPath"/> ends in <c>.json</c>: one of
    /// the catalog's format (of its variants, the entry itself), or one with the four figures of <see cref="InlineSystem"/>.
    /// </summary>
    /// <remarks>
    /// Names with <c>+</c> between them are unequal devices in one machine: <c>rtx5090+rtx3090</c>, <c>2xrtx5090+rtx3090</c>.
    /// </remarks>
    /// <exception cref="InferometerException">Neither a known name nor a readable system.</exception>
    public HardwareSystem Resolve(string nameOrPath)
    {
        ArgumentNullException.ThrowIfNull(nameOrPath);
        if (nameOrPath.Contains('+', StringComparison.Ordinal) && TryFind(nameOrPath) is null && !File.Exists(nameOrPath))
        {
            return HardwareSystem.Mixed([.. nameOrPath.Split('+', StringSplitOptions.TrimEntries).SelectMany(Several)]);
        }

        if (nameOrPath.EndsWith(".json", StringComparison.OrdinalIgnoreCase))
        {
            return ReadFile(nameOrPath);
        }

        return Path.IsPathRooted(nameOrPath) || nameOrPath.StartsWith('.')
            ? throw new InferometerException(
                $"'{nameOrPath}' is a path, and a system is read from a file whose name ends in .json; else give a name of the hardware "
                    + "catalog.")
            : Find(nameOrPath);
    }

    // Of several alike among unequal ones each is named, or how many there are.
    private IEnumerable<HardwareSystem> Several(string part) =>
        CountedName.TryRead(part, name => TryFind(name) is not null, out CountedName? counted) && TryFind(counted.Name) is { } system
            && counted.Count is { } count and <= MostAlike
            ? Enumerable.Repeat(system, count)
            : [Resolve(part)];

    private static HardwareSystem ReadFile(string path)
    {
        JsonElement root = CatalogFiles.Read(path);
        return InlineSystem.IsGivenBy(root) ? InlineSystem.Parse(root, path) : HardwareSystemReader.ReadAll(root, path)[0].System;
    }

    private List<string> Add(Dictionary<string, CatalogSystem> entries, JsonElement root, string source)
    {
        List<string> taken = [];
        foreach (CatalogSystem entry in HardwareSystemReader.ReadAll(root, source))
        {
            entries[entry.System.Name] = entry;
            taken.AddRange(_index.Add(entry, entry.System.Name, entry.Aliases));
        }

        return taken;
    }
}
