using Inferometer.Core.Hardware;

namespace Inferometer.Planning.Prices;

/// <summary>What devices cost: a user's own prices before those of the catalog. Immutable; thread-safe.</summary>
public sealed class PriceList
{
    /// <summary>Hours of a month: a twelfth of a year of 365 days.</summary>
    public const double HoursPerMonth = 8760.0 / 12;

    private readonly IReadOnlyDictionary<string, SystemPrice> _own;

    internal PriceList(IReadOnlyDictionary<string, SystemPrice> own, string? source) => (_own, Source) = (own, source);

    /// <summary>The prices of the catalog alone.</summary>
    public static PriceList Catalog { get; } = new(new Dictionary<string, SystemPrice>(StringComparer.Ordinal), source: null);

    /// <summary>The file that a user's own prices came from; null = there are none.</summary>
    public string? Source { get; }

    /// <summary>Names of the systems that have prices of the user's own.</summary>
    public IEnumerable<string> Own => _own.Keys;

    /// <summary>The price of a system; null = not known.</summary>
    public SystemPrice? Of(HardwareSystem system)
    {
        ArgumentNullException.ThrowIfNull(system);
        return _own.TryGetValue(system.Name, out SystemPrice? price) ? price
            : system.Device.PricePerHourUsd is { } listed ? new SystemPrice(listed)
            : null;
    }
}
