using System.Globalization;
using System.Text.Json;
using Inferometer.Core;
using Inferometer.Core.Catalog;
using Inferometer.Core.Hardware;

namespace Inferometer.Planning.Prices;

/// <summary>
/// Reads a user's own prices: JSON, <c>{"H100": 2.2, "MI300X": {"per_hour": 2.4, "spot": 1.1, "spot_availability": 0.9}}</c>, or CSV with
/// the header <c>system,per_hour[,spot[,spot_availability]]</c>. US dollars per device-hour.
/// </summary>
public static class PriceFile
{
    private static readonly string[] Columns = ["system", "per_hour", "spot", "spot_availability"];

    /// <summary>Reads a file.</summary>
    /// <param name="path">A .json or .csv file.</param>
    /// <param name="hardware">What systems can be named.</param>
    /// <exception cref="InferometerException">The file cannot be read, a system is not known, or a price is not above 0.</exception>
    public static PriceList Read(string path, HardwareCatalog hardware)
    {
        ArgumentNullException.ThrowIfNull(path);
        ArgumentNullException.ThrowIfNull(hardware);
        string text;
        try
        {
            text = File.ReadAllText(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new InferometerException($"{path}: cannot be read: {FileFault.Describe(error, path)}", error);
        }

        return Path.GetExtension(path).Equals(".csv", StringComparison.OrdinalIgnoreCase)
            ? ParseCsv(text, path, hardware)
            : ParseJson(text, path, hardware);
    }

    internal static PriceList ParseJson(string text, string path, HardwareCatalog hardware)
    {
        Dictionary<string, SystemPrice> prices = new(StringComparer.Ordinal);
        try
        {
            using JsonDocument document = JsonDocument.Parse(
                text, new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
            if (document.RootElement.ValueKind != JsonValueKind.Object)
            {
                throw new InferometerException($"{path}: prices are a JSON object with a system's name before each price.");
            }

            foreach (JsonProperty entry in document.RootElement.EnumerateObject())
            {
                Add(prices, entry.Name, Price(entry, path), path, hardware);
            }
        }
        catch (JsonException error)
        {
            throw new InferometerException($"{path}: not valid JSON: {JsonFault.Describe(error)}", error);
        }

        return Sound(prices, path);
    }

    internal static PriceList ParseCsv(string text, string path, HardwareCatalog hardware)
    {
        Dictionary<string, SystemPrice> prices = new(StringComparer.Ordinal);
        CsvRecords records = new(new StringReader(text), path);
        _ = records.Read();
        string[] header = [.. records.Fields.Select(c => c.Trim())];
        if (header.Length < 2 || !header.SequenceEqual(Columns.Take(header.Length), StringComparer.OrdinalIgnoreCase))
        {
            throw new InferometerException($"{path}: the header is '{string.Join(',', header)}'; it must be {string.Join(',', Columns)}, "
                + "of which the last two may be left out.");
        }

        while (records.Read())
        {
            string[] cells = [.. records.Fields.Select(c => c.Trim())];
            if (cells is [""])
            {
                continue;
            }

            string place = records.Where;
            if (cells.Length < 2 || cells.Length > header.Length)
            {
                throw new InferometerException($"{place}: {cells.Length} cells; the header has {header.Length}.");
            }

            double? spot = cells.Length > 2 && cells[2].Length > 0 ? Number(cells[2], "spot", place) : null;
            double there = cells.Length > 3 && cells[3].Length > 0 ? Number(cells[3], "spot_availability", place) : 1;
            Add(prices, cells[0], new SystemPrice(Number(cells[1], "per_hour", place), spot, Share(there, place)), place, hardware);
        }

        return Sound(prices, path);
    }

    private static SystemPrice Price(JsonProperty entry, string path)
    {
        string place = $"{path}: {entry.Name}";
        if (entry.Value.ValueKind == JsonValueKind.Number)
        {
            return new SystemPrice(Positive(entry.Value.GetDouble(), "per_hour", place));
        }

        if (entry.Value.ValueKind != JsonValueKind.Object)
        {
            throw new InferometerException(
                $"{place}: {entry.Value.GetRawText()} is not allowed; it must be a price, a number above 0, or an object with "
                    + "per_hour, spot and spot_availability.");
        }

        Dictionary<string, double> said = new(StringComparer.Ordinal);
        foreach (JsonProperty part in entry.Value.EnumerateObject())
        {
            if (!Columns.Skip(1).Contains(part.Name, StringComparer.Ordinal))
            {
                throw new InferometerException(
                    $"{place}: nothing reads '{part.Name}'.{NameSuggestion.For(part.Name, Columns.Skip(1))} Allowed: per_hour, spot, "
                        + "spot_availability.");
            }

            said[part.Name] = part.Value.ValueKind == JsonValueKind.Number
                ? Positive(part.Value.GetDouble(), part.Name, place)
                : throw new InferometerException(
                    $"{place}: {part.Name}: {part.Value.GetRawText()} is not allowed; it must be a number above 0.");
        }

        return said.TryGetValue("per_hour", out double price)
            ? new SystemPrice(
                price,
                said.TryGetValue("spot", out double spot) ? spot : null,
                Share(said.GetValueOrDefault("spot_availability", 1), place))
            : throw new InferometerException($"{place}: per_hour is missing; it must be a price in US dollars per device-hour.");
    }

    private static void Add(
        Dictionary<string, SystemPrice> prices, string name, SystemPrice price, string place, HardwareCatalog hardware)
    {
        HardwareSystem system;
        try
        {
            system = hardware.Find(name);
        }
        catch (InferometerException error)
        {
            throw new InferometerException($"{place}: {error.Message}", error);
        }

        if (!prices.TryAdd(system.Name, price))
        {
            throw new InferometerException($"{place}: {system.Name} has two prices.");
        }
    }

    private static PriceList Sound(Dictionary<string, SystemPrice> prices, string path) => prices.Count > 0
        ? new PriceList(prices, path)
        : throw new InferometerException($"{path}: there is no price in it.");

    private static double Number(string text, string what, string place) =>
        double.TryParse(text, NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out double value)
            ? Positive(value, what, place)
            : throw new InferometerException($"{place}: {what}: '{text}' is not allowed; it must be a number above 0.");

    private static double Positive(double value, string what, string place) => value > 0 && double.IsFinite(value)
        ? value
        : throw new InferometerException(string.Create(
            CultureInfo.InvariantCulture, $"{place}: {what}: {value} is not allowed; it must be above 0."));

    private static double Share(double value, string place) => value <= 1
        ? value
        : throw new InferometerException(string.Create(
            CultureInfo.InvariantCulture, $"{place}: spot_availability: {value} is not allowed; it must be a share above 0 up to 1."));
}
