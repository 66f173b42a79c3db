using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Inferometer.Core.Deployments;
using Inferometer.Core.Hardware;

namespace Inferometer.Core.Catalog;

/// <summary>Writes a system in the catalog's format, so that <see cref="HardwareSystemReader"/> gives back the same figures.</summary>
internal static class HardwareSystemWriter
{
    private const double Giga = 1e9;
    private const double Gibi = 1L << 30;
    private const double Tera = 1e12;
    private const double Micro = 1e-6;
    private const int DoubleDigits = 17;

    public static JsonObject Write(CatalogSystem entry)
    {
        (HardwareSystem system, Device device) = (entry.System, entry.System.Device);
        JsonObject json = new()
        {
            ["name"] = system.Name,
            ["aliases"] = new JsonArray([.. entry.Aliases.Select(alias => (JsonNode)alias)]),
            ["vendor"] = device.Vendor,
            ["kind"] = device.Kind,
            ["architecture"] = device.Architecture,
            ["peak_tflops"] = Peaks(device),
            ["memory"] = Memory(device),
            ["links"] = new JsonObject
            {
                ["devices_per_node"] = system.DevicesPerNode,
                ["intra_node"] = Tier(system.IntraNode),
                ["inter_node"] = Tier(system.InterNode),
            },
        };
        AddKnown(json, "host_link_gb_per_s", device.HostLinkBandwidth, Giga);
        AddKnown(json, "tdp_watts", device.TdpWatts ?? 0, 1);
        AddKnown(json, "price_per_hour_usd", device.PricePerHourUsd ?? 0, 1);
        json["efficiency"] = Efficiency(device.Efficiency);
        if (device.Cpu is { } cpu)
        {
            json["cpu"] = Cpu(cpu);
        }

        json["sources"] = new JsonObject(system.Sources.Select(s => KeyValuePair.Create(s.Key, (JsonNode?)s.Value)));
        return json;
    }

    private static JsonObject Peaks(Device device)
    {
        JsonObject peaks = [];
        foreach ((string key, MathFormat format) in HardwareSystemReader.Formats)
        {
            AddKnown(peaks, key, device.PeakOperationsPerSecond.GetValueOrDefault(format), Tera);
        }

        return peaks;
    }

    private static JsonObject Memory(Device device)
    {
        // Stacks are counted in binary units and memory of one's own mostly in decimal ones: the shorter number is the one meant.
        double gibi = Scaled(device.MemoryBytes, Gibi);
        double giga = Scaled(device.MemoryBytes, Giga);
        bool isDecimal = Digits(giga) < Digits(gibi);
        JsonObject memory = new()
        {
            [isDecimal ? "size_gb" : "size_gib"] = isDecimal ? giga : gibi,
            ["bandwidth_gb_per_s"] = Scaled(device.MemoryBandwidth, Giga),
        };
        AddKnown(memory, "usable_gib", device.UsableMemoryBytes, Gibi);
        if (device.MemoryType.Length > 0)
        {
            memory["type"] = device.MemoryType;
        }

        if (device.Cache is { } cache)
        {
            memory["cache"] = new JsonObject
            {
                ["size_mb"] = Scaled(cache.Bytes, HardwareSystemReader.Mega),
                ["bandwidth_gb_per_s"] = Scaled(cache.Bandwidth, Giga),
            };
        }

        return memory;
    }

    private static JsonObject Tier(Link link)
    {
        JsonObject tier = new() { ["bandwidth_gb_per_s"] = Scaled(link.Bandwidth, Giga) };
        AddKnown(tier, "latency_us", link.LatencySeconds, Micro);
        tier["topology"] = JsonNamingPolicy.SnakeCaseLower.ConvertName(link.Topology.ToString());
        return tier;
    }

    private static JsonObject Efficiency(DeviceEfficiency e) => new()
    {
        ["compute"] = e.Compute,
        ["attention_compute"] = e.AttentionCompute,
        ["memory"] = e.Memory,
        ["attention_memory"] = e.AttentionMemory,
        ["link"] = e.Link,
        ["launch_us"] = Scaled(e.LaunchSeconds, Micro),
        ["reserved_gb"] = Scaled(e.ReservedBytes, Giga),
        ["source"] = e.Source,
    };

    private static JsonObject Cpu(CpuDescription cpu)
    {
        JsonObject json = new()
        {
            ["cores"] = cpu.Cores,
            ["clock_ghz"] = Scaled(cpu.ClockHz, Giga),
            ["simd_bits"] = cpu.SimdBits,
            ["fma_per_cycle"] = cpu.FmaPerCycle,
            ["matrix_engine"] = cpu.MatrixEngine,
            ["numa_nodes"] = cpu.NumaNodes,
        };
        AddKnown(json, "per_core_gb_per_s", cpu.PerCoreBandwidth, Giga);
        AddKnown(json, "numa_link_gb_per_s", cpu.NumaLinkBandwidth, Giga);
        return json;
    }

    private static void AddKnown(JsonObject json, string key, double value, double unit)
    {
        if (value > 0)
        {
            json[key] = Scaled(value, unit);
        }
    }

    // The shortest number that gives the value again when it is read in this unit: 989.4 and not 989.3999999999999.
    private static double Scaled(double value, double unit)
    {
        for (int digits = 1; digits < DoubleDigits; digits++)
        {
            double candidate = double.Parse(
                (value / unit).ToString($"G{digits}", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
            if (candidate * unit == value)
            {
                return candidate;
            }
        }

        return value / unit;
    }

    private static int Digits(double value) => value.ToString(CultureInfo.InvariantCulture).Length;
}
