using System.Text.Json;

namespace Inferometer.Core.Catalog;

/// <summary>
/// What devices leave to programs of their nominal memory, by maker, kind and size, where an entry of the catalog does not say it itself;
/// the rules are data, <c>catalog/memory/usable.json</c>.
/// </summary>
internal static class UsableMemory
{
    private const double Gibi = 1 << 30;
    private static readonly Lazy<Rule[]> Rules = new(Read);

    /// <summary>Bytes that programs can allocate.</summary>
    /// <param name="vendor">Maker of the device.</param>
    /// <param name="kind">Its kind: gpu, cpu, ...</param>
    /// <param name="memoryBytes">Its nominal memory.</param>
    public static double Bytes(string vendor, string kind, double memoryBytes) =>
        memoryBytes * Rules.Value.First(rule => Fits(rule.Vendor, vendor) && Fits(rule.Kind, kind) && memoryBytes < rule.BelowBytes).Share;

    private static bool Fits(string? wanted, string given) =>
        wanted is null || string.Equals(wanted, given, StringComparison.OrdinalIgnoreCase);

    private static Rule[] Read()
    {
        (JsonElement root, string source) = CatalogFiles.Embedded("memory").Single();
        return
        [
            .. root.GetProperty("rules").EnumerateArray().Select(item => new JsonFields(item, source, "rules.")).Select(rule => new Rule(
                rule.Text("vendor"),
                rule.Text("kind"),
                rule.PositiveOr(double.PositiveInfinity, "below_gib") * Gibi,
                rule.PositiveOr(0, "share"))),
        ];
    }

    private sealed record Rule(string? Vendor, string? Kind, double BelowBytes, double Share);
}
