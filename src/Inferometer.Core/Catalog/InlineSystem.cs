using System.Globalization;
using System.Text.Json;
using Inferometer.Core.Deployments;
using Inferometer.Core.Hardware;

namespace Inferometer.Core.Catalog;

/// <summary>
/// Makes a system of the four figures of the estimator's dictionary: <c>Flops</c> (dense bf16 TFLOPS), <c>Memory_size</c> (GB),
/// <c>Memory_BW</c> (GB/s) and <c>ICN</c> (GB/s per device and direction), all decimal. <c>real_values</c>, with which the dictionary
/// switched unit conversion, is accepted and has no effect.
/// </summary>
public static class InlineSystem
{
    private static readonly string[] Keys = ["Flops", "Memory_size", "Memory_BW", "ICN"];

    // Far above any machine there is, and below what the same figure is in units a thousand or more times smaller.
    private static readonly (double Most, string Unit)[] Limits = [(1e7, "TFLOPS"), (1e7, "GB"), (1e8, "GB/s"), (1e8, "GB/s")];

    /// <summary>
    /// Makes the system. Peaks of other formats are taken from bf16 as <see cref="Device.PeakFor"/> does; links have 1 us latency and one
    /// tier.
    /// </summary>
    /// <exception cref="InferometerException">A figure is not above zero, or absurdly large: given in a smaller unit.</exception>
    public static HardwareSystem Create(double flopsTera, double memoryGB, double memoryBandwidthGBps, double linkGBps, string origin)
    {
        Check(flopsTera, 0, origin);
        Check(memoryGB, 1, origin);
        Check(memoryBandwidthGBps, 2, origin);
        Check(linkGBps, 3, origin);
        var link = new Link(linkGBps * 1e9, 1e-6);
        return new HardwareSystem
        {
            Name = "custom",
            Device = new Device
            {
                Name = "custom",
                PeakOperationsPerSecond = new Dictionary<MathFormat, double> { [MathFormat.Bf16] = flopsTera * 1e12 },
                MemoryBytes = memoryGB * 1e9,
                MemoryBandwidth = memoryBandwidthGBps * 1e9,
            },
            IntraNode = link,
            InterNode = link,
            Sources = new Dictionary<string, string>(StringComparer.Ordinal) { ["all"] = origin },
        };
    }

    /// <summary>True for an object with one of the four keys, which no entry of the catalog has.</summary>
    internal static bool IsGivenBy(JsonElement json) => Array.Exists(Keys, key => json.TryGetProperty(key, out _));

    /// <summary>Reads the four figures from a JSON object.</summary>
    /// <exception cref="InferometerException">A key is missing, unknown, no number above zero, or absurdly large.</exception>
    public static HardwareSystem Parse(JsonElement json, string origin)
    {
        if (json.ValueKind != JsonValueKind.Object)
        {
            throw new InferometerException(
                $"{origin}: a custom system is an object with {string.Join(", ", Keys)}; this is {json.ValueKind}.");
        }

        foreach (JsonProperty property in json.EnumerateObject())
        {
            if (!Keys.Contains(property.Name, StringComparer.Ordinal) && property.Name is not "real_values")
            {
                throw new InferometerException(
                    $"{origin}: '{property.Name}' is not a key of a custom system. Allowed: {string.Join(", ", Keys)}, real_values.");
            }
        }

        double[] values =
            Array.ConvertAll(Keys, key => json.TryGetProperty(key, out JsonElement value) && value.ValueKind == JsonValueKind.Number
            ? value.GetDouble()
            : throw new InferometerException(
                $"{origin}: a custom system needs the number '{key}' (Flops in TFLOPS, Memory_size in GB, Memory_BW and ICN in GB/s)."));
        return Create(values[0], values[1], values[2], values[3], origin);
    }

    private static void Check(double value, int figure, string origin)
    {
        (double most, string unit) = Limits[figure];
        if (!(value > 0 && value <= most))
        {
            throw new InferometerException(string.Create(
                CultureInfo.InvariantCulture,
                $"{origin}: '{Keys[figure]}' is {value:#,0.###} {unit}; it should be above 0 and at most {most:#,0} {unit}."));
        }
    }
}
